-- The truth about accounts, over the tables of facts, decisions and states. No history is read, so an answer costs the same at any age.
-- The status rule is the one multiIf below. With {of_accounts} filled in, the same text is the statement for a list of accounts.
CREATE OR REPLACE VIEW v_accounts {on_cluster} AS
WITH
    toDateTime64(0, 3, 'UTC') AS epoch,
    now64(3, 'UTC') AS asked_at,
    (SELECT anyIf(value_seconds, setting = 'propagation_grace') + if(countIf(setting = 'propagation_grace') = 0, 300, 0) FROM rule_settings FINAL) AS propagation_grace_s,
    (SELECT anyIf(value_seconds, setting = 'denial_confirmation') + if(countIf(setting = 'denial_confirmation') = 0, 300, 0) FROM rule_settings FINAL) AS denial_confirmation_s,
    (SELECT groupUniqArray(toString(collector)) FROM collectors FINAL WHERE expected AND scope != 'payer') AS expected_collectors,
    (SELECT max(freshness_hours) FROM collectors FINAL WHERE expected AND scope != 'payer') AS freshness_hours,
    -- An exclusion holds while it says 'true' and has not expired. It was lifted when it was set to 'false', or when it expired.
    settings AS
    (
        SELECT
            account_id,
            countIf(setting = 'excluded' AND value = 'true' AND (expires_at IS NULL OR expires_at > asked_at)) > 0 AS excluded_by_operator,
            maxIf(if(value = 'false', updated_at, coalesce(expires_at, epoch)),
                setting = 'excluded' AND (value = 'false' OR expires_at <= asked_at)) AS lifted_at,
            anyIf(reason, setting = 'excluded') AS excluded_reason,
            anyIf(author, setting = 'excluded') AS excluded_by,
            anyIf(expires_at, setting = 'excluded') AS excluded_until,
            anyIf(value, setting = 'read_role_arn') AS read_role_override,
            anyIf(value, setting = 'action_role_arn') AS action_role_override,
            anyIf(value, setting = 'account_role') AS account_role,
            anyIf(value, setting = 'owner') AS owner
        FROM account_settings FINAL
        WHERE 1 {of_accounts}
        GROUP BY account_id
    ),
    lifts AS
    (
        SELECT account_id, max(lifted_at) AS counts_from
        FROM
        (
            SELECT account_id, coalesce(reinstated_at, epoch) AS lifted_at FROM account_facts FINAL WHERE 1 {of_accounts}
            UNION ALL
            SELECT account_id, lifted_at FROM settings
        )
        GROUP BY account_id
    ),
    -- What is confirmed of the read role. Checks older than the last lift of an exclusion do not count, that it ever worked does.
    -- It is a relation of its own because the planner repeats an alias's whole text wherever it is used.
    checks AS
    (
        SELECT
            *,
            multiIf(
                last_success_at IS NULL AND empty(denials), 'none',
                empty(denials), 'success',
                last_success_at IS NULL, 'denied',
                (length(denials) >= 2 OR denial_confirmation_s = 0)
                    AND dateDiff('second', arrayMin(denials), arrayMax(denials)) >= denial_confirmation_s, 'denied',
                'success') AS read_verdict
        FROM
        (
            SELECT
                l.account_id AS account_id,
                l.counts_from AS counts_from,
                a.first_success_at AS first_success_at,
                if(a.success_at >= l.counts_from, nullIf(a.success_at, epoch), NULL) AS last_success_at,
                arrayFilter(at -> at > ifNull(last_success_at, epoch) AND at >= l.counts_from, a.denied_at) AS denials,
                a.last_read AS last_read,
                a.last_action AS last_action
            FROM lifts AS l
            LEFT JOIN
            (
                SELECT
                    account_id,
                    minIf(first_success_at, role_kind = 'read') AS first_success_at,
                    maxIf(last_success_at, role_kind = 'read') AS success_at,
                    arrayDistinct(arrayFlatten(groupArrayIf(mapValues(denials), role_kind = 'read'))) AS denied_at,
                    maxIf(last_check, role_kind = 'read') AS last_read,
                    maxIf(last_check, role_kind = 'action') AS last_action
                FROM access_states FINAL
                WHERE 1 {of_accounts}
                GROUP BY account_id
            ) AS a ON a.account_id = l.account_id
        )
    ),
    instances AS
    (
        SELECT
            account_id,
            countIf(status = 'CURRENT') > 0 AS is_current,
            minIf(current_since, status = 'CURRENT') AS current_since,
            argMax(status, read_at) AS stack_status,
            argMax(detailed_status, read_at) AS stack_detailed_status,
            argMax(status_reason, read_at) AS stack_status_reason
        FROM stack_instances FINAL
        WHERE present {of_accounts}
        GROUP BY account_id
    ),
    -- Per collector its state, and the last look at each of its listings.
    collecting AS
    (
        SELECT
            account_id,
            collector,
            max(complete_at) AS complete_at,
            max(ended) AS ended,
            max(whole_run) AS whole_run,
            groupArrayIf(tuple(place, look), place != '') AS looks
        FROM
        (
            SELECT account_id, toString(collector) AS collector, '' AS place, last_complete_at AS complete_at, last_ended AS ended,
                last_whole_run AS whole_run, CAST(tuple(epoch, 0, '', '', '', ''),
                    'Tuple(started_at DateTime64(3, \'UTC\'), _version UInt64, outcome String, error_class String, action String, message String)') AS look
            FROM collector_states FINAL
            WHERE 1 {of_accounts}
            UNION ALL
            SELECT account_id, toString(collector) AS collector, toString(place), epoch, CAST(tuple(epoch, 0, 0, ''),
                    'Tuple(started_at DateTime64(3, \'UTC\'), attempt UInt16, _version UInt64, outcome String)'),
                CAST(tuple(epoch, 0, 0, epoch, '', '', '', 0),
                    'Tuple(started_at DateTime64(3, \'UTC\'), attempt UInt16, _version UInt64, deadline_at DateTime64(3, \'UTC\'), outcome String, error_class String, reason String, targets UInt32)'),
                last_look
            FROM listing_states FINAL
            WHERE 1 {of_accounts}
        )
        GROUP BY account_id, collector
    ),
    -- last_successful_scan is the oldest of the expected collectors' last complete runs. A gap is a listing whose last look failed, if the
    -- last whole run asked for it, or a whole run that failed before any listing, or that crashed. The worst of them counts.
    -- The ledger has no column for the action of a run that failed before any listing: its reason begins with it.
    scans AS
    (
        SELECT
            account_id,
            if(countIf(complete_at != epoch AND has(expected_collectors, collector)) = length(expected_collectors) AND notEmpty(expected_collectors),
                toNullable(minIf(complete_at, has(expected_collectors, collector))), NULL) AS last_successful_scan,
            arrayMax(arrayFlatten(groupArray(arrayConcat(
                arrayMap(look -> tuple(if(look.2.3 = 'denied', 3, 2), collector, look.1, look.2.4, look.2.5, look.2.6),
                    arrayFilter(look -> look.2.3 IN ('denied', 'failed') AND ended.1 != epoch AND look.2.1 >= ended.1, looks)),
                if((whole_run.5 = 'failed' AND whole_run.8 = 0) OR (whole_run.1 != epoch AND whole_run.5 = '' AND whole_run.4 + INTERVAL 5 MINUTE < asked_at),
                    [tuple(if(whole_run.5 = '', 1, 2), collector, '', if(whole_run.5 = '', 'crashed', whole_run.6), run_action,
                        if(whole_run.5 = '', 'the run has no finish', substring(whole_run.7, if(run_action = '', 1, length(run_action) + 3))))],
                    CAST([], 'Array(Tuple(UInt8, String, String, String, String, String))')))))) AS gap
        FROM (SELECT *, extract(whole_run.7, '^([a-z0-9-]+:[A-Za-z0-9]+): ') AS run_action FROM collecting)
        GROUP BY account_id
    )
