-- What discovery, verifier and operators know of {accounts} accounts: one organization, whose management account pays.
-- Of each 100 accounts 95 are well, one cannot be read in one region, one fails in one collector, one was never set up, one
-- lost its role today, and one is excluded. bench_accounts and bench_runs exist for day.sql alone.
CREATE TABLE bench_accounts ENGINE = Memory AS
SELECT
    number AS n,
    toString(100000000000 + (number + 1) * 89999777) AS account_id,
    concat('arn:aws:iam::', account_id, ':role/prod-PoloReadRole') AS role_arn,
    cityHash64(account_id) % 3600 AS offset_s,
    multiIf(n = 0, 'payer', n % 100 = 95, 'region_denied', n % 100 = 96, 'run_failed', n % 100 = 97, 'never_set_up',
        n % 100 = 98, 'lost', n % 100 = 99, 'excluded', 'well') AS kind
FROM numbers({accounts});

CREATE TABLE bench_runs ENGINE = Memory AS
SELECT
    a.n AS n, a.account_id AS account_id, a.kind AS kind, a.offset_s AS offset_s, c.collector AS collector,
    arrayFilter(place -> place NOT IN ('global', 'payer') OR (place = 'global' AND c.scope != 'payer') OR a.kind = 'payer',
        multiIf(c.scope = 'region', {regions}, c.scope = 'account', ['global'], ['global', 'payer'])) AS places
FROM bench_accounts AS a CROSS JOIN (SELECT collector, scope FROM collectors FINAL WHERE expected) AS c
WHERE notEmpty(places) AND a.kind NOT IN ('never_set_up', 'excluded');

INSERT INTO account_facts (account_id, organization_id, partition, account_name, account_email, org_state, membership, in_scope,
    is_management, parents, org_unit, joined_at, joined_method, read_role_arn, _version)
SELECT account_id, 'o-bench00000', 'aws', concat('workload-', toString(n)), concat('aws+', toString(n), '@example.com'), 'ACTIVE', 'member', true,
    kind = 'payer', ['r-bench', concat('ou-bench-', toString(n % 20))], concat('Root/Unit ', toString(n % 20)), {now} - INTERVAL 400 DAY,
    'CREATED', role_arn, 1
FROM bench_accounts;

INSERT INTO account_discoveries SELECT account_id, {now} - toIntervalDay({days}) - INTERVAL 1 DAY FROM bench_accounts;

INSERT INTO account_tags
SELECT account_id, map('team', concat('team-', toString(n % 40)), 'stage', 'prod', 'cost-center', toString(n % 100)), {now}, 1
FROM bench_accounts;

INSERT INTO account_settings (account_id, setting, value, reason, author)
SELECT account_id, 'excluded', 'true', 'sandbox', 'bench' FROM bench_accounts WHERE kind = 'excluded';

INSERT INTO account_regions
SELECT account_id, arrayJoin({regions}), 'opt-in-not-required', true, {now}, 1 FROM bench_accounts WHERE kind != 'never_set_up';

INSERT INTO stack_instances
SELECT account_id, 'prod-polo-roles', 'eu-central-1', true, if(kind = 'never_set_up', 'OUTDATED', 'CURRENT'),
    if(kind = 'never_set_up', 'FAILED', 'SUCCEEDED'), '', '', concat('ou-bench-', toString(n % 20)),
    if(kind = 'never_set_up', NULL, {now} - toIntervalDay({days}) - INTERVAL 1 DAY), {now}, 1
FROM bench_accounts WHERE kind != 'payer';

INSERT INTO hierarchy_nodes
SELECT concat('ou-bench-', toString(number)), 'organizational_unit', concat('Unit ', toString(number)), 'r-bench', 'aws_account', map(), {now}, {now}, 1
FROM numbers(20);

INSERT INTO coverage_notices
SELECT account_id, 'access', if(kind = 'lost', 'denied_after_success', 'deployment_not_current'), {now} - INTERVAL 1 HOUR, {now}, 1, NULL, '', 1
FROM bench_accounts WHERE kind IN ('never_set_up', 'lost');

-- Small histories, for which a statement a day would only cost time: hourly discoveries, and attempts at a dark account's
-- instance, one a day.
INSERT INTO discovery_runs
SELECT reinterpretAsUUID(sipHash128('discovery', number)), 'o-bench00000', {now} - toIntervalHour(number) AS began, began + INTERVAL 40 SECOND,
    'complete', {accounts}, 0, 0, 0, began, '', '', toUnixTimestamp64Micro(began)
FROM numbers({days} * 24);

INSERT INTO provisioning_attempts
SELECT account_id, reinterpretAsUUID(sipHash128('operation', day)), 'prod-polo-roles', 'update', {now} - toIntervalDay(day) - INTERVAL 2 HOUR AS asked,
    'failed', 'ResourceLogicalId: PoloReadRole, ResourceType: AWS::IAM::Role, ResourceStatusReason: AlreadyExists', asked + INTERVAL 5 MINUTE,
    toUnixTimestamp64Micro(asked)
FROM bench_accounts ARRAY JOIN range({days}) AS day WHERE kind = 'never_set_up';

-- The runs of one day in the past. Ids and times follow from account, collector and day. They differ in milliseconds, as
-- real ones do, so that parts are as large as real ones.
CREATE VIEW bench_day AS
SELECT
    *,
    reinterpretAsUUID(sipHash128('run', account_id, collector, {age_of_day:UInt32})) AS run_id,
    reinterpretAsUUID(sipHash128('sweep', {age_of_day:UInt32})) AS sweep_id,
    {now} - toIntervalDay({age_of_day:UInt32}) - INTERVAL 3 HOUR + toIntervalSecond(offset_s)
        + toIntervalMillisecond(cityHash64(run_id) % 30000) AS requested_at,
    requested_at + toIntervalMillisecond(1500 + cityHash64(run_id) % 3000) AS started_at,
    started_at + INTERVAL 15 MINUTE AS deadline_at,
    started_at + toIntervalMillisecond(20000 + cityHash64(run_id) % 7000) AS finished_at,
    multiIf(kind = 'run_failed' AND collector = 'config_s3', 'failed',
        kind = 'region_denied' AND has(places, {denied_region}), 'partial', 'complete') AS run_outcome
FROM bench_runs
WHERE kind != 'lost' OR {age_of_day:UInt32} > 0;
