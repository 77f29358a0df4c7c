-- The truth about accounts, over the tables of all writers. The status rule is the one multiIf below.
CREATE OR REPLACE VIEW v_accounts {on_cluster} AS
WITH
    toDateTime64(0, 3, 'UTC') AS epoch,
    now64(3, 'UTC') AS asked_at,
    (SELECT anyIf(value_seconds, setting = 'propagation_grace') + if(countIf(setting = 'propagation_grace') = 0, 300, 0) FROM rule_settings FINAL) AS propagation_grace_s,
    (SELECT anyIf(value_seconds, setting = 'denial_confirmation') + if(countIf(setting = 'denial_confirmation') = 0, 300, 0) FROM rule_settings FINAL) AS denial_confirmation_s,
    discoveries AS
    (
        SELECT d.account_id AS account_id, min(d.discovered_at) AS discovered_at
        FROM account_discoveries AS d
        GROUP BY d.account_id
    ),
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
            anyIf(value, setting = 'owner') AS owner,
            max(updated_at) AS settings_updated_at
        FROM account_settings FINAL
        GROUP BY account_id
    ),
    facts AS
    (
        SELECT
            f.*,
            s.excluded_by_operator, s.excluded_reason, s.excluded_by, s.excluded_until, s.read_role_override,
            s.action_role_override, s.account_role, s.owner, s.settings_updated_at,
            greatest(s.lifted_at, coalesce(f.reinstated_at, epoch)) AS counts_from
        FROM (SELECT * FROM account_facts FINAL) AS f
        LEFT JOIN settings AS s ON s.account_id = f.account_id
    ),
    -- Checks older than the last lift of an exclusion do not count, that it ever worked does.
    read_checks AS
    (
        SELECT
            c.account_id AS account_id,
            countIf(c.verdict = 'success') > 0 AS ever_worked,
            minIf(c.checked_at, c.verdict = 'success') AS first_success_at,
            maxIf(c.checked_at, c.verdict = 'success' AND c.checked_at >= f.counts_from) AS last_success_at,
            arrayFilter(t -> t > last_success_at,
                groupArrayIf(c.checked_at, c.verdict = 'denied' AND c.checked_at >= f.counts_from)) AS denials,
            argMax(tuple(c.checked_at, c.verdict, c.error_class, c.error_code, c.message, c.next_check_at),
                tuple(c.checked_at, c.check_id)) AS last_check,
            argMaxIf(c.next_check_at, tuple(c.checked_at, c.check_id), c.checked_at >= f.counts_from) AS next_check_at
        FROM (SELECT * FROM access_checks FINAL WHERE role_kind = 'read') AS c
        INNER JOIN facts AS f ON f.account_id = c.account_id
        GROUP BY c.account_id
    ),
    action_checks AS
    (
        SELECT
            c.account_id AS account_id,
            argMax(c.verdict, tuple(c.checked_at, c.check_id)) AS verdict,
            argMax(c.error_class, tuple(c.checked_at, c.check_id)) AS error_class,
            max(c.checked_at) AS checked_at
        FROM (SELECT * FROM access_checks FINAL WHERE role_kind = 'action') AS c
        GROUP BY c.account_id
    ),
    instances AS
    (
        SELECT
            r.account_id AS account_id,
            countIf(r.status = 'CURRENT') > 0 AS is_current,
            minIf(r.current_since, r.status = 'CURRENT') AS current_since,
            argMax(r.status, r.read_at) AS status,
            argMax(r.detailed_status, r.read_at) AS detailed_status,
            argMax(r.status_reason, r.read_at) AS status_reason
        FROM (SELECT * FROM stack_instances FINAL WHERE present) AS r
        GROUP BY r.account_id
    ),
    -- Per expected collector its last complete run over everything that it covers, a run over chosen regions is not one.
    scans AS
    (
        SELECT
            account_id,
            if(uniqExact(collector) = (SELECT count() FROM collectors FINAL WHERE expected AND scope != 'payer'),
                toNullable(min(last_complete_at)), NULL) AS last_successful_scan
        FROM
        (
            SELECT account_id, collector, max(assumeNotNull(finished_at)) AS last_complete_at
            FROM collector_runs FINAL
            WHERE outcome = 'complete' AND finished_at IS NOT NULL AND empty(regions)
                AND collector IN (SELECT collector FROM collectors FINAL WHERE expected AND scope != 'payer')
            GROUP BY account_id, collector
        )
        GROUP BY account_id
    ),
    open_gaps AS
    (
        SELECT account_id, collector, region, severity, message
        FROM
        (
            SELECT
                t.account_id AS account_id,
                t.collector AS collector,
                t.region AS region,
                argMax(multiIf(t.outcome = 'denied', 3, t.outcome = 'failed', 2, 0), tuple(t.started_at, t._version)) AS severity,
                argMax(concat(t.collector, if(t.region = 'global', '', concat('/', t.region)), ': ', t.error_class, ': ', t.action, ': ', t.message),
                    tuple(t.started_at, t._version)) AS message
            FROM (SELECT * FROM run_targets FINAL) AS t
            INNER JOIN
            (
                -- A region that no longer counts is not asked again: only what the last full run asked can be open.
                SELECT account_id, collector, max(started_at) AS started_at
                FROM collector_runs FINAL
                WHERE finished_at IS NOT NULL AND empty(regions) AND outcome != 'skipped'
                GROUP BY account_id, collector
            ) AS last_full ON last_full.account_id = t.account_id AND last_full.collector = t.collector
            WHERE t.started_at >= last_full.started_at
            GROUP BY t.account_id, t.collector, t.region
        )
        WHERE severity > 0
        UNION ALL
        SELECT account_id, collector, '', if(last.2 = '', 1, 2), concat(collector, ': ', if(last.2 = '', 'crashed', last.3), ': ', if(last.2 = '', 'the run has no finish', last.4))
        FROM
        (
            SELECT
                account_id,
                collector,
                argMax(tuple(deadline_at, outcome, error_class, reason, targets), tuple(started_at, attempt)) AS last
            -- A run over chosen regions says nothing of the others, and one that was skipped nothing at all.
            FROM collector_runs FINAL
            WHERE empty(regions) AND outcome != 'skipped'
            GROUP BY account_id, collector
        )
        WHERE (last.2 = 'failed' AND last.5 = 0) OR (last.2 = '' AND last.1 + INTERVAL 5 MINUTE < asked_at)
    ),
    scan_errors AS
    (
        SELECT account_id, argMax(message, tuple(severity, collector, region)) AS last_scan_error
        FROM open_gaps
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
        read_verdict = 'success' AND notEmpty(k.denials), 'denial_not_confirmed',
        read_verdict = 'success', 'role_works',
        read_verdict = 'denied' AND ever_worked, 'denied_after_success',
        read_verdict = 'denied' AND role_was_deployed, 'deployed_but_denied',
        read_verdict = 'denied' AND i.is_current, 'propagating',
        read_verdict = 'denied' AND i.status != '', 'deployment_not_current',
        read_verdict = 'denied', 'never_set_up',
        k.last_check.2 = 'inconclusive', 'check_inconclusive',
        'not_checked') AS status_reason,
    if(f.read_role_override != '', f.read_role_override, f.read_role_arn) AS polo_read_role,
    if(f.action_role_override != '', f.action_role_override, f.action_role_arn) AS polo_action_role,
    sc.last_successful_scan AS last_successful_scan,
    se.last_scan_error AS last_scan_error,
    f.account_role AS account_role,
    f.owner AS owner,
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
    toBool(f.excluded_by_operator) AS excluded_by_operator,
    f.excluded_reason AS excluded_reason,
    f.excluded_by AS excluded_by,
    f.excluded_until AS excluded_until,
    toBool(toString(f.org_state) IN ('SUSPENDED', 'PENDING_CLOSURE', 'CLOSED')) AS org_out,
    multiIf(
        k.last_success_at = epoch AND empty(k.denials), 'none',
        empty(k.denials), 'success',
        k.last_success_at = epoch, 'denied',
        length(k.denials) >= 2 AND dateDiff('second', arrayMin(k.denials), arrayMax(k.denials)) >= denial_confirmation_s, 'denied',
        'success') AS read_verdict,
    toBool(k.ever_worked) AS ever_worked,
    nullIf(k.first_success_at, epoch) AS first_success_at,
    nullIf(k.last_success_at, epoch) AS last_success_at,
    toUInt32(length(k.denials)) AS denials_in_a_row,
    nullIf(k.last_check.1, epoch) AS last_check_at,
    k.last_check.2 AS last_check_verdict,
    k.last_check.3 AS last_check_class,
    k.last_check.4 AS last_check_code,
    k.last_check.5 AS last_check_message,
    -- Due at once where no check counts yet.
    nullIf(k.next_check_at, epoch) AS next_check_at,
    a.verdict AS action_verdict,
    a.error_class AS action_error_class,
    nullIf(a.checked_at, epoch) AS action_checked_at,
    i.status AS stack_status,
    i.detailed_status AS stack_detailed_status,
    i.status_reason AS stack_status_reason,
    toBool(i.is_current AND ifNull(i.current_since + toIntervalSecond(propagation_grace_s) <= asked_at, false)) AS role_was_deployed
FROM facts AS f
LEFT JOIN discoveries AS d ON d.account_id = f.account_id
LEFT JOIN (SELECT account_id, tags FROM account_tags FINAL) AS t ON t.account_id = f.account_id
LEFT JOIN read_checks AS k ON k.account_id = f.account_id
LEFT JOIN action_checks AS a ON a.account_id = f.account_id
LEFT JOIN instances AS i ON i.account_id = f.account_id
LEFT JOIN scans AS sc ON sc.account_id = f.account_id
LEFT JOIN scan_errors AS se ON se.account_id = f.account_id
