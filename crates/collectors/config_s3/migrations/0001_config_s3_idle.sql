-- Buckets that keep every noncurrent version of every object for good. What could not be read is not called idle, and
-- a bucket without a rule that aborts incomplete uploads alone is not either.
CREATE OR REPLACE VIEW config_s3_idle {on_cluster} AS
SELECT
    b.account_id AS account_id,
    CAST(b.region, 'String') AS region,
    CAST(b.resource_type, 'String') AS resource_type,
    b.resource_id AS resource_id,
    b.arn AS arn,
    b.name AS name,
    'bucket_keeps_noncurrent_versions' AS reason,
    concat(
        'Versioning is ', b.versioning, ' in this bucket',
        if(b.bucket_region = '', '', concat(' in ', b.bucket_region)),
        if(b.created_on = '', '', concat(', created on ', b.created_on)),
        ', and of its ', toString(b.rules_enabled), ' enabled lifecycle rules none expires noncurrent versions: ',
        if(b.versioning = 'Suspended',
            'those kept before it was suspended are paid for until somebody deletes them',
            'all that was ever overwritten or deleted is paid for until somebody deletes it')) AS why,
    CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS since,
    b.tags AS tags
FROM
(
    SELECT
        account_id, region, resource_type, resource_id, arn, name, tags,
        JSONExtractString(attributes, 'versioning') AS versioning,
        JSONExtractString(attributes, 'region') AS bucket_region,
        substring(JSONExtractString(attributes, 'created_at'), 1, 10) AS created_on,
        JSONExtractUInt(attributes, 'lifecycle', 'rules_enabled') AS rules_enabled,
        JSONExtractBool(attributes, 'lifecycle', 'expires_noncurrent_versions') AS expires_noncurrent_versions,
        JSONExtract(attributes, 'unreadable', 'Array(String)') AS unreadable
    FROM v_resources
    WHERE resource_type = 's3_bucket'
) AS b
WHERE b.versioning IN ('Enabled', 'Suspended')
    AND NOT b.expires_noncurrent_versions
    AND NOT has(b.unreadable, 's3:GetLifecycleConfiguration')
