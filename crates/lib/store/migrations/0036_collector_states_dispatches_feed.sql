-- filled from: dispatches by account_id
-- Feeds collector_states with every dispatch that EventBridge accepted.
CREATE MATERIALIZED VIEW IF NOT EXISTS collector_states_dispatches_feed {on_cluster} TO collector_states AS
SELECT account_id, collector, tuple(requested_at, sweep_id, run_id) AS last_accepted
FROM dispatches
WHERE outcome = 'accepted'
