-- What each account on the bill costs: this month so far, the last 7 and 30 days before today, and the previous month.
-- The plain columns are the unblended cost, as it is invoiced, the others the amortized one. A sum is NULL while the
-- read of any day in its period is incomplete at a payer of the account: a sum over fewer days would look measured. One
-- row per currency. An account that Polo does not know has no name and no status.
CREATE OR REPLACE VIEW v_cost_by_account {on_cluster} AS
WITH
    toDate(now('UTC')) AS today,
    toStartOfMonth(today) AS this_month,
    toStartOfMonth(this_month - 1) AS month_before,
    periods AS
    (
        SELECT
            payer_account_id,
            countIf(day >= this_month AND day < today) = toUInt64(today - this_month) AS month_to_date_known,
            countIf(day >= today - 7 AND day < today) = 7 AS last_7_days_known,
            countIf(day >= today - 30 AND day < today) = 30 AS last_30_days_known,
            countIf(day >= month_before AND day < this_month) = toUInt64(this_month - month_before) AS previous_month_known
        FROM cost_reads FINAL
        WHERE grouping = 'account_service'
        GROUP BY payer_account_id
    )
SELECT
    s.account_id AS account_id,
    a.account_name AS account_name,
    a.polo_status AS polo_status,
    s.currency AS currency,
    if(s.month_to_date_known, toNullable(s.month_to_date), NULL) AS month_to_date,
    if(s.last_7_days_known, toNullable(s.last_7_days), NULL) AS last_7_days,
    if(s.last_30_days_known, toNullable(s.last_30_days), NULL) AS last_30_days,
    if(s.previous_month_known, toNullable(s.previous_month), NULL) AS previous_month,
    if(s.month_to_date_known, toNullable(s.amortized_month_to_date), NULL) AS amortized_month_to_date,
    if(s.last_7_days_known, toNullable(s.amortized_last_7_days), NULL) AS amortized_last_7_days,
    if(s.last_30_days_known, toNullable(s.amortized_last_30_days), NULL) AS amortized_last_30_days,
    if(s.previous_month_known, toNullable(s.amortized_previous_month), NULL) AS amortized_previous_month,
    s.estimated AS estimated,
    s.previous_month_estimated AS previous_month_estimated
FROM
(
    SELECT
        c.account_id AS account_id,
        toString(c.currency) AS currency,
        min(p.month_to_date_known) AS month_to_date_known,
        min(p.last_7_days_known) AS last_7_days_known,
        min(p.last_30_days_known) AS last_30_days_known,
        min(p.previous_month_known) AS previous_month_known,
        sumIf(c.unblended_cost, c.day >= this_month) AS month_to_date,
        sumIf(c.unblended_cost, c.day >= today - 7 AND c.day < today) AS last_7_days,
        sumIf(c.unblended_cost, c.day >= today - 30 AND c.day < today) AS last_30_days,
        sumIf(c.unblended_cost, c.day >= month_before AND c.day < this_month) AS previous_month,
        sumIf(c.amortized_cost, c.day >= this_month) AS amortized_month_to_date,
        sumIf(c.amortized_cost, c.day >= today - 7 AND c.day < today) AS amortized_last_7_days,
        sumIf(c.amortized_cost, c.day >= today - 30 AND c.day < today) AS amortized_last_30_days,
        sumIf(c.amortized_cost, c.day >= month_before AND c.day < this_month) AS amortized_previous_month,
        toBool(max(c.estimated)) AS estimated,
        toBool(maxIf(c.estimated, c.day >= month_before AND c.day < this_month)) AS previous_month_estimated
    FROM (SELECT * FROM cost_current WHERE grouping = 'account_service' AND day >= least(month_before, today - 30)) AS c
    INNER JOIN periods AS p ON p.payer_account_id = c.payer_account_id
    GROUP BY c.account_id, c.currency
) AS s
LEFT JOIN (SELECT account_id, account_name, toString(polo_status) AS polo_status FROM aws_accounts FINAL) AS a ON a.account_id = s.account_id
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
