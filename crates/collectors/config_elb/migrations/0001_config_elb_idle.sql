-- Load balancers behind which nothing can answer. One whose targets could not be read, are still being checked, or are
-- never checked (a Lambda function without health checks) is not called idle.
CREATE OR REPLACE VIEW config_elb_idle {on_cluster} AS
SELECT
    b.account_id AS account_id,
    CAST(b.region, 'String') AS region,
    CAST(b.resource_type, 'String') AS resource_type,
    b.resource_id AS resource_id,
    b.arn AS arn,
    b.name AS name,
    multiIf(
        b.has_target_groups AND b.target_groups = 0, 'load_balancer_without_target_groups',
        b.targets = 0, 'load_balancer_without_targets',
        'load_balancer_without_healthy_targets') AS reason,
    concat(
        'This ', if(b.load_balancer_type = '', '', concat(b.load_balancer_type, ' ')), 'load balancer',
        if(b.created_on = '', '', concat(', created on ', b.created_on, ',')),
        multiIf(
            b.has_target_groups AND b.target_groups = 0,
            ' has no target group: it is paid for by the hour and can only redirect or answer by itself',
            b.targets = 0 AND b.has_target_groups,
            concat(' has no target in its ', toString(b.target_groups), ' target groups: it is paid for by the hour and reaches nothing'),
            b.targets = 0,
            ' has no instance: it is paid for by the hour and reaches nothing',
            concat(' has ', toString(b.targets), ' targets and none that is healthy (',
                arrayStringConcat(arrayMap(state -> concat(toString(state.2), ' ', state.1), b.states), ', '),
                '): it is paid for by the hour and serves nobody'))) AS why,
    CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS since,
    b.tags AS tags
FROM
(
    SELECT
        account_id, region, resource_type, resource_id, arn, name, state, tags,
        JSONExtractString(attributes, 'load_balancer_type') AS load_balancer_type,
        substring(JSONExtractString(attributes, 'created_at'), 1, 10) AS created_on,
        JSONHas(attributes, 'target_groups') AS has_target_groups,
        JSONExtractUInt(attributes, 'target_groups') AS target_groups,
        JSONHas(attributes, 'targets') AS has_targets,
        JSONExtractUInt(attributes, 'targets') AS targets,
        JSONExtractKeysAndValues(attributes, 'targets_by_state', 'UInt64') AS states
    FROM v_resources
    WHERE resource_type = 'elb_load_balancer'
) AS b
WHERE b.has_targets
    AND b.state != 'provisioning'
    AND b.targets = arraySum(arrayMap(state -> state.2, arrayFilter(
        state -> state.1 IN ('unhealthy', 'unhealthy.draining', 'unused', 'draining', 'OutOfService'), b.states)))
