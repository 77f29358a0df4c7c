//! What `polo --json` prints and the status page answers under `/api`. Invariant: these field names are a contract with
//! other people's programs; times are RFC 3339 in UTC, and what never was is null.

use chrono::{DateTime, Utc};
use polo_core::{ErrorClass, PlaceResult, Region, Timestamp};
use polo_store::accounts::{AccountDetails, AccountRow};
use polo_store::checks::AccessCheck;
use polo_store::runs::LedgerPlace;
use polo_store::settings::StoredSetting;
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::history::AccountHistory;
use crate::standing::standing;

type At = DateTime<Utc>;

/// One account in a list.
#[derive(Debug, Serialize)]
pub struct Account<'a> {
    account_id: &'a str,
    account_name: &'a str,
    account_email: &'a str,
    org_unit: &'a str,
    polo_status: &'a str,
    status_reason: &'a str,
    polo_read_role: &'a str,
    polo_action_role: &'a str,
    last_successful_scan: Option<At>,
    last_scan_error: &'a str,
    resources: u64,
    account_role: &'a str,
    owner: &'a str,
    discovered_at: At,
    organization_id: &'a str,
    org_state: &'a str,
    is_management: bool,
    tags: BTreeMap<&'a str, &'a str>,
    excluded_by_operator: bool,
    excluded_reason: &'a str,
    excluded_by: &'a str,
    excluded_until: Option<At>,
    read_verdict: &'a str,
    ever_worked: bool,
    denials_in_a_row: u32,
    last_check_at: Option<At>,
    last_check_verdict: &'a str,
    last_check_class: &'a str,
    last_check_message: &'a str,
    next_check_at: Option<At>,
    action_verdict: &'a str,
    stack_status: &'a str,
    stack_detailed_status: &'a str,
    stack_status_reason: &'a str,
}

impl<'a> Account<'a> {
    /// A row of `v_accounts` and how many resources are there now.
    pub fn new(row: &'a AccountRow, resources: u64) -> Self {
        Self {
            account_id: &row.account_id,
            account_name: &row.account_name,
            account_email: &row.account_email,
            org_unit: &row.org_unit,
            polo_status: &row.polo_status,
            status_reason: &row.status_reason,
            polo_read_role: &row.polo_read_role,
            polo_action_role: &row.polo_action_role,
            last_successful_scan: row.last_successful_scan,
            last_scan_error: &row.last_scan_error,
            resources,
            account_role: &row.account_role,
            owner: &row.owner,
            discovered_at: row.discovered_at,
            organization_id: &row.organization_id,
            org_state: &row.org_state,
            is_management: row.is_management,
            tags: row
                .tags
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .collect(),
            excluded_by_operator: row.excluded_by_operator,
            excluded_reason: &row.excluded_reason,
            excluded_by: &row.excluded_by,
            excluded_until: row.excluded_until,
            read_verdict: &row.read_verdict,
            ever_worked: row.ever_worked,
            denials_in_a_row: row.denials_in_a_row,
            last_check_at: row.last_check_at,
            last_check_verdict: &row.last_check_verdict,
            last_check_class: &row.last_check_class,
            last_check_message: &row.last_check_message,
            next_check_at: row.next_check_at,
            action_verdict: &row.action_verdict,
            stack_status: &row.stack_status,
            stack_detailed_status: &row.stack_detailed_status,
            stack_status_reason: &row.stack_status_reason,
        }
    }
}

/// Accounts, and how many of all accounts each status has.
#[derive(Debug, Serialize)]
pub struct AccountList<'a> {
    accounts: Vec<Account<'a>>,
    counts: BTreeMap<&'static str, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

impl<'a> AccountList<'a> {
    /// A list that leaves nothing out.
    pub fn whole(accounts: Vec<Account<'a>>, counts: BTreeMap<&'static str, usize>) -> Self {
        Self {
            accounts,
            counts,
            next: None,
        }
    }

    /// One page of a list; `next` is the account after which the next page begins, none on the last.
    pub fn page(
        accounts: Vec<Account<'a>>,
        counts: BTreeMap<&'static str, usize>,
        next: Option<&'a str>,
    ) -> Self {
        Self {
            accounts,
            counts,
            next,
        }
    }
}

/// One account with everything that is known of it.
#[derive(Debug, Serialize)]
pub struct WholeAccount<'a> {
    #[serde(flatten)]
    account: Account<'a>,
    parents: &'a [String],
    partition: &'a str,
    membership: &'a str,
    in_scope: bool,
    joined_at: Option<At>,
    left_at: Option<At>,
    first_success_at: Option<At>,
    last_success_at: Option<At>,
    last_check_code: &'a str,
    action_error_class: &'a str,
    action_checked_at: Option<At>,
    role_was_deployed: bool,
    settings: Vec<Setting<'a>>,
    access_checks: Vec<Check<'a>>,
    runs: Vec<Run<'a>>,
}

