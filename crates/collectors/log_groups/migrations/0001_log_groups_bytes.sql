-- How many bytes each log group holds, as AWS counts them, a row per log group and UTC day. Of two looks on one day
-- the one that began last wins.
CREATE TABLE IF NOT EXISTS log_groups_bytes {on_cluster}
(
    account_id String,
    region LowCardinality(String),
    log_group_name String,
    day Date,
    stored_bytes UInt64,
    run_id UUID,
    collected_at DateTime64(3, 'UTC'),
    _version UInt64,
    CONSTRAINT region_is_never_empty CHECK region != ''
)
ENGINE = {engine:ReplacingMergeTree(_version)}
PARTITION BY toYYYYMM(day)
ORDER BY (account_id, region, log_group_name, day)
