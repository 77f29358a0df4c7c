-- What the checks of each role add up to. The engine feeds it from access_checks.
-- Every column merges by max or min, so neither order nor repetition matters. A denial is kept under its minute modulo
-- 23, the newest per number: no two checks of the regular schedule meet there before a success.
-- Parts merge once they are 30 seconds old: a reading reads all of them, and a small one would wait for others of its size.
CREATE TABLE IF NOT EXISTS access_states {on_cluster}
(
    account_id String,
    role_kind LowCardinality(String),
    role_arn String,
    first_success_at SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))),
    last_success_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    denials SimpleAggregateFunction(maxMap, Map(UInt8, DateTime64(3, 'UTC'))),
    last_check SimpleAggregateFunction(max, Tuple(checked_at DateTime64(3, 'UTC'), check_id UUID, verdict String,
        error_class String, error_code String, message String, next_check_at DateTime64(3, 'UTC')))
)
ENGINE = {engine:AggregatingMergeTree()}
ORDER BY (account_id, role_kind, role_arn)
SETTINGS min_age_to_force_merge_seconds = 30
