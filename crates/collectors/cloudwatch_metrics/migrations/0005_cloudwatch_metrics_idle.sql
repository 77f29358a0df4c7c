-- Resources that run and are paid for, and that nothing uses: at every hour of the last seven days, as far as they are
-- known and at least for three whole ones. A week, so that a quiet weekend is no waste. What was not asked without a
-- break, or not in the last three days, says nothing, nor do the hours before a resource was there. Since is the end of
-- the last use that is known (of an instance: in the last 35 days), else the first hour that is known.
CREATE OR REPLACE VIEW cloudwatch_metrics_idle {on_cluster} AS
WITH
    -- What is known of each resource, all the series that decide about it taken together.
    asked AS
    (
        SELECT
            s.account_id AS account_id,
            toString(s.region) AS region,
            toString(s.resource_type) AS resource_type,
            s.resource_id AS resource_id,
            count() AS series,
            max(s.known_from) AS known_from,
            min(s.asked_to) AS known_to,
            max(s.used_at) AS used_at
        FROM cloudwatch_metrics_asked AS s FINAL
        WHERE s.metric NOT IN ('NetworkIn', 'NetworkOut') AND s.asked_to >= now('UTC') - INTERVAL 3 DAY
        GROUP BY s.account_id, s.region, s.resource_type, s.resource_id
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
            r.tags AS tags,
            r.attributes AS attributes,
            multiIf(
                r.resource_type = 'ec2_instance' AND r.state = 'running', 2,
                r.resource_type = 'ec2_volume' AND r.state = 'in-use', 2,
                r.resource_type = 'ec2_nat_gateway' AND r.state = 'available', 2,
                r.resource_type = 'elb_load_balancer', 1,
                0) AS series,
            -- The hour after it came: an instance is another one after each start.
            toStartOfHour(coalesce(
                parseDateTimeBestEffortOrNull(
                    JSONExtractString(r.attributes, if(r.resource_type = 'ec2_instance', 'launched_at', 'created_at')), 'UTC'),
                toDateTime(r.first_seen_at, 'UTC'))) + INTERVAL 1 HOUR AS there_from
        FROM v_resources AS r
        WHERE r.resource_type IN ('ec2_instance', 'ec2_volume', 'ec2_nat_gateway', 'elb_load_balancer')
    ),
    measured AS
    (
        SELECT
            t.account_id AS account_id,
            t.region AS region,
            t.resource_type AS resource_type,
            t.resource_id AS resource_id,
            t.arn AS arn,
            t.name AS name,
            t.tags AS tags,
            t.attributes AS attributes,
            greatest(a.known_from, t.there_from) AS known_from,
            greatest(a.known_from, t.there_from, a.known_to - INTERVAL 7 DAY) AS measured_from,
            a.known_to AS measured_to,
            a.used_at AS used_at
        FROM there AS t
        INNER JOIN asked AS a
            ON a.account_id = t.account_id AND a.region = t.region AND a.resource_type = t.resource_type AND a.resource_id = t.resource_id
        WHERE t.series > 0 AND a.series = t.series
            AND greatest(a.known_from, t.there_from, a.known_to - INTERVAL 7 DAY) + INTERVAL 3 DAY <= a.known_to
    ),
    -- An instance always uses some of its CPU: how much is in the points.
    cpu AS
    (
        SELECT
            m.account_id AS account_id,
            m.region AS region,
            m.resource_type AS resource_type,
            m.resource_id AS resource_id,
            uniqExactIf(p.at, p.statistic = 'Maximum' AND p.at >= m.measured_from) AS hours,
            maxIf(p.value, p.statistic = 'Maximum' AND p.at >= m.measured_from) AS maximum,
            avgIf(p.value, p.statistic = 'Average' AND p.at >= m.measured_from) AS average,
            maxOrNullIf(p.at, p.statistic = 'Maximum' AND p.value >= 5) AS used_at
        FROM
        (
            SELECT c.account_id, toString(c.region) AS region, c.resource_id, c.statistic, c.at, c.value
            FROM cloudwatch_metrics_points AS c FINAL
            WHERE c.resource_type = 'ec2_instance' AND c.metric = 'CPUUtilization' AND c.at >= toStartOfHour(now('UTC')) - INTERVAL 35 DAY
        ) AS p
        INNER JOIN measured AS m
            ON m.account_id = p.account_id AND m.region = p.region AND m.resource_id = p.resource_id
        WHERE m.resource_type = 'ec2_instance'
        GROUP BY m.account_id, m.region, m.resource_type, m.resource_id
    ),
    judged AS
    (
        SELECT
            m.account_id AS account_id,
            m.region AS region,
            m.resource_type AS resource_type,
            m.resource_id AS resource_id,
            m.arn AS arn,
            m.name AS name,
            m.tags AS tags,
            m.attributes AS attributes,
            m.resource_type = 'ec2_instance' AS is_instance,
            toString(intDiv(dateDiff('hour', m.measured_from, m.measured_to), 24)) AS days,
            u.hours AS hours,
            u.maximum AS maximum,
            u.average AS average,
            if(is_instance, u.hours >= 72 AND u.maximum < 5, ifNull(m.used_at < m.measured_from, true)) AS idle,
            if(is_instance, greatest(m.known_from, toStartOfHour(now('UTC')) - INTERVAL 35 DAY), m.known_from) AS looked_from,
            if(is_instance, u.used_at, m.used_at) AS last_use
        FROM measured AS m
        LEFT JOIN cpu AS u
            ON u.account_id = m.account_id AND u.region = m.region AND u.resource_type = m.resource_type AND u.resource_id = m.resource_id
    )
