-- What people were last told of an account that Polo cannot see (access) or not collect whole (collecting), one row
-- for each of the two. It is open while resolved_at is NULL. Only coverage-notifier writes it: once before it tells, as
-- what is not told yet, so that nothing is told which cannot be noted, and again when it was taken.
CREATE TABLE IF NOT EXISTS coverage_notices {on_cluster}
(
    account_id String,
    kind LowCardinality(String),
    cause String,
    opened_at DateTime64(3, 'UTC'),
    last_told_at DateTime64(3, 'UTC'),
    told_times UInt32,
    resolved_at Nullable(DateTime64(3, 'UTC')),
    resolution LowCardinality(String),
    _version UInt64,
    CONSTRAINT account_id_is_12_digits CHECK match(account_id, '^[0-9]{12}$'),
    CONSTRAINT kind_is_known CHECK kind IN ('access', 'collecting'),
    CONSTRAINT resolution_is_known CHECK resolution IN ('', 'healed', 'excluded')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, kind)
