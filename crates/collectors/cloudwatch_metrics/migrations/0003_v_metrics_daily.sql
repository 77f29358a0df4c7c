-- The usage of each resource day by day (UTC). Which of average, maximum and sum there is depends on the statistics
-- that are asked for the metric, the others are NULL. hours is how many hours of the day have a point: the average is
-- the mean of that many hourly averages.
CREATE OR REPLACE VIEW v_metrics_daily {on_cluster} AS
SELECT
    p.account_id AS account_id,
    p.region AS region,
    p.resource_type AS resource_type,
    p.resource_id AS resource_id,
    p.metric AS metric,
    toDate(p.at) AS day,
    uniqExact(p.at) AS hours,
    avgOrNullIf(p.value, p.statistic = 'Average') AS average,
    maxOrNullIf(p.value, p.statistic = 'Maximum') AS maximum,
    sumOrNullIf(p.value, p.statistic = 'Sum') AS sum
FROM cloudwatch_metrics_points AS p FINAL
GROUP BY p.account_id, p.region, p.resource_type, p.resource_id, p.metric, toDate(p.at)
