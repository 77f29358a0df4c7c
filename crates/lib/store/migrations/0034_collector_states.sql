-- The last dispatch and runs of each account × collector. The engine feeds it from dispatches and collector_runs.
-- Every column merges by max, so neither order nor repetition matters. A run counts as a whole run if it was not limited to regions.
-- Of two rows of one attempt the later counts, because _version follows started_at and attempt.
-- Parts merge once they are 30 seconds old: a reading reads all of them, and a small one would wait for others of its size.
CREATE TABLE IF NOT EXISTS collector_states {on_cluster}
(
    account_id String,
    collector LowCardinality(String),
    last_accepted SimpleAggregateFunction(max, Tuple(requested_at DateTime64(3, 'UTC'), sweep_id UUID, run_id UUID)),
    last_run SimpleAggregateFunction(max, Tuple(started_at DateTime64(3, 'UTC'), attempt UInt16, _version UInt64,
        deadline_at DateTime64(3, 'UTC'), is_finished UInt8)),
    last_whole_run SimpleAggregateFunction(max, Tuple(started_at DateTime64(3, 'UTC'), attempt UInt16, _version UInt64,
        deadline_at DateTime64(3, 'UTC'), outcome String, error_class String, reason String, targets UInt32)),
    last_ended SimpleAggregateFunction(max, Tuple(started_at DateTime64(3, 'UTC'), attempt UInt16, _version UInt64, outcome String)),
    last_finished_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    last_complete_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree()}
ORDER BY (account_id, collector)
SETTINGS min_age_to_force_merge_seconds = 30
