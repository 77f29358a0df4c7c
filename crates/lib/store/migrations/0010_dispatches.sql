-- What the dispatcher asked for, and whether EventBridge took it. Only the dispatcher writes it.
CREATE TABLE IF NOT EXISTS dispatches {on_cluster}
(
    run_id UUID,
    sweep_id UUID,
    account_id String,
    collector LowCardinality(String),
    trigger LowCardinality(String),
    requested_at DateTime64(3, 'UTC'),
    outcome LowCardinality(String),
    event_id String,
    error_code LowCardinality(String),
    message String,
    _version UInt64,
    CONSTRAINT outcome_is_known CHECK outcome IN ('requested', 'accepted', 'rejected')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, collector, run_id)