SELECT
    f.account_id AS account_id,
    f.account_name AS account_name,
    f.account_email AS account_email,
    f.org_unit AS org_unit,
    multiIf(
        excluded_by_operator OR org_out OR f.membership = 'left' OR NOT f.in_scope, 'excluded',
        read_verdict = 'success', 'active',
        read_verdict = 'denied' AND (ever_worked OR role_was_deployed), 'no_access',
        'pending_setup') AS polo_status,
    multiIf(
        excluded_by_operator, 'excluded_by_operator',
        org_out, lower(toString(f.org_state)),
        f.membership = 'left', 'left_organization',
        NOT f.in_scope, 'out_of_scope',
        read_verdict = 'success' AND notEmpty(c.denials), 'denial_not_confirmed',
        read_verdict = 'success', 'role_works',
        read_verdict = 'denied' AND ever_worked, 'denied_after_success',
        read_verdict = 'denied' AND role_was_deployed, 'deployed_but_denied',
        read_verdict = 'denied' AND i.is_current, 'propagating',
        read_verdict = 'denied' AND i.stack_status != '', 'deployment_not_current',
        read_verdict = 'denied', 'never_set_up',
        c.last_read.3 = 'inconclusive', 'check_inconclusive',
        'not_checked') AS status_reason,
    if(s.read_role_override != '', s.read_role_override, f.read_role_arn) AS polo_read_role,
    if(s.action_role_override != '', s.action_role_override, f.action_role_arn) AS polo_action_role,
    r.last_successful_scan AS last_successful_scan,
    if(r.gap.2 = '', '', concat(r.gap.2, if(r.gap.3 IN ('', 'global'), '', concat('/', r.gap.3)), ': ', r.gap.4, ': ',
        if(r.gap.5 = '', '', concat(r.gap.5, ': ')), r.gap.6)) AS last_scan_error,
    s.account_role AS account_role,
    s.owner AS owner,
    coalesce(nullIf(d.discovered_at, epoch), f.joined_at, epoch) AS discovered_at,
    f.organization_id AS organization_id,
    f.partition AS partition,
    f.org_state AS org_state,
    f.membership AS membership,
    f.in_scope AS in_scope,
    f.is_management AS is_management,
    f.parents AS parents,
    f.joined_at AS joined_at,
    f.left_at AS left_at,
    t.tags AS tags,
    toBool(s.excluded_by_operator) AS excluded_by_operator,
    s.excluded_reason AS excluded_reason,
    s.excluded_by AS excluded_by,
    s.excluded_until AS excluded_until,
    toBool(toString(f.org_state) IN ('SUSPENDED', 'PENDING_CLOSURE', 'CLOSED')) AS org_out,
    c.counts_from AS counts_from,
    c.last_success_at AS last_success_at,
    c.denials AS denials,
    c.read_verdict AS read_verdict,
    toBool(c.first_success_at IS NOT NULL) AS ever_worked,
    c.first_success_at AS first_success_at,
    toUInt32(length(c.denials)) AS denials_in_a_row,
    nullIf(c.last_read.1, epoch) AS last_check_at,
    c.last_read.3 AS last_check_verdict,
    c.last_read.4 AS last_check_class,
    c.last_read.5 AS last_check_code,
    c.last_read.6 AS last_check_message,
    -- Due at once where no check counts yet.
    nullIf(if(c.last_read.1 >= c.counts_from, c.last_read.7, epoch), epoch) AS next_check_at,
    c.last_action.3 AS action_verdict,
    c.last_action.4 AS action_error_class,
    nullIf(c.last_action.1, epoch) AS action_checked_at,
    i.stack_status AS stack_status,
    i.stack_detailed_status AS stack_detailed_status,
    i.stack_status_reason AS stack_status_reason,
    toBool(i.is_current AND ifNull(i.current_since + toIntervalSecond(propagation_grace_s) <= asked_at, false)) AS role_was_deployed,
    -- An excluded account never alarms, an account that was never scanned is late at any age, and a daily collector only after one and a half
    -- of its periods.
    toBool(polo_status != 'excluded' AND (polo_status IN ('pending_setup', 'no_access') OR r.last_successful_scan IS NULL
        OR ifNull(r.last_successful_scan < asked_at - toIntervalHour(freshness_hours), true))) AS is_uncovered,
    -- The worst gap, in its parts: last_scan_error is made from them.
    r.gap.2 AS gap_collector,
    r.gap.3 AS gap_place,
    r.gap.4 AS gap_class,
    r.gap.5 AS gap_action,
    r.gap.6 AS gap_message
FROM (SELECT * FROM account_facts FINAL WHERE 1 {of_accounts}) AS f
LEFT JOIN settings AS s ON s.account_id = f.account_id
LEFT JOIN (SELECT account_id, min(discovered_at) AS discovered_at FROM account_discoveries WHERE 1 {of_accounts} GROUP BY account_id) AS d
    ON d.account_id = f.account_id
LEFT JOIN (SELECT account_id, tags FROM account_tags FINAL WHERE 1 {of_accounts}) AS t ON t.account_id = f.account_id
LEFT JOIN checks AS c ON c.account_id = f.account_id
LEFT JOIN instances AS i ON i.account_id = f.account_id
LEFT JOIN scans AS r ON r.account_id = f.account_id
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
