-- What each account paid for each service in each region on each day. It is read once a week, so the last days may be
-- missing: v_cost_daily has them.
CREATE OR REPLACE VIEW v_cost_daily_detail {on_cluster} AS
SELECT
    c.day AS day,
    c.account_id AS account_id,
    a.account_name AS account_name,
    c.service AS service,
    c.region AS region,
    c.unblended_cost AS unblended,
    c.amortized_cost AS amortized,
    c.currency AS currency,
    c.estimated AS estimated,
    c.payer_account_id AS payer_account_id
FROM (SELECT * FROM cost_current WHERE grouping = 'account_service_region') AS c
LEFT JOIN (SELECT account_id, account_name FROM aws_accounts FINAL) AS a ON a.account_id = c.account_id
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
