-- Underused Savings Plans: less than 80 % of the commitment over the last three days that the payer reported, none of them
-- older than ten days. Unused commitment is lost every hour, so three days are enough.
CREATE OR REPLACE VIEW savings_plans_idle {on_cluster} AS
SELECT
    i.account_id AS account_id,
    i.region AS region,
    'savings_plan' AS resource_type,
    i.resource_id AS resource_id,
    i.arn AS arn,
    i.name AS name,
    'savings_plan_underused' AS reason,
    concat(
        if(i.first_day = i.last_day, concat('On ', toString(i.last_day)), concat('From ', toString(i.first_day), ' to ', toString(i.last_day))),
        ' this ', if(i.savings_plan_type = '', '', concat(i.savings_plan_type, ' ')), 'Savings Plan used ',
        toString(divideDecimal(i.used * 100, i.total, 2)), ' % of its commitment',
        if(isNull(i.commitment_per_hour), '',
            concat(' of ', toString(assumeNotNull(i.commitment_per_hour)), i.unit, ' per hour: ',
                toString(multiplyDecimal(assumeNotNull(i.commitment_per_hour), divideDecimal(i.total - i.used, i.total, 18), 4)), i.unit,
                ' per hour buys nothing'))) AS why,
    CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS since,
    i.tags AS tags
FROM
(
    SELECT
        r.account_id AS account_id,
        CAST(r.region, 'String') AS region,
        r.resource_id AS resource_id,
        r.arn AS arn,
        r.name AS name,
        r.tags AS tags,
        JSONExtractString(r.attributes, 'savings_plan_type') AS savings_plan_type,
        toDecimal128OrNull(JSONExtractString(r.attributes, 'commitment_per_hour'), 18) AS commitment_per_hour,
        if(JSONHas(r.attributes, 'currency'), concat(' ', JSONExtractString(r.attributes, 'currency')), '') AS unit,
        d.days[-1].1 AS first_day,
        d.days[1].1 AS last_day,
        arraySum(day -> day.2, d.days) AS used,
        arraySum(day -> day.3, d.days) AS total
    FROM (SELECT * FROM v_resources) AS r
    INNER JOIN
    (
        SELECT
            savings_plan_arn,
            arraySlice(arrayReverseSort(groupArray(tuple(day, assumeNotNull(used_commitment), assumeNotNull(total_commitment)))), 1, 3) AS days
        FROM v_savings_plans_plan_utilization
        WHERE used_commitment IS NOT NULL AND total_commitment > 0 AND day >= toDate(now('UTC')) - 10
        GROUP BY savings_plan_arn
    ) AS d ON d.savings_plan_arn = r.arn
    WHERE r.resource_type = 'savings_plan' AND r.state = 'active'
) AS i
WHERE i.used * 10 < i.total * 8
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
