-- The rows that count, of all three groupings: those of the last complete read of their day, and those that a later one
-- has stored so far. What AWS no longer tells of a day that was read again is left out, and so is a day of which no
-- read was ever finished. Never to be summed without choosing one grouping.
CREATE OR REPLACE VIEW cost_current {on_cluster} AS
SELECT
    c.payer_account_id AS payer_account_id,
    c.grouping AS grouping,
    c.day AS day,
    c.account_id AS account_id,
    c.service AS service,
    c.region AS region,
    c.currency AS currency,
    c.unblended_cost AS unblended_cost,
    c.amortized_cost AS amortized_cost,
    c.estimated AS estimated,
    c.collected_at AS collected_at
FROM
(
    SELECT *, if(grouping = 'account_service_region', toString(region), '') AS region_of_read
    FROM cost_daily FINAL
) AS c
INNER JOIN
(
    SELECT payer_account_id, grouping, toString(region) AS region_of_read, day, _version AS read_version
    FROM cost_reads FINAL
) AS r
    ON r.payer_account_id = c.payer_account_id AND r.grouping = c.grouping AND r.region_of_read = c.region_of_read AND r.day = c.day
WHERE c._version >= r.read_version
