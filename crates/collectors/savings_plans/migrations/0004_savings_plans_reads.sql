-- The last complete read of each day of each of the three series: every page of it was read and stored.
CREATE TABLE IF NOT EXISTS savings_plans_reads {on_cluster}
(
    payer_account_id String,
    series LowCardinality(String),
    day Date,
    run_id UUID,
    read_at DateTime64(3, 'UTC'),
    _version UInt64,
    CONSTRAINT series_is_known CHECK series IN ('utilization', 'plan_utilization', 'coverage')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (payer_account_id, series, day)
