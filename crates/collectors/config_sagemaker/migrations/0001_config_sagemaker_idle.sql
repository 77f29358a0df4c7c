-- Notebook instances that run: they cost by the hour from their start to their stop, whether anyone works in them or
-- not. Since is when the instance was created, because AWS does not say when it was started last.
CREATE OR REPLACE VIEW config_sagemaker_idle {on_cluster} AS
SELECT
    n.account_id AS account_id,
    n.region AS region,
    n.resource_type AS resource_type,
    n.resource_id AS resource_id,
    n.arn AS arn,
    n.name AS name,
    'notebook_instance_running' AS reason,
    concat(
        'The notebook instance',
        if(n.known = '', '', concat(' (', n.known, ')')),
        ' is running, which costs by the hour whether anyone works in it or not') AS why,
    n.created_at AS since,
    n.tags AS tags
FROM
(
    SELECT
        r.account_id AS account_id,
        CAST(r.region, 'String') AS region,
        CAST(r.resource_type, 'String') AS resource_type,
        r.resource_id AS resource_id,
        r.arn AS arn,
        r.name AS name,
        r.tags AS tags,
        parseDateTime64BestEffortOrNull(JSONExtractString(r.attributes, 'created_at'), 3, 'UTC') AS created_at,
        dateDiff('day', created_at, now64(3, 'UTC')) AS days,
        arrayStringConcat(
            arrayFilter(known -> known != '', [
                JSONExtractString(r.attributes, 'instance_type'),
                ifNull(concat('created ', toString(days), if(days = 1, ' day ago', ' days ago')), '')]),
            ', ') AS known
    FROM v_resources AS r
    WHERE r.collector = 'config_sagemaker' AND r.resource_type = 'sagemaker_notebook_instance' AND r.state = 'InService'
) AS n
