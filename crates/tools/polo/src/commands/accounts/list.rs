//! `polo accounts list`. Invariant: the summary counts all accounts, whichever are shown.

use std::collections::{BTreeMap, HashMap};

use polo_core::Timestamp;
use polo_core::status_reason::{StatusReason, explain};
use polo_report::counts::by_status;
use polo_report::gap::cause;
use polo_store::accounts::AccountRow;

use crate::cli::List;
use crate::error::CliError;
use crate::output::Text;
use crate::table::{self, Screen};
use crate::{environment, json, output, when};

pub(crate) async fn run(arguments: &List) -> Result<(), CliError> {
    let store = environment::store().await?;
    let all = store.accounts().await?;
    let resources = store.resource_counts().await?;
    let counts = by_status(&all)?;
    let chosen: Vec<&AccountRow> = all
        .iter()
        .filter(|account| admits(arguments, account))
        .collect();
    if arguments.json {
        let accounts = chosen
            .iter()
            .map(|account| json::Account::new(account, found(&resources, account)))
            .collect();
        return output::print_json(&json::AccountList::whole(accounts, counts));
    }
    if all.is_empty() {
        return output::print("The registry is empty: run `polo discover`.");
    }
    let screen = Screen::of_process();
    let mut text = account_table(&chosen, &resources, environment::now(), screen);
    if !text.is_empty() {
        text.blank();
    }
    text.append(&screen.sentence(&summary(chosen.len(), all.len(), &counts)));
    output::print(text)
}

/// Whether the filters admit an account; one that is left out admits all.
fn admits(filters: &List, account: &AccountRow) -> bool {
    let any = |wanted: &[&str], value: &str| wanted.is_empty() || wanted.contains(&value);
    let statuses: Vec<&str> = filters.statuses.iter().map(|s| s.as_str()).collect();
    let reasons: Vec<&str> = filters.reasons.iter().map(|r| r.as_str()).collect();
    let own = |filter: &Option<String>, matches: &dyn Fn(&str) -> bool| {
        filter.as_deref().is_none_or(matches)
    };
    any(&statuses, &account.polo_status)
        && any(&reasons, &account.status_reason)
        && own(&filters.ou, &|ou| lies_beneath(account, ou))
        && own(&filters.owner, &|owner| {
            account.owner.to_lowercase() == owner.trim().to_lowercase()
        })
        && own(&filters.name, &|name| {
            account
                .account_name
                .to_lowercase()
                .contains(&name.to_lowercase())
        })
}

/// Whether the account lies in this OU or in one beneath it; an OU is named by its id or by the end of its path.
fn lies_beneath(account: &AccountRow, ou: &str) -> bool {
    let path = |text: &str| format!("/{}/", text.trim_matches('/'));
    account.parents.iter().any(|parent| parent == ou) || path(&account.org_unit).contains(&path(ou))
}

fn found(resources: &HashMap<String, u64>, account: &AccountRow) -> u64 {
    resources
        .get(&account.account_id)
        .copied()
        .unwrap_or_default()
}

/// `2 of 3 accounts match. All 3: 1 active, …`.
fn summary(shown: usize, total: usize, counts: &BTreeMap<&'static str, usize>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    let parts = parts.join(", ");
    let accounts = if total == 1 { "account" } else { "accounts" };
    if shown == total {
        format!("{total} {accounts}: {parts}")
    } else {
        format!("{shown} of {total} {accounts} match. All {total}: {parts}")
    }
}

fn account_table(
    accounts: &[&AccountRow],
    resources: &HashMap<String, u64>,
    now: Timestamp,
    screen: Screen,
) -> Text {
    let mut table = screen
        .table(&[
            "account",
            "name",
            "status",
            "last complete scan",
            "resources",
            "owner",
            "OU",
        ])
        .whole(&[0, 2, 3, 4])
        .spare(&[5, 6])
        .noted("why");
    for account in accounts {
        let last_scan = account
            .last_successful_scan
            .map_or_else(|| "never".to_owned(), |at| when::age(at, now));
        let cells = [
            table::cell(&account.account_id),
            table::cell(&account.account_name),
            table::state(&account.polo_status),
            table::cell(last_scan),
            table::number(found(resources, account)),
            table::cell(&account.owner),
            table::cell(&account.org_unit),
        ];
        table.row(cells, &why(account));
    }
    table.text()
}

