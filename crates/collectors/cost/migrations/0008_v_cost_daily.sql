-- What each account paid for each service on each day. Amounts of different currencies are rows of their own.
CREATE OR REPLACE VIEW v_cost_daily {on_cluster} AS
SELECT
    c.day AS day,
    c.account_id AS account_id,
    a.account_name AS account_name,
    c.service AS service,
    c.unblended_cost AS unblended,
    c.amortized_cost AS amortized,
    c.currency AS currency,
    c.estimated AS estimated,
    c.payer_account_id AS payer_account_id
FROM (SELECT * FROM cost_current WHERE grouping = 'account_service') AS c
LEFT JOIN (SELECT account_id, account_name FROM aws_accounts FINAL) AS a ON a.account_id = c.account_id
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
