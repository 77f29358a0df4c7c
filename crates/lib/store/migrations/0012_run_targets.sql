-- How each target (a region of a run) ended. Only collectors write it.
CREATE TABLE IF NOT EXISTS run_targets {on_cluster}
(
    run_id UUID,
    attempt UInt16,
    account_id String,
    collector LowCardinality(String),
    region LowCardinality(String),
    started_at DateTime64(3, 'UTC'),
    finished_at DateTime64(3, 'UTC'),
    outcome LowCardinality(String),
    error_class LowCardinality(String),
    action LowCardinality(String),
    message String,
    resources_seen UInt64,
    rows_written UInt64,
    _version UInt64,
    CONSTRAINT region_is_never_empty CHECK region != '',
    CONSTRAINT outcome_is_known CHECK outcome IN ('complete', 'denied', 'region_disabled', 'not_enabled', 'failed')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, collector, region, run_id, attempt)
