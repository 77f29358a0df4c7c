-- The log groups that are there now, each with the last day on which its bytes are known, what it held then, the day
-- before and seven days before. What is not known is NULL, and so is the retention of a group whose events never expire.
-- Bytes older than 35 days say nothing about now, and leaving them out keeps the view quick however long the series is.
CREATE OR REPLACE VIEW v_log_groups {on_cluster} AS
SELECT
    g.account_id AS account_id,
    g.region AS region,
    g.resource_id AS log_group_name,
    g.arn AS arn,
    JSONExtractString(g.attributes, 'log_group_class') AS log_group_class,
    JSONExtract(g.attributes, 'retention_days', 'Nullable(Int64)') AS retention_days,
    JSONExtractString(g.attributes, 'retention_policy_name') AS retention_policy_name,
    JSONExtractString(g.attributes, 'kms_key_id') AS kms_key_id,
    parseDateTime64BestEffortOrNull(JSONExtractString(g.attributes, 'created_at'), 3, 'UTC') AS created_at,
    b.measured_on AS measured_on,
    b.stored_bytes AS stored_bytes,
    b.stored_bytes_day_before AS stored_bytes_day_before,
    b.growth_7_days_bytes AS growth_7_days_bytes,
    g.first_seen_at AS first_seen_at,
    g.last_seen_at AS last_seen_at
FROM (SELECT * FROM v_resources WHERE collector = 'log_groups' AND resource_type = 'logs_log_group') AS g
LEFT JOIN
(
    SELECT
        s.account_id AS account_id,
        s.region AS region,
        s.log_group_name AS log_group_name,
        toNullable(s.last_day) AS measured_on,
        toNullable(s.by_day[s.last_day]) AS stored_bytes,
        if(mapContains(s.by_day, s.last_day - 1), toNullable(s.by_day[s.last_day - 1]), NULL) AS stored_bytes_day_before,
        if(mapContains(s.by_day, s.last_day - 7), toNullable(toInt64(s.by_day[s.last_day]) - toInt64(s.by_day[s.last_day - 7])), NULL) AS growth_7_days_bytes
    FROM
    (
        SELECT
            d.account_id AS account_id,
            d.region AS region,
            d.log_group_name AS log_group_name,
            max(d.day) AS last_day,
            mapFromArrays(groupArray(d.day), groupArray(d.stored_bytes)) AS by_day
        FROM (SELECT * FROM log_groups_bytes FINAL WHERE day >= toDate(now64(3, 'UTC')) - 35) AS d
        GROUP BY d.account_id, d.region, d.log_group_name
    ) AS s
) AS b ON b.account_id = g.account_id AND b.region = g.region AND b.log_group_name = g.resource_id
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
