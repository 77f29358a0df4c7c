-- filled from: collector_runs by account_id
-- Feeds collector_states with every run. A skipped run says nothing of its collector.
CREATE MATERIALIZED VIEW IF NOT EXISTS collector_states_runs_feed {on_cluster} TO collector_states AS
WITH
    toDateTime64(0, 3, 'UTC') AS never,
    tuple(started_at, attempt, _version, deadline_at, toString(outcome), toString(error_class), reason, targets) AS whole_run
SELECT
    account_id,
    collector,
    tuple(started_at, attempt, _version, deadline_at, toUInt8(finished_at IS NOT NULL)) AS last_run,
    if(empty(regions), whole_run, tuple(never, toUInt16(0), toUInt64(0), never, '', '', '', toUInt32(0))) AS last_whole_run,
    if(empty(regions) AND finished_at IS NOT NULL, tuple(started_at, attempt, _version, toString(outcome)),
        tuple(never, toUInt16(0), toUInt64(0), '')) AS last_ended,
    if(empty(regions), coalesce(finished_at, never), never) AS last_finished_at,
    if(empty(regions) AND outcome = 'complete', coalesce(finished_at, never), never) AS last_complete_at
FROM collector_runs
WHERE outcome != 'skipped'
