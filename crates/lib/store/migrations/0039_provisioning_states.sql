-- What the attempts at each account's stack instance add up to. The engine feeds it from provisioning_attempts.
-- Every column merges by max, so neither order nor repetition matters. A failed attempt is kept under its minute modulo 23.
-- The last attempt is the one that was written last, because a retry writes its attempt again with a time of its own.
-- Parts merge once they are 30 seconds old: a reading reads all of them, and a small one would wait for others of its size.
CREATE TABLE IF NOT EXISTS provisioning_states {on_cluster}
(
    account_id String,
    stack_set_name LowCardinality(String),
    last_attempt SimpleAggregateFunction(max, Tuple(_version UInt64, asked_at DateTime64(3, 'UTC'), operation_id UUID,
        action String, outcome String, reason String)),
    last_begun_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    last_success_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    failures SimpleAggregateFunction(maxMap, Map(UInt8, DateTime64(3, 'UTC')))
)
ENGINE = {engine:AggregatingMergeTree()}
ORDER BY (account_id, stack_set_name)
SETTINGS min_age_to_force_merge_seconds = 30
