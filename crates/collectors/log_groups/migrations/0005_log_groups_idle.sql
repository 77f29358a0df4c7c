-- Log groups that hold bytes and never let go of any. A group of the class DELIVERY keeps its events for a day whatever
-- its retention says, and an empty group costs nothing. Since is when the group was created.
CREATE OR REPLACE VIEW log_groups_idle {on_cluster} AS
SELECT
    g.account_id AS account_id,
    CAST(g.region, 'String') AS region,
    'logs_log_group' AS resource_type,
    g.log_group_name AS resource_id,
    g.arn AS arn,
    g.log_group_name AS name,
    'log_group_never_expires' AS reason,
    concat(
        'The log group holds ',
        if(g.gib < 0.01, 'less than 0.01', toString(round(g.gib, 2))),
        ' GiB and has no retention, so that what is written to it is kept and paid for without end') AS why,
    g.created_at AS since,
    CAST(map(), 'Map(String, String)') AS tags
FROM
(
    SELECT v.account_id, v.region, v.log_group_name, v.arn, v.created_at, assumeNotNull(v.stored_bytes) / 1073741824 AS gib
    FROM v_log_groups AS v
    WHERE v.retention_days IS NULL AND v.stored_bytes > 0 AND v.log_group_class != 'DELIVERY'
) AS g
