//! `local-stack run`: the main job on the example organization, from an empty AWS to the table of accounts.
//!
//! Invariant: it does nothing that a deployment would not do. It loads accounts, sets settings, decides as an operator
//! through `polo`, fires schedules, and waits; what the functions make of it is theirs. At the end every account is
//! compared with the status that the rule gives to its condition, and a difference is a failure.

mod attention;
mod database;
mod example;
mod findings;
mod report;
mod ticks;

use polo_core::text::counted;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::client::{Client, Status};
use crate::error::StackError;
use crate::local::commands;
use crate::local::layout::Layout;
use example::Example;

/// The longest that one schedule's work may take: the example is small.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs the main job; with `once` it ends when the sweep has settled, else it goes on firing the ticks.
pub(crate) async fn run(layout: &Layout, once: bool) -> Result<(), StackError> {
    let client = commands::client(layout)?;
    step("loading the example organization into the local AWS");
    let example = Example::load(layout)?;
    println!(
        "  {} accounts in organization {}",
        example.accounts.len(),
        example.organization_id
    );

    // The OUs' ids are new in every local AWS, so the filter is a setting of this run.
    let organizations = json!([{ "exclude_ous": example.out_of_scope_ou_ids }]).to_string();
    client
        .put(
            "/2015-03-31/functions/account-discovery/configuration",
            &json!({ "Environment": { "Variables": { "POLO_ORGANIZATIONS": organizations } } }),
        )
        .await?;

    fire(
        &client,
        "hourly-discovery",
        "discovering accounts, and checking the new ones",
    )
    .await?;
    step("deciding as an operator: one account is excluded, one has its role elsewhere");
    for account in &example.accounts {
        example::decide(layout, account)?;
    }
    fire(
        &client,
        "access-check-tick",
        "checking access, and reading the StackSet",
    )
    .await?;
    fire(
        &client,
        "daily-sweep",
        "collecting from every active account",
    )
    .await?;
    fire(
        &client,
        "dispatch-tick",
        "collecting what depends on other collectors, and what was missed",
    )
    .await?;
    // What the sweep changed is copied for dashboards by the next tick; so is a role that an operator has just set.
    fire(
        &client,
        "access-check-tick",
        "updating the copy of the registry",
    )
    .await?;

    report::print(layout, &client, &example).await?;
    if once {
        return Ok(());
    }
    ticks::keep_going(&client).await
}

/// Fires a schedule and waits until all that it set off has ended.
async fn fire(client: &Client, schedule: &str, doing: &str) -> Result<(), StackError> {
    let progress = spinner(doing);
    let before = client.status().await?;
    client.fire(schedule, None, None).await?;
    let status = client
        .wait_until_settled(PATIENCE, |status| {
            let busy = status.busy();
            progress.set_message(if busy.is_empty() {
                doing.to_owned()
            } else {
                format!("{doing} ({busy})")
            });
            progress.tick();
        })
        .await?;
    progress.finish_and_clear();
    println!(
        "  {schedule}: {}",
        counted(invocations(&status) - invocations(&before), "invocation")
    );
    Ok(())
}

fn invocations(status: &Status) -> u64 {
    status
        .functions
        .values()
        .map(|function| function.invocations)
        .sum()
}

fn step(doing: &str) {
    println!("{doing} …");
}

/// A spinner on a terminal, a line elsewhere.
fn spinner(doing: &str) -> ProgressBar {
    step(doing);
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    ProgressBar::new_spinner()
        .with_style(ProgressStyle::default_spinner())
        .with_message(doing.to_owned())
}
