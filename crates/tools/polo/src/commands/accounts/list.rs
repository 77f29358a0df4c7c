//! `polo accounts list`. Invariant: the table fits the terminal; a narrow one gets two lines per account, and the scan
//! errors beneath, because a squeezed column would say nothing.

use std::collections::{BTreeMap, HashMap};

use comfy_table::Cell;
use polo_core::Timestamp;
use polo_report::counts::by_status;
use polo_store::accounts::AccountRow;

use crate::cli::List;
use crate::error::CliError;
use crate::table::{self, Screen};
use crate::{environment, json, output, when};

/// Below this a column for the last scan error has no room.
const WIDE: u16 = 140;

pub(crate) async fn run(arguments: &List) -> Result<(), CliError> {
    let store = environment::store().await?;
    let all = store.accounts().await?;
    let resources = store.resource_counts().await?;
    let counts = by_status(&all)?;
    let chosen: Vec<&AccountRow> = all
        .iter()
        .filter(|account| {
            arguments
                .status
                .is_none_or(|status| account.polo_status == status.as_str())
        })
        .collect();
    if arguments.json {
        let accounts = chosen
            .iter()
            .map(|account| json::Account::new(account, found(&resources, account)))
            .collect();
        return output::print_json(&json::AccountList::whole(accounts, counts));
    }
    if all.is_empty() {
        return output::print("The registry is empty: run `polo discover`.\n");
    }
    let screen = Screen::of_process();
    let mut text = String::new();
    if !chosen.is_empty() {
        text.push_str(&account_table(
            &chosen,
            &resources,
            environment::now(),
            &screen,
        ));
        text.push('\n');
    }
    text.push_str(&summary(all.len(), &counts));
    output::print(&text)
}

fn found(resources: &HashMap<String, u64>, account: &AccountRow) -> u64 {
    resources
        .get(&account.account_id)
        .copied()
        .unwrap_or_default()
}

fn summary(total: usize, counts: &BTreeMap<&'static str, usize>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    let accounts = if total == 1 { "account" } else { "accounts" };
    format!("{total} {accounts}: {}\n", parts.join(", "))
}

fn account_table(
    accounts: &[&AccountRow],
    resources: &HashMap<String, u64>,
    now: Timestamp,
    screen: &Screen,
) -> String {
    if screen.is_narrower_than(WIDE) {
        narrow(accounts, resources, now, screen)
    } else {
        wide(accounts, resources, now, screen)
    }
}

fn last_scan(account: &AccountRow, now: Timestamp) -> String {
    account
        .last_successful_scan
        .map_or_else(|| "never".to_owned(), |at| when::age(at, now))
}

fn wide(
    accounts: &[&AccountRow],
    resources: &HashMap<String, u64>,
    now: Timestamp,
    screen: &Screen,
) -> String {
    let mut table = screen.table(&[
        "account",
        "name",
        "OU",
        "status",
        "reason",
        "last scan",
        "resources",
        "last scan error",
    ]);
    for account in accounts {
        table.add_row(table::row([
            Cell::new(&account.account_id),
            table::cell(&account.account_name),
            table::cell(&account.org_unit),
            table::state(&account.polo_status),
            table::cell(&account.status_reason),
            Cell::new(last_scan(account, now)),
            table::number(found(resources, account)),
            table::cell(&account.last_scan_error),
        ]));
    }
    table::keep_whole(&mut table, &[0, 3, 4, 5, 6]);
    table::at_most(&mut table, &[1, 2], 15);
    table::text(&table)
}

