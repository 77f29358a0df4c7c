-- The last complete read of each day: every page of it was read and stored. The grouping account_service_region is read
-- region by region, the others have the empty text for the region. Whether AWS calls the day an estimate is as it was then.
CREATE TABLE IF NOT EXISTS cost_reads {on_cluster}
(
    payer_account_id String,
    grouping LowCardinality(String),
    region LowCardinality(String),
    day Date,
    estimated Bool,
    run_id UUID,
    read_at DateTime64(3, 'UTC'),
    _version UInt64,
    CONSTRAINT grouping_is_known CHECK grouping IN ('account_service', 'region', 'account_service_region')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (payer_account_id, grouping, region, day)
