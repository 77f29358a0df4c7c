-- The columns of every view whose name ends in _idle. Each collector may define one: what it has found that is
-- probably waste. This one is empty and only says what the others have to look like.
CREATE OR REPLACE VIEW base_idle {on_cluster} AS
SELECT
    '' AS account_id,
    '' AS region,
    '' AS resource_type,
    '' AS resource_id,
    '' AS arn,
    '' AS name,
    '' AS reason,
    '' AS why,
    CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS since,
    CAST(map(), 'Map(String, String)') AS tags
WHERE false
