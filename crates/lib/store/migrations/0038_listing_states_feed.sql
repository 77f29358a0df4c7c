-- filled from: run_targets by account_id
-- Feeds listing_states with every target that ended.
CREATE MATERIALIZED VIEW IF NOT EXISTS listing_states_feed {on_cluster} TO listing_states AS
SELECT
    account_id,
    collector,
    region AS place,
    'all' AS listing,
    tuple(started_at, _version, toString(outcome), toString(error_class), toString(action), message) AS last_look,
    if(outcome = 'complete', started_at, toDateTime64(0, 3, 'UTC')) AS last_complete_at
FROM run_targets
