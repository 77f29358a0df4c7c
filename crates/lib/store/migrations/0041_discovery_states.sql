-- When each organization was last listed completely, and its OU tree read. The engine feeds it from discovery_runs.
-- Parts merge once they are 30 seconds old: a reading reads all of them, and a small one would wait for others of its size.
CREATE TABLE IF NOT EXISTS discovery_states {on_cluster}
(
    organization_id LowCardinality(String),
    last_complete_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    placements_read_at SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC')))
)
ENGINE = {engine:AggregatingMergeTree()}
ORDER BY organization_id
SETTINGS min_age_to_force_merge_seconds = 30
