-- What all accounts of a payer together paid in each region on each day. The regions are AWS's words: global for
-- services without regions, NoRegion for what belongs to none.
CREATE OR REPLACE VIEW v_cost_daily_by_region {on_cluster} AS
SELECT
    c.day AS day,
    c.region AS region,
    c.unblended_cost AS unblended,
    c.amortized_cost AS amortized,
    c.currency AS currency,
    c.estimated AS estimated,
    c.payer_account_id AS payer_account_id
FROM cost_current AS c
WHERE c.grouping = 'region'
