-- filled from: resource_changes by account_id
-- Feeds resource_counts with every change. A resource that returns has appeared again.
-- Not grouped: a user's aggregate_functions_null_for_empty would change the type of an aggregate here.
CREATE MATERIALIZED VIEW IF NOT EXISTS resource_counts_feed {on_cluster} TO resource_counts AS
SELECT
    account_id,
    resource_type,
    toStartOfMonth(changed_at) AS month,
    arrayReduce('uniqCombinedStateIf(12)', [cityHash64(toString(region), resource_id)], [change IN ('appeared', 'returned')]) AS appeared,
    arrayReduce('uniqCombinedStateIf(12)', [cityHash64(toString(region), resource_id)], [change = 'gone']) AS gone
FROM resource_changes
