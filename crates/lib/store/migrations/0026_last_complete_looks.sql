-- When each account × collector × region was last read to its end. A row of a collector's own table that is older is
-- of something that is gone. A maximum that merges by itself, filled from run_targets.
CREATE TABLE IF NOT EXISTS last_complete_looks {on_cluster}
(
    collector LowCardinality(String),
    account_id String,
    region LowCardinality(String),
    looked_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree()}
ORDER BY (collector, account_id, region)
