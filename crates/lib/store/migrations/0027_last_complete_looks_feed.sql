-- Fills last_complete_looks with every target that ends complete.
CREATE MATERIALIZED VIEW IF NOT EXISTS last_complete_looks_feed {on_cluster} TO last_complete_looks AS
SELECT collector, account_id, region, started_at AS looked_at
FROM run_targets
WHERE outcome = 'complete'