fn narrow(
    accounts: &[&AccountRow],
    resources: &HashMap<String, u64>,
    now: Timestamp,
    screen: &Screen,
) -> String {
    let mut table = screen.table(&["account", "name", "status", "last scan", "resources"]);
    for account in accounts {
        table.add_row(table::row([
            Cell::new(&account.account_id),
            table::cell(&account.account_name),
            table::state(&account.polo_status),
            Cell::new(last_scan(account, now)),
            table::number(found(resources, account)),
        ]));
        table.add_row(table::row([
            Cell::new(""),
            table::cell(&account.org_unit),
            table::cell(&account.status_reason),
            Cell::new(""),
            Cell::new(""),
        ]));
    }
    table::keep_whole(&mut table, &[0, 2, 3, 4]);
    let failing: Vec<String> = accounts
        .iter()
        .filter(|account| !account.last_scan_error.is_empty())
        .map(|account| format!("{} {}", account.account_id, account.last_scan_error))
        .collect();
    table::text(&table) + &table::beneath(screen, "last scan errors", &failing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, name: &str, status: &str, reason: &str, error: &str) -> AccountRow {
        AccountRow {
            account_id: id.into(),
            account_name: name.into(),
            account_email: String::new(),
            org_unit: "Root/Workloads/Production".into(),
            polo_status: status.into(),
            status_reason: reason.into(),
            polo_read_role: String::new(),
            polo_action_role: String::new(),
            last_successful_scan: error
                .is_empty()
                .then(|| "2026-11-21T03:00:00Z".parse().unwrap()),
            last_scan_error: error.into(),
            account_role: String::new(),
            owner: String::new(),
            discovered_at: Timestamp::default(),
            organization_id: String::new(),
            org_state: "ACTIVE".into(),
            is_management: false,
            parents: Vec::new(),
            tags: Vec::new(),
            excluded_by_operator: false,
            excluded_reason: String::new(),
            excluded_by: String::new(),
            excluded_until: None,
            read_verdict: String::new(),
            ever_worked: false,
            denials_in_a_row: 0,
            last_check_at: None,
            last_check_verdict: String::new(),
            last_check_class: String::new(),
            last_check_message: String::new(),
            next_check_at: None,
            action_verdict: String::new(),
            stack_status: String::new(),
            stack_detailed_status: String::new(),
            stack_status_reason: String::new(),
        }
    }

    fn shown(width: Option<u16>) -> String {
        let accounts = [
            account("111111111111", "shop", "active", "role_works", ""),
            account(
                "222222222222",
                "a-name-that-nobody-would-call-short-at-all",
                "no_access",
                "denied_after_success",
                "config_ec2/us-east-1: denied: ec2:DescribeInstances: User: arn:aws:sts::222222222222:assumed-role/dev-PoloReadRole/polo \
                 is not authorized to perform: ec2:DescribeInstances with an explicit deny in a service control policy",
            ),
        ];
        let accounts: Vec<&AccountRow> = accounts.iter().collect();
        let resources = HashMap::from([("111111111111".to_owned(), 1_204)]);
        let now = "2026-11-21T05:17:00Z".parse().unwrap();
        account_table(
            &accounts,
            &resources,
            now,
            &Screen {
                width,
                colour: false,
            },
        )
    }

    #[test]
    fn every_width_is_kept() {
        for width in [80, 100, 140, 200] {
            let text = shown(Some(width));
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= usize::from(width), "{widest} > {width}\n{text}");
            assert!(
                text.contains("111111111111") && text.contains("denied_after_success"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_narrow_terminal_gets_the_errors_beneath() {
        insta::assert_snapshot!(shown(Some(80)));
    }

    #[test]
    fn a_wide_terminal_gets_one_line_per_account() {
        insta::assert_snapshot!(shown(Some(160)));
    }

    #[test]
    fn without_a_terminal_nothing_is_shortened() {
        assert!(shown(None).contains("explicit deny in a service control policy"));
    }

    #[test]
    fn the_summary_names_every_status() {
        let accounts = [account("111111111111", "", "active", "", "")];
        let counts = by_status(&accounts).unwrap();
        assert_eq!(
            summary(1, &counts),
            "1 account: 1 active, 0 excluded, 0 no_access, 0 pending_setup\n"
        );
    }
}
