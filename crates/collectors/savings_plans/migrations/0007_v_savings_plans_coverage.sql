-- How much of what Savings Plans could cover they did cover, day by day, as the last complete read of each day tells.
CREATE OR REPLACE VIEW v_savings_plans_coverage {on_cluster} AS
SELECT
    u.payer_account_id AS payer_account_id,
    u.day AS day,
    u.spend_covered AS spend_covered,
    u.on_demand_cost AS on_demand_cost,
    u.total_cost AS total_cost,
    u.coverage_percent AS coverage_percent,
    u.collected_at AS collected_at
FROM (SELECT * FROM savings_plans_coverage FINAL) AS u
INNER JOIN (SELECT payer_account_id, day, _version AS read_version FROM savings_plans_reads FINAL WHERE series = 'coverage') AS r
    ON r.payer_account_id = u.payer_account_id AND r.day = u.day
WHERE u._version >= r.read_version