/// Why the account has its status, and the worst gap of its scans; nothing for an account without either.
fn why(account: &AccountRow) -> String {
    let reason = &account.status_reason;
    let mut parts = Vec::new();
    if reason != StatusReason::RoleWorks.as_str() {
        let words = explain(reason, &account.last_check_class);
        parts.push(format!("{words} ({reason})"));
    }
    if let Some(gap) = account.gap() {
        let place = [gap.collector, gap.place].join(" ");
        parts.push(format!("{}: {}", place.trim_end(), cause(&gap)));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Accounts, Cli, Command};
    use crate::table::tests::{WIDTHS, assert_fits, screen, words};

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
            is_uncovered: false,
            gap_collector: String::new(),
            gap_place: String::new(),
            gap_class: String::new(),
            gap_action: String::new(),
            gap_message: String::new(),
        }
    }

    fn shown(terminal: Option<u16>) -> Text {
        let mut known = account(
            "333333333333",
            "people",
            "no_access",
            "deployed_but_denied",
            "",
        );
        known.last_check_class = "denied_by_rcp".into();
        let mut with_gap = account(
            "222222222222",
            "a-name-that-nobody-would-call-short-at-all",
            "active",
            "role_works",
            "config_ec2/us-east-1: denied: ec2:DescribeInstances: no",
        );
        with_gap.gap_collector = "config_ec2".into();
        with_gap.gap_place = "us-east-1".into();
        with_gap.gap_class = "denied".into();
        with_gap.gap_action = "ec2:DescribeInstances".into();
        with_gap.gap_message = "no".into();
        let accounts = [
            account("111111111111", "shop", "active", "role_works", ""),
            with_gap,
            known,
        ];
        let accounts: Vec<&AccountRow> = accounts.iter().collect();
        let resources = HashMap::from([("111111111111".to_owned(), 1_204)]);
        let now = "2026-11-21T05:17:00Z".parse().unwrap();
        account_table(&accounts, &resources, now, screen(terminal))
    }

    #[test]
    fn every_width_shows_name_status_and_cause() {
        for terminal in WIDTHS {
            let text = shown(terminal);
            assert_fits(&text, terminal);
            for part in ["shop", "no_access", "control policy (RCP) denies it"] {
                assert!(words(&text).contains(part), "{part}\n{}", text.as_str());
            }
        }
    }

    #[test]
    fn accounts_at_60_and_80_columns_and_piped() {
        let shown = [Some(60), Some(80), None].map(|width| shown(width).as_str().to_owned());
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn a_known_cause_replaces_the_guesses() {
        let text = shown(None);
        assert!(
            text.as_str().contains("(RCP) denies it"),
            "{}",
            text.as_str()
        );
        assert!(
            !text.as_str().contains("external id differs"),
            "{}",
            text.as_str()
        );
    }

    fn is_listed(filters: &[&str]) -> bool {
        let arguments = [&["polo", "accounts", "list"], filters].concat();
        let cli = Cli::try_parse_from(&arguments).unwrap();
        let Command::Accounts(Accounts::List(list)) = cli.command else {
            panic!("{cli:?}");
        };
        let mut account = account("111111111111", "Shop-Staging", "active", "role_works", "");
        account.owner = "Maria".into();
        account.parents = vec![
            "r-ab12".into(),
            "ou-ab12-work".into(),
            "ou-ab12-prod".into(),
        ];
        admits(&list, &account)
    }

    #[test]
    fn filters_admit_what_they_name() {
        for filters in [
            vec![],
            vec!["--status", "active"],
            vec!["--status", "excluded", "--status", "active"],
            vec!["--status", "excluded,active"],
            vec!["--reason", "role_works"],
            vec!["--reason", "suspended,role_works"],
            vec!["--ou", "ou-ab12-work"],
            vec!["--ou", "r-ab12"],
            vec!["--ou", "Root/Workloads"],
            vec!["--ou", "/Workloads/Production/"],
            vec!["--ou", "Production"],
            vec!["--owner", "maria"],
            vec!["--name", "STAG"],
            vec!["--name", "shop", "--owner", "Maria", "--ou", "Root"],
        ] {
            assert!(is_listed(&filters), "{filters:?}");
        }
        for filters in [
            vec!["--status", "excluded"],
            vec!["--reason", "suspended"],
            vec!["--ou", "ou-ab12"],
            vec!["--ou", "Work"],
            vec!["--ou", "production"],
            vec!["--owner", "mari"],
            vec!["--owner", ""],
            vec!["--name", "prod"],
            vec!["--name", "shop", "--owner", "nobody"],
        ] {
            assert!(!is_listed(&filters), "{filters:?}");
        }
    }

    #[test]
    fn the_summary_names_every_status() {
        let accounts = [account("111111111111", "", "active", "", "")];
        let counts = by_status(&accounts).unwrap();
        let all = "1 active, 0 excluded, 0 no_access, 0 pending_setup";
        assert_eq!(summary(1, 1, &counts), format!("1 account: {all}"));
        assert_eq!(
            summary(0, 2, &counts),
            format!("0 of 2 accounts match. All 2: {all}")
        );
    }
}
