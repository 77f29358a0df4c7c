-- One day of history, {age} days ago, in the order in which its writers write it. A sweep is spread over an hour.
-- Dispatches and runs are written twice, in two statements, because the engine keeps one row of a key within a statement.
INSERT INTO access_checks
SELECT
    reinterpretAsUUID(sipHash128('check', account_id, {age}, nth)), account_id, 'read', role_arn,
    {now} - toIntervalDay({age}) - INTERVAL 5 HOUR + toIntervalSecond(offset_s) + toIntervalMillisecond(cityHash64(account_id, {age}) % 1000) + toIntervalHour(nth) AS checked,
    if(kind = 'never_set_up' OR nth > 0, 'denied', 'success') AS verdict,
    if(verdict = 'denied', 'denied', ''), if(verdict = 'denied', 'AccessDenied', ''),
    if(verdict = 'denied', concat('User: arn:aws:sts::111122223333:assumed-role/prod-polo-access-verifier/polo is not authorized to perform: sts:AssumeRole on resource: ', role_arn), ''),
    if(verdict = 'denied', '', concat('arn:aws:sts::', account_id, ':assumed-role/prod-PoloReadRole/polo')),
    checked + INTERVAL 1 DAY, 'access-verifier', 120
FROM bench_accounts ARRAY JOIN if(kind = 'lost' AND {age} = 0, [0, 1, 2], [0]) AS nth
WHERE kind != 'excluded';

INSERT INTO dispatches
SELECT run_id, sweep_id, account_id, collector, 'schedule', requested_at, 'requested', '', '', '', toUnixTimestamp64Micro(requested_at)
FROM bench_day(age_of_day = {age});

INSERT INTO dispatches
SELECT run_id, sweep_id, account_id, collector, 'schedule', requested_at, 'accepted', toString(run_id), '', '', toUnixTimestamp64Micro(requested_at) + 300000
FROM bench_day(age_of_day = {age});

INSERT INTO collector_runs
SELECT run_id, 1, sweep_id, account_id, collector, 'event', toString(run_id), [], started_at, deadline_at, NULL, '', '', '', 0, 0, 0, 0, '0.1.0',
    toUnixTimestamp64Micro(started_at)
FROM bench_day(age_of_day = {age});

INSERT INTO run_targets
SELECT
    run_id, 1, account_id, collector, place, started_at + toIntervalMillisecond(cityHash64(run_id, place) % 10000) AS began,
    began + toIntervalMillisecond(cityHash64(place, run_id) % 10000) AS ended, if(place = {denied_region} AND kind = 'region_denied', 'denied', 'complete') AS outcome,
    if(outcome = 'denied', 'denied_by_scp', ''), if(outcome = 'denied', concat(collector, ':List'), ''),
    if(outcome = 'denied', 'not authorized to perform this action with an explicit deny in a service control policy', ''),
    12, 12, toUnixTimestamp64Micro(finished_at)
FROM bench_day(age_of_day = {age}) ARRAY JOIN places AS place
WHERE run_outcome != 'failed';

INSERT INTO billed_calls
SELECT account_id, collector, toDate(started_at, 'UTC'), reinterpretAsUUID(sipHash128('call', run_id, nth)), run_id, 'ce:GetCostAndUsage', 'request', 1,
    0.01, started_at, toUnixTimestamp64Micro(started_at)
FROM bench_day(age_of_day = {age}) ARRAY JOIN range(100) AS nth
WHERE collector = 'cost';

INSERT INTO collector_runs
SELECT run_id, 1, sweep_id, account_id, collector, 'event', toString(run_id), [], started_at, deadline_at, finished_at, run_outcome,
    if(run_outcome = 'failed', 'throttled', ''), if(run_outcome = 'failed', 'AWS throttled the calls', ''),
    if(run_outcome = 'failed', 0, length(places)) AS targets, if(run_outcome = 'partial', targets - 1, targets), 200, 200, '0.1.0',
    toUnixTimestamp64Micro(finished_at)
FROM bench_day(age_of_day = {age});
