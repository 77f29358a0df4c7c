//! What came of it: the accounts, the runs, what is missing, and whether each account is what its condition says.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::example::{Example, polo};
use crate::client::Client;
use crate::error::StackError;
use crate::local::env_file;
use crate::local::layout::Layout;

#[derive(Deserialize)]
struct Row {
    account_id: String,
    polo_status: String,
    status_reason: String,
    resources: BTreeMap<String, u64>,
}

/// Prints the tables; fails where an account is not what its condition says.
pub(crate) async fn print(
    layout: &Layout,
    client: &Client,
    example: &Example,
) -> Result<(), StackError> {
    println!("\nAccounts");
    polo(layout, &["accounts", "list"])?;
    println!("\nRuns");
    polo(layout, &["runs", "--limit", "60"])?;
    println!("\nWhat is missing");
    for line in query(layout, MISSING).await?.lines() {
        println!("  {line}");
    }
    let status = client.status().await?;
    println!("\nDead letters: {}", status.dead_letters);

    let rows: BTreeMap<String, Row> = query(layout, FOUND)
        .await?
        .lines()
        .map(|line| serde_json::from_str::<Row>(line).map(|row| (row.account_id.clone(), row)))
        .collect::<Result<_, _>>()
        .map_err(|error| StackError::Refused {
            message: format!("the registry cannot be read: {error}"),
        })?;
    let wrong: Vec<String> = example
        .accounts
        .iter()
        .filter_map(|account| difference(account, &rows))
        .collect();
    if wrong.is_empty() {
        println!(
            "\nEvery one of the {} accounts is what its condition says.",
            example.accounts.len()
        );
        return Ok(());
    }
    Err(StackError::Refused {
        message: format!("not what their condition says:\n  {}", wrong.join("\n  ")),
    })
}

fn difference(
    account: &super::example::ExampleAccount,
    rows: &BTreeMap<String, Row>,
) -> Option<String> {
    let who = format!(
        "{} {} ({})",
        account.account_id, account.name, account.condition
    );
    let Some(row) = rows.get(&account.account_id) else {
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

const FOUND: &str = "
    SELECT account_id, polo_status, status_reason, found.resources AS resources
    FROM v_accounts
    LEFT JOIN
    (
        SELECT account_id, mapFromArrays(groupArray(kind), groupArray(n)) AS resources
        FROM (SELECT account_id, toString(resource_type) AS kind, count() AS n FROM v_resources GROUP BY account_id, kind)
        GROUP BY account_id
    ) AS found USING account_id
    ORDER BY account_id
    FORMAT JSONEachRow
    SETTINGS output_format_json_quote_64bit_integers = 0";

const MISSING: &str = "
    SELECT concat(account_id, '  ', account_name, '  ', polo_status,
        if(last_scan_error = '', concat('  ', status_reason), concat('  ', substring(last_scan_error, 1, 100), '…')))
    FROM v_account_coverage INNER JOIN (SELECT account_id, status_reason FROM v_accounts) AS a USING account_id
    ORDER BY polo_status, account_id FORMAT TSVRaw";

/// Asks the stack's ClickHouse as a dashboard would.
async fn query(layout: &Layout, sql: &str) -> Result<String, StackError> {
    let environment = env_file::read(&layout.env_file())?;
    let value = |key: &str| environment.get(key).cloned().unwrap_or_default();
    let url = value("CLICKHOUSE_URL");
    let unreachable = |source: reqwest::Error| StackError::Unreachable {
        url: url.clone(),
        source,
    };
    let response = reqwest::Client::new()
        .post(&url)
        .header("X-ClickHouse-Database", value("CLICKHOUSE_DATABASE"))
        .body(sql.to_owned())
        .send()
        .await
        .map_err(unreachable)?;
    let success = response.status().is_success();
    let text = response.text().await.map_err(unreachable)?;
    if success {
        Ok(text)
    } else {
        Err(StackError::Refused { message: text })
    }
}
