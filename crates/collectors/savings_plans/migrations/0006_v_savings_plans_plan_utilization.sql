-- How well each Savings Plan was used, day by day, as the last complete read of each day tells: a plan that AWS no
-- longer tells of for a day that was read again is left out.
CREATE OR REPLACE VIEW v_savings_plans_plan_utilization {on_cluster} AS
SELECT
    u.payer_account_id AS payer_account_id,
    u.day AS day,
    u.savings_plan_arn AS savings_plan_arn,
    u.account_id AS account_id,
    u.total_commitment AS total_commitment,
    u.used_commitment AS used_commitment,
    u.unused_commitment AS unused_commitment,
    u.utilization_percent AS utilization_percent,
    u.net_savings AS net_savings,
    u.on_demand_cost_equivalent AS on_demand_cost_equivalent,
    u.amortized_recurring_commitment AS amortized_recurring_commitment,
    u.amortized_upfront_commitment AS amortized_upfront_commitment,
    u.total_amortized_commitment AS total_amortized_commitment,
    u.collected_at AS collected_at
FROM (SELECT * FROM savings_plans_plan_utilization FINAL) AS u
INNER JOIN (SELECT payer_account_id, day, _version AS read_version FROM savings_plans_reads FINAL WHERE series = 'plan_utilization') AS r
    ON r.payer_account_id = u.payer_account_id AND r.day = u.day
WHERE u._version >= r.read_version
