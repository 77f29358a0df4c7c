-- The points that CloudWatch holds of a resource's usage, a row per metric, statistic and hour: at is when the hour
-- begins. A point that is read again replaces itself, and of two looks the one that began last wins.
CREATE TABLE IF NOT EXISTS cloudwatch_metrics_points {on_cluster}
(
    account_id String,
    region LowCardinality(String),
    resource_type LowCardinality(String),
    resource_id String,
    metric LowCardinality(String),
    statistic LowCardinality(String),
    period_s UInt32,
    at DateTime('UTC'),
    value Float64,
    run_id UUID,
    collected_at DateTime64(3, 'UTC'),
    _version UInt64,
    CONSTRAINT region_is_never_empty CHECK region != ''
)
ENGINE = {engine:ReplacingMergeTree(_version)}
PARTITION BY toYYYYMM(at)
ORDER BY (account_id, region, resource_type, resource_id, metric, statistic, period_s, at)
