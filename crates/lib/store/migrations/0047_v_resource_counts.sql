-- How many different resources appeared and went in each account and month (UTC), by type, however long ago.
CREATE OR REPLACE VIEW v_resource_counts {on_cluster} AS
SELECT
    c.account_id AS account_id,
    toString(c.resource_type) AS resource_type,
    c.month AS month,
    finalizeAggregation(c.appeared) AS appeared,
    finalizeAggregation(c.gone) AS gone
FROM resource_counts AS c FINAL
