-- Active and future Savings Plans, each with its expiry and its utilization on the last day that the payer reported.
-- days_left counts calendar days in UTC. The utilization is NULL if the payer reported none.
CREATE OR REPLACE VIEW v_savings_plans {on_cluster} AS
SELECT
    p.account_id AS account_id,
    a.account_name AS account_name,
    p.savings_plan_id AS savings_plan_id,
    p.arn AS arn,
    p.name AS name,
    p.state AS state,
    p.savings_plan_type AS savings_plan_type,
    p.payment_option AS payment_option,
    p.commitment_per_hour AS commitment_per_hour,
    p.currency AS currency,
    p.ec2_instance_family AS ec2_instance_family,
    p.ec2_region AS ec2_region,
    p.term_years AS term_years,
    p.started_at AS started_at,
    p.expires_at AS expires_at,
    dateDiff('day', now64(3, 'UTC'), p.expires_at, 'UTC') AS days_left,
    u.utilization_day AS utilization_day,
    u.utilization_percent AS utilization_percent,
    p.tags AS tags
FROM
(
    SELECT
        account_id,
        resource_id AS savings_plan_id,
        arn,
        name,
        toString(state) AS state,
        tags,
        JSONExtractString(attributes, 'savings_plan_type') AS savings_plan_type,
        JSONExtractString(attributes, 'payment_option') AS payment_option,
        toDecimal128OrNull(JSONExtractString(attributes, 'commitment_per_hour'), 18) AS commitment_per_hour,
        JSONExtractString(attributes, 'currency') AS currency,
        JSONExtractString(attributes, 'ec2_instance_family') AS ec2_instance_family,
        JSONExtractString(attributes, 'region') AS ec2_region,
        JSONExtract(attributes, 'term_years', 'Nullable(UInt8)') AS term_years,
        parseDateTime64BestEffortOrNull(JSONExtractString(attributes, 'start_at'), 3, 'UTC') AS started_at,
        parseDateTime64BestEffortOrNull(JSONExtractString(attributes, 'end_at'), 3, 'UTC') AS expires_at
    FROM v_resources
    WHERE resource_type = 'savings_plan' AND toString(v_resources.state) NOT IN ('retired', 'returned', 'queued-deleted')
) AS p
LEFT JOIN (SELECT account_id, account_name FROM aws_accounts FINAL) AS a ON a.account_id = p.account_id
LEFT JOIN
(
    SELECT
        savings_plan_arn,
        toNullable(max(day)) AS utilization_day,
        argMax(tuple(utilization_percent), day).1 AS utilization_percent
    FROM (SELECT savings_plan_arn, day, utilization_percent FROM v_savings_plans_plan_utilization)
    GROUP BY savings_plan_arn
) AS u ON u.savings_plan_arn = p.arn
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
