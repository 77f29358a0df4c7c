-- What is paid for and not used: volumes that nothing is attached to, addresses that nothing has, instances that are
-- stopped while their volumes cost as before, and snapshots older than 180 days. EC2 says neither when a volume was
-- detached nor when an address became free, and of a stop it speaks in words: since is what those words say, else when
-- Polo saw it happen, else NULL.
CREATE OR REPLACE VIEW config_ec2_idle {on_cluster} AS
WITH
    -- When each volume, address and instance was seen to enter such a state for the last time.
    entered AS
    (
        SELECT
            c.account_id AS account_id,
            toString(c.region) AS region,
            toString(c.resource_type) AS resource_type,
            c.resource_id AS resource_id,
            max(c.changed_at) AS entered_at
        FROM
        (
            SELECT
                account_id, region, resource_type, resource_id, changed_at,
                JSONExtractString(before, 'state') AS state_before,
                JSONExtractString(after, 'state') AS state_after
            FROM resource_changes FINAL
            WHERE change IN ('changed', 'returned')
        ) AS c
        WHERE tuple(toString(c.resource_type), c.state_after) IN (('ec2_volume', 'available'), ('ec2_address', 'idle'), ('ec2_instance', 'stopped'))
            AND c.state_before != '' AND c.state_before != c.state_after
        GROUP BY c.account_id, c.region, c.resource_type, c.resource_id
    ),
    volumes AS
    (
        SELECT
            v.account_id AS account_id,
            toString(v.region) AS region,
            v.instance_id AS instance_id,
            count() AS volumes,
            sum(v.size_gib) AS size_gib
        FROM
        (
            SELECT
                account_id,
                region,
                arrayJoin(JSONExtract(attributes, 'attached_to', 'Array(String)')) AS instance_id,
                JSONExtractUInt(attributes, 'size_gib') AS size_gib
            FROM v_resources
            WHERE resource_type = 'ec2_volume'
        ) AS v
        GROUP BY v.account_id, v.region, v.instance_id
    ),
    there AS
    (
        SELECT
            r.account_id AS account_id,
            toString(r.region) AS region,
            toString(r.resource_type) AS resource_type,
            r.resource_id AS resource_id,
            r.arn AS arn,
            r.name AS name,
            toString(r.state) AS state,
            r.tags AS tags,
            r.attributes AS attributes,
            parseDateTime64BestEffortOrNull(JSONExtractString(r.attributes, 'created_at'), 3, 'UTC') AS created_at,
            parseDateTime64BestEffortOrNull(JSONExtractString(r.attributes, 'started_at'), 3, 'UTC') AS started_at,
            parseDateTime64BestEffortOrNull(
                extract(JSONExtractString(r.attributes, 'state_reason'), '\\((\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2}) GMT\\)'), 3, 'UTC') AS stopped_at
        FROM v_resources AS r
        WHERE tuple(toString(r.resource_type), toString(r.state))
            IN (('ec2_volume', 'available'), ('ec2_address', 'idle'), ('ec2_instance', 'stopped'), ('ec2_snapshot', 'completed'))
    )
SELECT
    t.account_id AS account_id,
    CAST(t.region, 'String') AS region,
    CAST(t.resource_type, 'String') AS resource_type,
    t.resource_id AS resource_id,
    t.arn AS arn,
    t.name AS name,
    multiIf(
        t.resource_type = 'ec2_volume', 'volume_unattached',
        t.resource_type = 'ec2_address', 'address_unassociated',
        t.resource_type = 'ec2_instance', 'instance_stopped',
        'snapshot_older_than_180_days') AS reason,
    multiIf(
        t.resource_type = 'ec2_volume',
        concat('The ', if(JSONHas(t.attributes, 'volume_type'), concat(JSONExtractString(t.attributes, 'volume_type'), ' '), ''), 'volume',
            if(JSONHas(t.attributes, 'size_gib'), concat(' of ', toString(JSONExtractUInt(t.attributes, 'size_gib')), ' GiB'), ''),
            if(t.created_at IS NULL, '', concat(', created on ', toString(toDate(assumeNotNull(t.created_at))), ',')),
            ' is attached to nothing (since when, EC2 does not say)'),
        t.resource_type = 'ec2_address',
        concat('The Elastic IP address', if(JSONHas(t.attributes, 'public_ip'), concat(' ', JSONExtractString(t.attributes, 'public_ip')), ''),
            ' is associated with nothing, and it is paid for by the hour all the same'),
        t.resource_type = 'ec2_instance',
        concat('The instance', if(JSONHas(t.attributes, 'instance_type'), concat(' of type ', JSONExtractString(t.attributes, 'instance_type')), ''),
            if(t.stopped_at IS NULL, ' is stopped', concat(' has been stopped since ', toString(toDate(assumeNotNull(t.stopped_at))))),
            multiIf(
                v.volumes = 0, ', and what volumes it has are paid for all the same',
                v.volumes = 1, concat(', and its volume of ', toString(v.size_gib), ' GiB is paid for all the same'),
                concat(', and its ', toString(v.volumes), ' volumes of ', toString(v.size_gib), ' GiB together are paid for all the same'))),
        concat('The snapshot', if(JSONHas(t.attributes, 'volume_size_gib'),
                concat(' of a volume of ', toString(JSONExtractUInt(t.attributes, 'volume_size_gib')), ' GiB'), ''),
            ' is ', toString(age('day', assumeNotNull(t.started_at), now64(3, 'UTC'))), ' days old',
            if(JSONExtractString(t.attributes, 'storage_tier') = 'archive', ' and lies in the archive tier', ''))) AS why,
    multiIf(
        t.resource_type = 'ec2_snapshot', t.started_at,
        t.stopped_at IS NOT NULL, t.stopped_at,
        e.resource_id = '', NULL,
        toNullable(e.entered_at)) AS since,
    t.tags AS tags
FROM there AS t
LEFT JOIN entered AS e
    ON e.account_id = t.account_id AND e.region = t.region AND e.resource_type = t.resource_type AND e.resource_id = t.resource_id
LEFT JOIN volumes AS v
    ON v.account_id = t.account_id AND v.region = t.region AND v.instance_id = t.resource_id
WHERE t.resource_type != 'ec2_snapshot' OR t.started_at < now64(3, 'UTC') - INTERVAL 180 DAY
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
