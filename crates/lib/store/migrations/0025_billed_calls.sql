-- What was asked of the APIs that AWS bills by the call, noted before each call. What a budget did not allow is noted
-- again with no units. Only collectors write it.
CREATE TABLE IF NOT EXISTS billed_calls {on_cluster}
(
    account_id String,
    collector LowCardinality(String),
    day Date,
    call_id UUID,
    run_id UUID,
    action LowCardinality(String),
    unit LowCardinality(String),
    units UInt64,
    cost_usd Decimal(38, 18),
    noted_at DateTime64(3, 'UTC'),
    _version UInt64
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (collector, account_id, day, call_id)
