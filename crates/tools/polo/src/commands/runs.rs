//! `polo runs`: the ledger's latest runs. Invariant: a run without a finish is running until its time is up, and has
//! crashed after that.

use polo_core::{ErrorClass, Region, Run, Timestamp};
use polo_report::gap::cause_in_words;
use polo_report::standing::standing;
use polo_store::runs::RunFilter;
use serde::Serialize;

use crate::cli::Runs;
use crate::commands::find;
use crate::error::CliError;
use crate::table::{self, Screen, Table, joined};
use crate::{environment, json, output, when};

#[derive(Debug, Serialize)]
struct RunList<'a> {
    runs: Vec<json::Run<'a>>,
}

pub(crate) async fn run(arguments: &Runs) -> Result<(), CliError> {
    let now = environment::now();
    let since = arguments
        .since
        .as_deref()
        .map(|text| when::since(text, now))
        .transpose()
        .map_err(CliError::Usage)?;
    let store = environment::store().await?;
    let account = match &arguments.account {
        Some(account) => Some(find::id_in(&store, account).await?),
        None => None,
    };
    if let Some(account) = &account {
        // Otherwise an id that nobody knows would look like an account without runs.
        store.account(account).await?;
    }
    let filter = RunFilter {
        account_id: account.as_ref(),
        collector: arguments.collector.as_deref(),
        since,
        standing: arguments.outcome.map(|outcome| (outcome, now)),
    };
    let runs = store.runs(&filter, arguments.limit).await?;
    if arguments.json {
        return output::print_json(&RunList {
            runs: runs.iter().map(|run| json::Run::new(run, now)).collect(),
        });
    }
    if runs.is_empty() {
        return output::print(none(arguments));
    }
    let mut text = run_table(&runs, now, Screen::of_process()).text();
    if u32::try_from(runs.len()) == Ok(arguments.limit) {
        text.blank();
        text.line(format!(
            "The latest {}; for more, pass a higher --limit.",
            runs.len()
        ));
    }
    output::print(text)
}

/// No run was found: which were looked for.
fn none(arguments: &Runs) -> String {
    let account = arguments.account.as_ref().map(ToString::to_string);
    let filters: Vec<String> = [
        ("account", account.as_deref()),
        ("collector", arguments.collector.as_deref()),
        ("outcome", arguments.outcome),
        ("since", arguments.since.as_deref()),
    ]
    .into_iter()
    .filter_map(|(flag, value)| Some(format!("--{flag} {}", value?)))
    .collect();
    if filters.is_empty() {
        "There is no run yet.".to_owned()
    } else {
        format!("There is no run with {}.", filters.join(" "))
    }
}

/// Runs with their reasons.
pub(crate) fn run_table(runs: &[Run], now: Timestamp, screen: Screen) -> Table {
    let mut table = screen
        .table(&[
            "started (UTC)",
            "account",
            "collector",
            "outcome",
            "targets",
            "resources",
            "rows",
            "took",
            "trigger",
        ])
        .whole(&[0, 1, 2, 3, 4])
        .spare(&[5, 6, 7, 8])
        .noted("why");
    for run in runs {
        let standing = standing(run, now);
        let trigger = match run.attempt {
            1 => run.trigger.clone(),
            attempt => format!("{}, attempt {attempt}", run.trigger),
        };
        let took = run
            .end
            .as_ref()
            .map(|end| when::span(run.started_at, end.finished_at));
        let totals = run.totals();
        let cells = [
            table::cell(when::minute(run.started_at)),
            table::cell(run.account_id.as_str()),
            table::cell(run.collector.as_str()),
            table::state(standing),
            table::cell(format!("{}/{}", totals.places_conclusive, totals.places)),
            table::number(totals.resources_seen),
            table::number(totals.rows_written),
            table::cell(took.unwrap_or_default()),
            table::cell(trigger),
        ];
        table.row(cells, &reason(run, standing));
    }
    table
}

/// The cause in words, then the call and what AWS answered.
fn reason(run: &Run, standing: &str) -> String {
    let crashed = match standing {
        "crashed" => "no finish was recorded in time",
        _ => "",
    };
    let class = run.class().map_or("", ErrorClass::as_str);
    let text = joined(&[crashed, &cause_in_words(class, ""), run.reason()]);
    if run.regions.is_empty() {
        return text;
    }
    let regions: Vec<&str> = run.regions.iter().map(Region::as_str).collect();
    let only = format!("only {}", regions.join(", "));
    match text.as_str() {
        "" => only,
        text => format!("{text} ({only})"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use polo_core::{RunEnd, RunOutcome, Totals};
    use uuid::Uuid;

    use super::*;
    use crate::output::Text;
    use crate::table::tests::{WIDTHS, assert_fits, screen, words};

    fn run(collector: &str, outcome: Option<RunOutcome>) -> Run {
        let started_at: Timestamp = "2026-11-21T05:00:00Z".parse().unwrap();
        Run {
            run_id: Uuid::nil(),
            attempt: 1,
            sweep_id: Uuid::nil(),
            account_id: "111111111111".parse().unwrap(),
            collector: collector.parse().unwrap(),
            trigger: "schedule".into(),
            request_id: String::new(),
            regions: Vec::new(),
            started_at,
            deadline_at: started_at + TimeDelta::minutes(15),
            end: outcome.map(|outcome| RunEnd {
                finished_at: started_at + TimeDelta::seconds(125),
                outcome,
                reason: "User: arn:aws:sts::111111111111:assumed-role/dev-PoloReadRole/polo is not authorized".to_owned(),
                totals: Totals {
                    places: 17,
                    places_conclusive: 16,
                    resources_seen: 123_456,
                    rows_written: 234_567,
                },
            }),
            code_version: String::new(),
        }
    }

    fn shown(terminal: Option<u16>) -> Text {
        let mut only = run("cloudwatch_metrics", Some(RunOutcome::Complete));
        only.end.as_mut().unwrap().reason.clear();
        only.regions = vec!["us-east-1".parse().unwrap()];
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
        run_table(&runs, now, screen(terminal)).text()
    }

    #[test]
    fn every_width_shows_outcome_and_reason() {
        for terminal in WIDTHS {
            let text = shown(terminal);
            assert_fits(&text, terminal);
            for part in [
                "cloudwatch_metrics",
                "crashed",
                "a service control policy (SCP) denies it: ",
            ] {
                assert!(words(&text).contains(part), "{part}\n{}", text.as_str());
            }
        }
    }

    #[test]
    fn runs_at_60_and_80_columns_and_piped() {
        let shown = [Some(60), Some(80), None].map(|width| shown(width).as_str().to_owned());
        insta::assert_snapshot!(shown.join("\n"));
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
