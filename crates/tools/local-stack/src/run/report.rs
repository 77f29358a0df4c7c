//! The report of `run`: what needs attention first, then counts and findings, then what to do next. It fails if a collector has not
//! collected, or if an account is not what its condition says.

use polo_core::text::counted;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::attention::{self, Incident};
use super::database::Database;
use super::example::{Example, ExampleAccount};
use super::findings;
use crate::client::Client;
use crate::error::StackError;
use crate::local::layout::Layout;
use crate::local::up;
use crate::screen::{self, Screen};

#[derive(Deserialize)]
struct Row {
    account_id: String,
    polo_status: String,
    status_reason: String,
    resources: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Count {
    what: String,
    number: u64,
}

/// Prints the report.
pub(crate) async fn print(
    layout: &Layout,
    client: &Client,
    example: &Example,
) -> Result<(), StackError> {
    let database = Database::of(layout)?;
    let screen = Screen::of_process();
    let mut lines = vec![String::new()];
    lines.extend(attention::lines(&Incident::all(&database).await?, screen));
    lines.push(String::new());
    lines.extend(screen.paragraph(&count(&database, ACCOUNTS, "account").await?, "", "  "));
    lines.extend(screen.paragraph(&count(&database, RUNS, "run").await?, "", "  "));
    let dead = client.status().await?.dead_letters;
    if dead > 0 {
        lines.push(format!(
            "{}: see .local/logs.",
            counted(dead, "dead letter")
        ));
    }
    let incomplete = database.cells(INCOMPLETE).await?;
    if !incomplete.is_empty() {
        lines.extend(screen.columns(&incomplete));
    }
    lines.extend(findings::lines(&database, screen).await?);

    let wrong = differences(&database, example).await?;
    if wrong.is_empty() {
        let accounts = counted(example.accounts.len() as u64, "account");
        let verdict = format!(
            "As expected: every run ended as its account's condition says, and all {accounts} have the status of their condition."
        );
        lines.push(String::new());
        lines.extend(screen.paragraph(&verdict, "", "  "));
        lines.extend(next_steps(up::page(layout)?, example, screen));
    }
    screen::show(&lines)?;
    if wrong.is_empty() {
        return Ok(());
    }
    Err(StackError::Refused {
        message: format!(
            "not what the example expects; to start again: `make down run`\n  {}",
            wrong.join("\n  ")
        ),
    })
}

/// `26 accounts: 13 active, 6 excluded.`
async fn count(database: &Database, sql: &str, thing: &str) -> Result<String, StackError> {
    let counts: Vec<Count> = database.rows(sql).await?;
    let all: u64 = counts.iter().map(|count| count.number).sum();
    let parts: Vec<String> = counts
        .iter()
        .map(|count| format!("{} {}", count.number, count.what.replace('_', " ")))
        .collect();
    Ok(format!("{}: {}.", counted(all, thing), parts.join(", ")))
}

fn next_steps(page: Option<String>, example: &Example, screen: Screen) -> Vec<String> {
    let waiting = example
        .accounts
        .iter()
        .find(|account| account.condition == "never_set_up");
    let mut steps = vec![
        (
            "Load the stack's settings",
            "set -a; source .local/env; set +a".to_owned(),
        ),
        (
            "See every account",
            "target/debug/polo accounts list".to_owned(),
        ),
    ];
    if let Some(account) = waiting {
        let id = &account.account_id;
        steps.push((
            "Deploy a missing role",
            format!("target/debug/polo roles deploy --account {id}"),
        ));
        steps.push((
            "Check its access",
            format!("target/debug/polo verify --account {id}"),
        ));
    }
    steps.push((
        "Invoke functions while you edit them",
        "make watch".to_owned(),
    ));
    steps.extend(page.map(|page| ("Open the status page", page)));
    steps.push(("Stop the stack", "make down".to_owned()));
    let mut lines = vec![String::new(), "Next".to_owned()];
    for (what, command) in steps {
        lines.extend(screen.paragraph(&format!("{what}: {command}"), "  ", "      "));
    }
    lines
}

/// What is not as the example expects.
async fn differences(database: &Database, example: &Example) -> Result<Vec<String>, StackError> {
    let rows: Vec<Row> = database.rows(FOUND).await?;
    let rows: BTreeMap<&str, &Row> = rows
        .iter()
        .map(|row| (row.account_id.as_str(), row))
        .collect();
    let silent = database.cells(SILENT).await?;
    let silent = silent
        .iter()
        .flatten()
        .map(|collector| format!("{collector}: complete in no account"));
    let accounts = example
        .accounts
        .iter()
        .filter_map(|account| difference(account, rows.get(account.account_id.as_str()).copied()));
    Ok(silent.chain(accounts).collect())
}

fn difference(account: &ExampleAccount, row: Option<&Row>) -> Option<String> {
    let who = format!(
        "{} {} ({})",
        account.account_id, account.name, account.condition
    );
    let Some(row) = row else {
        return Some(format!("{who}: not in the registry"));
    };
    let expected = (
        account.expected_polo_status.as_str(),
        account.expected_status_reason.as_str(),
    );
    let found = (row.polo_status.as_str(), row.status_reason.as_str());
    if expected != found {
        return Some(format!(
            "{who}: {} ({}), expected {} ({})",
            found.0, found.1, expected.0, expected.1
        ));
    }
    let resources = account.expected_resources.as_ref()?;
    let expected: BTreeMap<&String, &u64> =
        resources.iter().filter(|(_, count)| **count > 0).collect();
    let found: BTreeMap<&String, &u64> = row.resources.iter().collect();
    (expected != found).then(|| format!("{who}: resources {found:?}, expected {expected:?}"))
}

const ACCOUNTS: &str = "
    SELECT toString(polo_status) AS what, count() AS number FROM v_accounts GROUP BY what ORDER BY number DESC, what";

const RUNS: &str = "
    SELECT toString(outcome) AS what, count() AS number FROM collector_runs FINAL GROUP BY what ORDER BY number DESC, what";

/// The runs that are not complete, by outcome and account.
const INCOMPLETE: &str = "
    SELECT r.outcome, a.account_name, arrayStringConcat(arraySort(groupUniqArray(r.collector)), ', ')
    FROM (SELECT account_id, toString(collector) AS collector, toString(outcome) AS outcome FROM collector_runs FINAL WHERE outcome != 'complete') AS r
    INNER JOIN v_accounts AS a USING account_id
    GROUP BY r.outcome, a.account_name ORDER BY r.outcome, a.account_name";

/// The collectors that are expected and have not completed anywhere.
const SILENT: &str = "
    SELECT collector FROM collectors FINAL
    WHERE expected AND collector NOT IN (SELECT collector FROM collector_runs FINAL WHERE outcome = 'complete')
    ORDER BY collector";

const FOUND: &str = "
    SELECT account_id, polo_status, status_reason, found.resources AS resources
    FROM v_accounts
    LEFT JOIN
    (
        SELECT account_id, mapFromArrays(groupArray(kind), groupArray(n)) AS resources
        FROM (SELECT account_id, toString(resource_type) AS kind, count() AS n FROM v_resources GROUP BY account_id, kind)
        GROUP BY account_id
    ) AS found USING account_id
    ORDER BY account_id";
