//! `polo roles status`: how the StackSet's rollout stands.
//!
//! Invariant: what is shown is what the tables hold, the StackSet's instances as the verifier last listed them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use polo_core::Timestamp;
use polo_store::provisioning::RolloutRow;
use serde::Serialize;

use crate::cli::rollout::Status;
use crate::error::CliError;
use crate::output::Text;
use crate::table::{self, Cell, Screen};
use crate::{environment, output, when};

/// One account for programs.
#[derive(Debug, Serialize)]
struct Rollout<'a> {
    account_id: &'a str,
    account_name: &'a str,
    polo_status: &'a str,
    status_reason: &'a str,
    is_management: bool,
    stack_status: &'a str,
    stack_detailed_status: &'a str,
    stack_status_reason: &'a str,
    last_attempt_at: Option<DateTime<Utc>>,
    last_attempt_action: &'a str,
    last_attempt_outcome: &'a str,
    last_attempt_reason: &'a str,
    failed_attempts: u32,
}

impl<'a> From<&'a RolloutRow> for Rollout<'a> {
    fn from(row: &'a RolloutRow) -> Self {
        Self {
            account_id: &row.account_id,
            account_name: &row.account_name,
            polo_status: &row.polo_status,
            status_reason: &row.status_reason,
            is_management: row.is_management,
            stack_status: &row.stack_status,
            stack_detailed_status: &row.stack_detailed_status,
            stack_status_reason: &row.stack_status_reason,
            last_attempt_at: row.last_attempt_at,
            last_attempt_action: &row.last_attempt_action,
            last_attempt_outcome: &row.last_attempt_outcome,
            last_attempt_reason: &row.last_attempt_reason,
            failed_attempts: row.failed_attempts,
        }
    }
}

#[derive(Debug, Serialize)]
struct RolloutList<'a> {
    accounts: Vec<Rollout<'a>>,
}

pub(crate) async fn status(arguments: &Status) -> Result<(), CliError> {
    let rows = environment::store().await?.rollout().await?;
    if arguments.json {
        return output::print_json(&RolloutList {
            accounts: rows.iter().map(Rollout::from).collect(),
        });
    }
    if rows.is_empty() {
        return output::print("The registry is empty: run `polo discover`.\n");
    }
    let screen = Screen::of_process();
    let mut text = rollout_table(&rows, environment::now(), screen);
    text.blank();
    text.append(&screen.sentence(&summary(&rows)));
    output::print(text)
}

/// The instance in words; what follows a status is why it is not what it should be.
fn instance(row: &RolloutRow) -> String {
    match (
        row.stack_status.as_str(),
        row.stack_detailed_status.as_str(),
    ) {
        ("", _) if row.is_management => "skipped".to_owned(),
        ("", _) => "none".to_owned(),
        ("CURRENT", _) => "current".to_owned(),
        (status, "") => status.to_lowercase(),
        (status, detailed) => format!("{}, {}", status.to_lowercase(), detailed.to_lowercase()),
    }
}

fn last_attempt(row: &RolloutRow, now: Timestamp) -> String {
    let Some(at) = row.last_attempt_at else {
        return String::new();
    };
    format!(
        "{} {}, {}",
        row.last_attempt_action,
        row.last_attempt_outcome,
        when::age(at, now)
    )
}

/// AWS's reason, of the instance or else of the last attempt; what is current needs none.
fn why(row: &RolloutRow) -> &str {
    if row.stack_status == "CURRENT" {
        return "";
    }
    if row.is_management && row.stack_status.is_empty() {
        return "StackSets skip the management account; the roles stack makes its roles";
    }
    if row.stack_status_reason.is_empty() {
        &row.last_attempt_reason
    } else {
        &row.stack_status_reason
    }
}

fn failed(row: &RolloutRow) -> Cell {
    match row.failed_attempts {
        0 => table::cell(""),
        failed => table::number(failed),
    }
}

fn rollout_table(rows: &[RolloutRow], now: Timestamp, screen: Screen) -> Text {
    let mut table = screen
        .table(&[
            "account",
            "name",
            "status",
            "instance",
            "last attempt",
            "failed",
            "reason",
        ])
        .whole(&[0, 2, 3])
        .spare(&[5, 6])
        .noted("why");
    for row in rows {
        let cells = [
            table::cell(&row.account_id),
            table::cell(&row.account_name),
            table::state(&row.polo_status),
            table::cell(instance(row)),
            table::cell(last_attempt(row, now)),
            failed(row),
            table::cell(&row.status_reason),
        ];
        table.row(cells, why(row));
    }
    table.text()
}

fn summary(rows: &[RolloutRow]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(instance(row)).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(instance, count)| format!("{count} {instance}"))
        .collect();
    format!("Stack instances: {}", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::table::tests::{WIDTHS, assert_fits, screen};

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn row(id: &str, status: &str, stack: (&str, &str, &str)) -> RolloutRow {
        RolloutRow {
            account_id: id.into(),
            account_name: "shop".into(),
            polo_status: status.into(),
            status_reason: "deployment_not_current".into(),
            is_management: false,
            stack_status: stack.0.into(),
            stack_detailed_status: stack.1.into(),
            stack_status_reason: stack.2.into(),
            last_attempt_at: None,
            last_attempt_action: String::new(),
            last_attempt_outcome: String::new(),
            last_attempt_reason: String::new(),
            failed_attempts: 0,
        }
    }

    fn rows() -> Vec<RolloutRow> {
        let mut current = row("111111111111", "active", ("CURRENT", "SUCCEEDED", ""));
        current.status_reason = "role_works".into();
        let mut failed = row(
            "222222222222",
            "pending_setup",
            (
                "OUTDATED",
                "FAILED",
                "ResourceStatusReason:Role dev-PoloReadRole already exists.",
            ),
        );
        failed.last_attempt_at = Some(now() - TimeDelta::hours(3));
        failed.last_attempt_action = "update".into();
        failed.last_attempt_outcome = "failed".into();
        failed.last_attempt_reason = "told by the instance already".into();
        failed.failed_attempts = 2;
        let mut refused = row("333333333333", "pending_setup", ("", "", ""));
        refused.status_reason = "never_set_up".into();
        refused.last_attempt_at = Some(now() - TimeDelta::minutes(5));
        refused.last_attempt_action = "create".into();
        refused.last_attempt_outcome = "refused".into();
        refused.last_attempt_reason = "cloudformation:CreateStackInstances failed (denied)".into();
        let mut management = row("444444444444", "active", ("", "", ""));
        management.is_management = true;
        management.status_reason = "role_works".into();
        vec![current, failed, refused, management]
    }

    #[test]
    fn every_width_is_kept() {
        for terminal in WIDTHS {
            let text = rollout_table(&rows(), now(), screen(terminal));
            assert_fits(&text, terminal);
            assert!(text.as_str().contains("outdated, failed"), "{text:?}");
        }
    }

    #[test]
    fn rollout_at_80_columns_and_piped() {
        let shown = [Some(80), None].map(|width| rollout_table(&rows(), now(), screen(width)));
        insta::assert_snapshot!(shown.map(|text| text.as_str().to_owned()).join("\n"));
    }

    #[test]
    fn the_summary_counts_instances() {
        assert_eq!(
            summary(&rows()),
            "Stack instances: 1 current; 1 none; 1 outdated, failed; 1 skipped"
        );
    }
}
