-- How many different resources appeared and went in each account and month (UTC), by type. It stays when their rows have
-- expired. The engine feeds it from resource_changes.
-- A set of hashes of at most 3 KiB counts them, so neither order nor repetition matters. Large counts are off by about 2 %.
CREATE TABLE IF NOT EXISTS resource_counts {on_cluster}
(
    account_id String,
    resource_type LowCardinality(String),
    month Date,
    appeared AggregateFunction(uniqCombined(12), UInt64),
    gone AggregateFunction(uniqCombined(12), UInt64)
)
ENGINE = {engine:AggregatingMergeTree()}
ORDER BY (account_id, resource_type, month)
