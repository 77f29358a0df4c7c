//! Accounts and times for the tests of this crate's pure parts.

use chrono::{DateTime, TimeDelta};
use polo_core::Timestamp;
use polo_store::accounts::AccountRow;

pub(crate) fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

/// So many hours after an account of [`account`] was discovered.
pub(crate) fn at(hour: i64) -> Timestamp {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + hours(hour)
}

/// An account with this status.
pub(crate) fn account(id: &str, status: &str, reason: &str) -> AccountRow {
    let text = String::new;
    AccountRow {
        account_id: id.to_owned(),
        account_name: format!("account {id}"),
        account_email: text(),
        org_unit: text(),
        polo_status: status.to_owned(),
        status_reason: reason.to_owned(),
        polo_read_role: format!("arn:aws:iam::{id}:role/dev-PoloReadRole"),
        polo_action_role: text(),
        last_successful_scan: None,
        last_scan_error: text(),
        account_role: text(),
        owner: text(),
        discovered_at: at(0),
        organization_id: "o-exampleorgid".to_owned(),
        org_state: "ACTIVE".to_owned(),
        is_management: false,
        parents: Vec::new(),
        tags: Vec::new(),
        excluded_by_operator: false,
        excluded_reason: text(),
        excluded_by: text(),
        excluded_until: None,
        read_verdict: text(),
        ever_worked: false,
        denials_in_a_row: 0,
        last_check_at: None,
        last_check_verdict: text(),
        last_check_class: text(),
        last_check_message: text(),
        next_check_at: None,
        action_verdict: text(),
        stack_status: text(),
        stack_detailed_status: text(),
        stack_status_reason: text(),
        is_uncovered: false,
        gap_collector: text(),
        gap_place: text(),
        gap_class: text(),
        gap_action: text(),
        gap_message: text(),
    }
}

/// Gives an account this gap, written as `collector[/place]: class[: action]: message`; nothing means none.
pub(crate) fn set_gap(account: &mut AccountRow, gap: &str) {
    account.last_scan_error = gap.to_owned();
    let mut parts = gap.splitn(4, ": ").map(str::to_owned).collect::<Vec<_>>();
    if parts.len() == 3 {
        parts.insert(2, String::new());
    }
    parts.resize(4, String::new());
    let (collector, place) = parts[0].split_once('/').unwrap_or((&parts[0], ""));
    account.gap_collector = collector.to_owned();
    account.gap_place = place.to_owned();
    [account.gap_class, account.gap_action, account.gap_message] =
        [parts[1].clone(), parts[2].clone(), parts[3].clone()];
}
