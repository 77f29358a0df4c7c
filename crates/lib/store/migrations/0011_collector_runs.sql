-- adopts: collector_runs
-- The ledger of runs, each written twice: started before its first AWS call, finished after its last row is stored.
-- A row without finished_at after deadline_at is a crash. Only collectors write it.
CREATE TABLE IF NOT EXISTS collector_runs {on_cluster}
(
    run_id UUID,
    attempt UInt16,
    sweep_id UUID,
    account_id String,
    collector LowCardinality(String),
    trigger LowCardinality(String),
    request_id String,
    regions Array(String),
    started_at DateTime64(3, 'UTC'),
    deadline_at DateTime64(3, 'UTC'),
    finished_at Nullable(DateTime64(3, 'UTC')),
    outcome LowCardinality(String),
    error_class LowCardinality(String),
    reason String,
    targets UInt32,
    targets_conclusive UInt32,
    resources_seen UInt64,
    rows_written UInt64,
    code_version LowCardinality(String),
    _version UInt64,
    CONSTRAINT outcome_is_known CHECK outcome IN ('', 'complete', 'partial', 'failed', 'skipped')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, collector, run_id, attempt)
