//! `polo runs`: the ledger's latest runs. Invariant: a run without a finish is running until its time is up, and has
//! crashed after that.

use comfy_table::Cell;
use polo_core::Timestamp;
use polo_report::standing::standing;
use polo_store::runs::RunRow;
use serde::Serialize;

use crate::cli::Runs;
use crate::error::CliError;
use crate::table::{self, Screen};
use crate::{environment, json, output, when};

/// Below this a column for the reason has no room.
const WIDE: u16 = 140;

#[derive(Debug, Serialize)]
struct RunList<'a> {
    runs: Vec<json::Run<'a>>,
}

pub(crate) async fn run(arguments: &Runs) -> Result<(), CliError> {
    let store = environment::store().await?;
    if let Some(account) = &arguments.account {
        // Otherwise an id that nobody knows would look like an account without runs.
        store.account(account).await?;
    }
    let runs = store
        .latest_runs(arguments.account.as_ref(), arguments.limit)
        .await?;
    let now = environment::now();
    if arguments.json {
        return output::print_json(&RunList {
            runs: runs.iter().map(|run| json::Run::new(run, now)).collect(),
        });
    }
    if runs.is_empty() {
        let of = arguments
            .account
            .as_ref()
            .map(|account| format!(" of account {account}"))
            .unwrap_or_default();
        return output::print(&format!("There is no run{of} yet.\n"));
    }
    output::print(&run_table(&runs, now, &Screen::of_process()))
}

/// Runs as a table; a narrow one has the reasons beneath.
pub(crate) fn run_table(runs: &[RunRow], now: Timestamp, screen: &Screen) -> String {
    if screen.is_narrower_than(WIDE) {
        narrow(runs, now, screen)
    } else {
        wide(runs, now, screen)
    }
}

fn wide(runs: &[RunRow], now: Timestamp, screen: &Screen) -> String {
    let mut table = screen.table(&[
        "started (UTC)",
        "account",
        "collector",
        "trigger",
        "outcome",
        "targets",
        "resources",
        "rows",
        "took",
        "why",
    ]);
    for run in runs {
        let standing = standing(run, now);
        let trigger = match run.attempt {
            1 => run.trigger.clone(),
            attempt => format!("{}, attempt {attempt}", run.trigger),
        };
        let took = run
            .finished_at
            .map(|finished| when::span(run.started_at, finished));
        table.add_row(table::row([
            Cell::new(when::second(run.started_at)),
            Cell::new(&run.account_id),
            table::cell(&run.collector),
            table::cell(trigger),
            table::state(standing),
            Cell::new(targets(run)),
            table::number(run.resources_seen),
            table::number(run.rows_written),
            Cell::new(took.unwrap_or_default()),
            table::cell(reason(run, standing)),
        ]));
    }
    table::keep_whole(&mut table, &[0, 1, 2, 4, 5, 6, 7, 8]);
    table::at_most(&mut table, &[3], 10);
    table::text(&table)
}

fn narrow(runs: &[RunRow], now: Timestamp, screen: &Screen) -> String {
    let mut table = screen.table(&[
        "started (UTC)",
        "account",
        "collector",
        "outcome",
        "targets",
        "resources",
    ]);
    let mut reasons = Vec::new();
    for run in runs {
        let standing = standing(run, now);
        table.add_row(table::row([
            Cell::new(when::minute(run.started_at)),
            Cell::new(&run.account_id),
            table::cell(&run.collector),
            table::state(standing),
            Cell::new(targets(run)),
            table::number(run.resources_seen),
        ]));
        let reason = reason(run, standing);
        if !reason.is_empty() {
            reasons.push(format!("{} {} {reason}", run.account_id, run.collector));
        }
    }
    table::keep_whole(&mut table, &[0, 1, 3, 4, 5]);
    table::text(&table) + &table::beneath(screen, "why", &reasons)
}

/// How many of the run's targets are conclusive, of how many.
fn targets(run: &RunRow) -> String {
    format!("{}/{}", run.targets_conclusive, run.targets)
}

fn reason(run: &RunRow, standing: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    if standing == "crashed" {
        parts.push("no finish was recorded in time");
    }
    parts.extend(
        [run.error_class.as_str(), run.reason.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty()),
    );
    let mut text = parts.join(": ");
    if !run.regions.is_empty() {
        let only = format!("only {}", run.regions.join(", "));
        text = if text.is_empty() {
            only
        } else {
            format!("{text} ({only})")
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use polo_core::RunOutcome;
    use uuid::Uuid;

    use super::*;

    fn run(collector: &str, outcome: Option<RunOutcome>) -> RunRow {
        let started_at: Timestamp = "2026-11-21T05:00:00Z".parse().unwrap();
        let mut run = RunRow {
            run_id: Uuid::nil(),
            attempt: 1,
            sweep_id: Uuid::nil(),
            account_id: "111111111111".into(),
            collector: collector.into(),
            trigger: "schedule".into(),
            request_id: String::new(),
            regions: Vec::new(),
            started_at,
            deadline_at: started_at + TimeDelta::minutes(15),
            finished_at: None,
            outcome: String::new(),
            error_class: String::new(),
            reason: String::new(),
            targets: 17,
            targets_conclusive: 16,
            resources_seen: 123_456,
            rows_written: 234_567,
            code_version: String::new(),
            _version: 1,
        };
        if let Some(outcome) = outcome {
            let reason = "User: arn:aws:sts::111111111111:assumed-role/dev-PoloReadRole/polo is not authorized".to_owned();
            run.set_outcome(&outcome, reason, started_at + TimeDelta::seconds(125));
        }
        run
    }

    fn shown(width: Option<u16>) -> String {
        let mut only = run("config_sagemaker", Some(RunOutcome::Complete));
        only.reason = String::new();
        only.regions = vec!["us-east-1".into()];
        only.attempt = 2;
        let runs = [
            run("config_ec2", None),
            run(
                "config_ec2",
                Some(RunOutcome::Failed(polo_core::ErrorClass::DeniedByScp)),
            ),
            only,
        ];
        let now = "2026-11-21T05:20:01Z".parse().unwrap();
        run_table(
            &runs,
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
                text.contains("crashed") && text.contains("failed"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_narrow_terminal_gets_the_reasons_beneath() {
        insta::assert_snapshot!(shown(Some(80)));
    }

    #[test]
    fn a_wide_terminal_gets_one_line_per_run() {
        insta::assert_snapshot!(shown(Some(160)));
    }

    #[test]
    fn a_run_crashes_five_minutes_after_its_deadline_and_no_earlier() {
        let run = run("config_ec2", None);
        assert_eq!(
            standing(&run, run.deadline_at + TimeDelta::minutes(5)),
            "running"
        );
        assert_eq!(
            standing(&run, run.deadline_at + TimeDelta::seconds(301)),
            "crashed"
        );
    }
}
