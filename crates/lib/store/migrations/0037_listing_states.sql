-- The last outcome and the last complete look of each account × collector × place × listing. The engine feeds it from
-- run_targets. Until runs name their listings, a place has one, 'all'.
-- Both columns merge by max, so neither order nor repetition matters. Of two looks the one that began last counts.
-- Parts merge once they are 30 seconds old: a reading reads all of them, and a small one would wait for others of its size.
CREATE TABLE IF NOT EXISTS listing_states {on_cluster}
(
    account_id String,
    collector LowCardinality(String),
    place LowCardinality(String),
    listing LowCardinality(String),
    last_look SimpleAggregateFunction(max, Tuple(started_at DateTime64(3, 'UTC'), _version UInt64, outcome String,
        error_class String, action String, message String)),
    last_complete_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree()}
ORDER BY (account_id, collector, place, listing)
SETTINGS min_age_to_force_merge_seconds = 30
