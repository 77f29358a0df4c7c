-- What each discovery of an organization came to.
CREATE TABLE IF NOT EXISTS discovery_runs {on_cluster}
(
    sweep_id UUID,
    organization_id LowCardinality(String),
    started_at DateTime64(3, 'UTC'),
    finished_at DateTime64(3, 'UTC'),
    listing LowCardinality(String),
    accounts_seen UInt32,
    accounts_discovered UInt32,
    accounts_changed UInt32,
    accounts_left UInt32,
    placements_read_at Nullable(DateTime64(3, 'UTC')),
    error_class LowCardinality(String),
    message String,
    _version UInt64,
    CONSTRAINT listing_is_known CHECK listing IN ('complete', 'partial', 'failed')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (organization_id, sweep_id)
