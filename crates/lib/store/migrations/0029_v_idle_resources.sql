-- What is probably waste, with why: everything that the views named <collector>_idle have found.
CREATE OR REPLACE VIEW v_idle_resources {on_cluster} AS
SELECT account_id, region, resource_type, resource_id, arn, name, reason, why, since, tags
FROM merge('{database}', '_idle$')
