-- filled from: discovery_runs by organization_id
-- Feeds discovery_states with every discovery. Both times are when the listing began.
CREATE MATERIALIZED VIEW IF NOT EXISTS discovery_states_feed {on_cluster} TO discovery_states AS
SELECT
    organization_id,
    if(listing = 'complete', started_at, toDateTime64(0, 3, 'UTC')) AS last_complete_at,
    placements_read_at
FROM discovery_runs