SELECT
    j.account_id AS account_id,
    CAST(j.region, 'String') AS region,
    CAST(j.resource_type, 'String') AS resource_type,
    j.resource_id AS resource_id,
    j.arn AS arn,
    j.name AS name,
    multiIf(
        j.is_instance, 'instance_cpu_below_5_percent',
        j.resource_type = 'ec2_volume', 'volume_without_operations',
        j.resource_type = 'ec2_nat_gateway', 'nat_gateway_without_traffic',
        'load_balancer_without_traffic') AS reason,
    multiIf(
        j.is_instance,
        concat('The instance', if(JSONHas(j.attributes, 'instance_type'), concat(' of type ', JSONExtractString(j.attributes, 'instance_type')), ''),
            ' is running, and in the last ', j.days, ' days (', toString(j.hours), ' hourly points) its CPU was at ',
            toString(round(j.maximum, 2)), ' % at most and at ', toString(round(j.average, 2)), ' % on average'),
        j.resource_type = 'ec2_volume',
        concat('The ', if(JSONHas(j.attributes, 'volume_type'), concat(JSONExtractString(j.attributes, 'volume_type'), ' '), ''), 'volume',
            if(JSONHas(j.attributes, 'size_gib'), concat(' of ', toString(JSONExtractUInt(j.attributes, 'size_gib')), ' GiB'), ''),
            ', attached to ', arrayStringConcat(JSONExtract(j.attributes, 'attached_to', 'Array(String)'), ', '),
            ', was neither read nor written in the last ', j.days, ' days'),
        j.resource_type = 'ec2_nat_gateway',
        concat('No byte went through the NAT gateway in the last ', j.days, ' days, and it is paid for by the hour all the same'),
        concat('The ', if(JSONExtractString(j.attributes, 'generation') = 'classic', 'classic', JSONExtractString(j.attributes, 'load_balancer_type')),
            ' load balancer had ', if(JSONExtractString(j.attributes, 'load_balancer_type') IN ('network', 'gateway'), 'no byte to process', 'no request'),
            ' in the last ', j.days, ' days, and it is paid for by the hour all the same')) AS why,
    toNullable(toDateTime64(greatest(ifNull(j.last_use + INTERVAL 1 HOUR, j.looked_from), j.looked_from), 3, 'UTC')) AS since,
    j.tags AS tags
FROM judged AS j
WHERE j.idle
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
