-- What is there now, as far as complete looks can tell.
CREATE OR REPLACE VIEW v_resources {on_cluster} AS
SELECT account_id, region, resource_type, resource_id, collector, arn, name, state, tags, attributes, first_seen_at, last_seen_at
FROM resources FINAL
WHERE gone_at IS NULL
