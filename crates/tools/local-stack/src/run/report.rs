//! What came of it: the accounts, the runs, what was found and what is missing; and whether every collector has
//! collected and each account is what its condition says.

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
    for (title, sql) in FINDINGS {
        println!("\n{title}");
        for line in query(layout, sql).await?.lines() {
            println!("  {line}");
        }
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
    let silent = query(layout, SILENT).await?;
    let silent = silent
        .lines()
        .map(|collector| format!("{collector}: not complete in any account"));
    let differences = example
        .accounts
        .iter()
        .filter_map(|account| difference(account, &rows));
    let wrong: Vec<String> = silent.chain(differences).collect();
    if wrong.is_empty() {
        println!(
            "\nEvery collector has collected, and every one of the {} accounts is what its condition says.",
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

/// What people ask first, each a title and a query.
const FINDINGS: [(&str, &str); 6] = [
    ("What is missing", MISSING),
    ("Who pays", PAYERS),
    ("What the accounts cost", COSTS),
    ("What the collecting cost", COLLECTING),
    ("What is probably waste", WASTE),
    ("Savings Plans", PLANS),
];

/// The collectors that are expected and have not completed anywhere.
const SILENT: &str = "
    SELECT collector FROM collectors FINAL
    WHERE expected AND collector NOT IN (SELECT collector FROM collector_runs FINAL WHERE outcome = 'complete')
    ORDER BY collector FORMAT TSVRaw";

const PAYERS: &str = "
    SELECT concat(if(payer_account_id = '', 'unknown', payer_account_id), '  ', payer_account_name, ' pays for ',
        toString(length(accounts)), ' accounts', if(visible, '', concat(': ', gap, ': ', explanation)))
    FROM v_payers ORDER BY payer_account_id FORMAT TSVRaw";

const COSTS: &str = "
    SELECT concat(leftPad(toString(round(last_30_days, 2)), 10), ' ', currency, '  in 30 days  ', account_id, '  ', account_name)
    FROM v_cost_by_account ORDER BY last_30_days DESC LIMIT 5 FORMAT TSVRaw";

const COLLECTING: &str = "
    SELECT concat(leftPad(toString(round(sum(cost_usd), 4)), 10), ' USD  for ', toString(sum(units)), ' ', any(unit), 's of ', collector)
    FROM billed_calls FINAL GROUP BY collector ORDER BY collector FORMAT TSVRaw";

const WASTE: &str = "
    SELECT concat(leftPad(toString(count()), 5), '  ', reason, ', for example ', any(account_id), ' ', any(region), ': ', any(why))
    FROM v_idle_resources GROUP BY reason ORDER BY count() DESC, reason FORMAT TSVRaw";

const PLANS: &str = "
    SELECT concat(account_name, '  ', savings_plan_type, ' plan of ', toString(commitment_per_hour), ' ', currency, '/h, ', state, ', ',
        toString(days_left), ' days left, ', ifNull(concat(toString(round(utilization_percent, 1)), ' % used'), 'utilisation not known'))
    FROM v_savings_plans ORDER BY days_left FORMAT TSVRaw";

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