impl<'a> WholeAccount<'a> {
    /// Without its history; see [`WholeAccount::with_history`].
    pub fn new(row: &'a AccountRow, details: &'a AccountDetails, resources: u64) -> Self {
        Self {
            account: Account::new(row, resources),
            parents: &row.parents,
            partition: &details.partition,
            membership: &details.membership,
            in_scope: details.in_scope,
            joined_at: details.joined_at,
            left_at: details.left_at,
            first_success_at: details.first_success_at,
            last_success_at: details.last_success_at,
            last_check_code: &details.last_check_code,
            action_error_class: &details.action_error_class,
            action_checked_at: details.action_checked_at,
            role_was_deployed: details.role_was_deployed,
            settings: Vec::new(),
            access_checks: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// The same with what operators decided, its last checks, and its last runs with their targets.
    pub fn with_history(mut self, history: &'a AccountHistory, now: Timestamp) -> Self {
        self.settings = history.settings.iter().map(Setting::new).collect();
        self.access_checks = history.checks.iter().map(Check::new).collect();
        self.runs = history
            .runs
            .iter()
            .map(|run| Run::new(run, now).with_places(&history.places))
            .collect();
        self
    }

    /// Leaves out how the targets of the oldest run ended that still says it; false where none does.
    pub fn drop_oldest_targets(&mut self) -> bool {
        let mut runs = self.runs.iter_mut().rev();
        runs.find_map(|run| run.target_outcomes.take()).is_some()
    }
}

/// One decision of an operator.
#[derive(Debug, Serialize)]
pub struct Setting<'a> {
    setting: &'a str,
    value: &'a str,
    reason: &'a str,
    author: &'a str,
    expires_at: Option<At>,
    updated_at: At,
}

impl<'a> Setting<'a> {
    /// A row of `account_settings`.
    pub fn new(row: &'a StoredSetting) -> Self {
        Self {
            setting: &row.setting,
            value: &row.value,
            reason: &row.reason,
            author: &row.author,
            expires_at: row.expires_at,
            updated_at: row.updated_at,
        }
    }
}

/// One access check.
#[derive(Debug, Serialize)]
pub struct Check<'a> {
    check_id: Uuid,
    role: &'static str,
    role_arn: &'a str,
    checked_at: At,
    verdict: &'static str,
    error_class: &'a str,
    error_code: &'a str,
    message: &'a str,
    assumed_role_arn: &'a str,
    next_check_at: At,
    checked_by: &'a str,
    duration_ms: u32,
}

impl<'a> Check<'a> {
    /// A row of `access_checks`.
    pub fn new(check: &'a AccessCheck) -> Self {
        Self {
            check_id: check.check_id,
            role: check.role.as_str(),
            role_arn: &check.role_arn,
            checked_at: check.checked_at,
            verdict: check.verdict.as_str(),
            error_class: &check.error_class,
            error_code: &check.error_code,
            message: &check.message,
            assumed_role_arn: &check.assumed_role_arn,
            next_check_at: check.next_check_at,
            checked_by: &check.checked_by,
            duration_ms: check.duration_ms,
        }
    }
}

/// One attempt at a run; `outcome` is `running` or `crashed` where it has no finish. `target_outcomes` is absent where it
/// was not asked for, and where an answer would be too large with it.
#[derive(Debug, Serialize)]
pub struct Run<'a> {
    run_id: Uuid,
    attempt: u16,
    sweep_id: Uuid,
    account_id: &'a str,
    collector: &'a str,
    trigger: &'a str,
    request_id: &'a str,
    regions: &'a [Region],
    started_at: At,
    deadline_at: At,
    finished_at: Option<At>,
    duration_ms: Option<i64>,
    outcome: &'a str,
    error_class: &'a str,
    reason: &'a str,
    targets: u32,
    targets_conclusive: u32,
    resources_seen: u64,
    rows_written: u64,
    code_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_outcomes: Option<Vec<Target<'a>>>,
}

impl<'a> Run<'a> {
    /// A row of `collector_runs`, as it stands now.
    pub fn new(run: &'a polo_core::Run, now: Timestamp) -> Self {
        let totals = run.totals();
        let finished_at = run.end.as_ref().map(|end| end.finished_at);
        Self {
            run_id: run.run_id,
            attempt: run.attempt,
            sweep_id: run.sweep_id,
            account_id: run.account_id.as_str(),
            collector: run.collector.as_str(),
            trigger: &run.trigger,
            request_id: &run.request_id,
            regions: &run.regions,
            started_at: run.started_at,
            deadline_at: run.deadline_at,
            finished_at,
            duration_ms: finished_at.map(|finished| (finished - run.started_at).num_milliseconds()),
            outcome: standing(run, now),
            error_class: run.class().map_or("", ErrorClass::as_str),
            reason: run.reason(),
            targets: totals.places,
            targets_conclusive: totals.places_conclusive,
            resources_seen: totals.resources_seen,
            rows_written: totals.rows_written,
            code_version: &run.code_version,
            target_outcomes: None,
        }
    }

    /// The same with how each of its places ended.
    pub fn with_places(mut self, places: &'a [LedgerPlace]) -> Self {
        let own = places
            .iter()
            .filter(|place| place.run_id == self.run_id && place.attempt == self.attempt);
        self.target_outcomes = Some(own.map(|place| Target::new(&place.result)).collect());
        self
    }
}

/// How one place of a run ended.
#[derive(Debug, Serialize)]
struct Target<'a> {
    region: &'a str,
    outcome: &'a str,
    error_class: &'a str,
    action: &'a str,
    message: &'a str,
    started_at: At,
    finished_at: At,
    resources_seen: u64,
    rows_written: u64,
}

impl<'a> Target<'a> {
    fn new(target: &'a PlaceResult) -> Self {
        let outcome = &target.outcome;
        Self {
            region: target.place.as_str(),
            outcome: outcome.as_str(),
            error_class: outcome.class().map_or("", ErrorClass::as_str),
            action: outcome.action(),
            message: outcome.message(),
            started_at: target.started_at,
            finished_at: target.finished_at,
            resources_seen: target.resources_seen,
            rows_written: target.rows_written,
        }
    }
}
