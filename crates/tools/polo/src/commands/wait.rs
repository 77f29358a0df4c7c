//! `polo dispatch --wait`: the runs of a sweep, followed until all have ended or the time is up.
//!
//! Invariant: a run has ended if its newest attempt has; Lambda may repeat a failed one later, which is not waited for.

use polo_core::text::counted;
use std::collections::HashMap;
use std::time::Duration;

use polo_core::{ErrorClass, Run};
use polo_report::standing::standing;
use polo_store::Store;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::error::CliError;
use crate::output::Text;
use crate::progress::Progress;
use crate::table::Screen;
use crate::words::parts;
use crate::{environment, json};

const POLL: Duration = Duration::from_secs(1);
/// Runs that are listed at most.
const LISTED: usize = 20;

/// How the runs of a sweep stand.
pub(crate) struct Sweep {
    asked: usize,
    /// Each run's newest attempt, and how it stands.
    runs: Vec<(Run, &'static str)>,
    waited: Duration,
}

/// Waits for the runs that the dispatcher's answer names.
pub(crate) async fn for_runs(
    store: &Store,
    answer: &Value,
    limit: Duration,
) -> Result<Sweep, CliError> {
    let sweep_id = answer["sweep_id"]
        .as_str()
        .and_then(|id| Uuid::parse_str(id).ok());
    let asked = answer["asked"]
        .as_u64()
        .and_then(|asked| usize::try_from(asked).ok());
    let (Some(sweep_id), Some(asked)) = (sweep_id, asked) else {
        return Err(CliError::Failed(
            "the dispatcher's answer names no sweep, so its runs cannot be followed: see `polo runs`"
                .to_owned(),
        ));
    };
    let begin = Instant::now();
    let mut progress = Progress::start("waiting for runs");
    loop {
        let runs = newest(store.runs_of_sweep(sweep_id).await?);
        let sweep = Sweep {
            asked,
            runs,
            waited: begin.elapsed(),
        };
        if sweep.open() == 0 || sweep.waited >= limit {
            return Ok(sweep);
        }
        progress.update(&format!(
            "{} of {} ended",
            asked - sweep.open(),
            counted(asked, "run")
        ));
        sleep(POLL.min(limit - sweep.waited)).await;
    }
}

fn newest(attempts: Vec<Run>) -> Vec<(Run, &'static str)> {
    let mut runs: HashMap<Uuid, Run> = HashMap::new();
    for attempt in attempts {
        let known = runs.get(&attempt.run_id);
        if known.is_none_or(|known| known.attempt < attempt.attempt) {
            runs.insert(attempt.run_id, attempt);
        }
    }
    let now = environment::now();
    let mut runs: Vec<(Run, &'static str)> = runs
        .into_values()
        .map(|run| {
            let standing = standing(&run, now);
            (run, standing)
        })
        .collect();
    runs.sort_by(|(a, _), (b, _)| {
        (&a.account_id, &a.collector).cmp(&(&b.account_id, &b.collector))
    });
    runs
}

impl Sweep {
    fn count(&self, standing: &str) -> usize {
        self.runs.iter().filter(|(_, own)| *own == standing).count()
    }

    /// Runs that have not ended, whether they have begun or not.
    fn open(&self) -> usize {
        let ended = self.runs.len() - self.count("running");
        self.asked.saturating_sub(ended)
    }

    /// Whether any run is not complete.
    pub(crate) fn is_short(&self) -> bool {
        self.count("complete") < self.asked
    }

    pub(crate) fn json(&self) -> Result<Value, CliError> {
        let now = environment::now();
        let runs: Vec<json::Run<'_>> = self
            .runs
            .iter()
            .map(|(run, _)| json::Run::new(run, now))
            .collect();
        serde_json::to_value(runs).map_err(|error| {
            CliError::Failed(format!("the runs cannot be written as JSON: {error}"))
        })
    }

    /// What came of the runs, and which are not complete.
    pub(crate) fn text(&self, screen: Screen) -> Text {
        let mut text = Text::default();
        let states = ["complete", "partial", "failed", "crashed", "skipped"];
        let ended = parts(states.map(|state| (self.count(state), state)));
        match (self.open(), ended.as_str()) {
            (0, ended) => text.line(format!("All ended: {ended}.")),
            (open, "") => text.line(format!(
                "None ended within {} s: {} still to come.",
                self.waited.as_secs(),
                counted(open, "run")
            )),
            (open, ended) => text.line(format!(
                "After {} s: {ended}, and {} still to come.",
                self.waited.as_secs(),
                counted(open, "run")
            )),
        }
        let short =
            |(_, standing): &&(Run, &str)| *standing != "complete" && *standing != "running";
        let mut listed = 0;
        for (run, standing) in self.runs.iter().filter(short) {
            listed += 1;
            if listed <= LISTED {
                let class = run.class().map_or("", ErrorClass::as_str);
                let cause = [class, run.reason()];
                let cause: Vec<&str> = cause.into_iter().filter(|part| !part.is_empty()).collect();
                let line = format!(
                    "{} {} {standing}: {}",
                    run.account_id,
                    run.collector,
                    cause.join(": ")
                );
                text.line(screen.shorten(line.trim_end_matches([':', ' '])));
            }
        }
        if listed > LISTED {
            text.line(format!("and {} more: see `polo runs`", listed - LISTED));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use polo_core::{RunEnd, RunOutcome, Timestamp, Totals};

    use super::*;

    const SCREEN: Screen = Screen {
        width: 200,
        color: false,
    };

    fn run(id: u128, attempt: u16, outcome: Option<RunOutcome>) -> Run {
        let started_at: Timestamp = environment::now();
        Run {
            run_id: Uuid::from_u128(id),
            attempt,
            sweep_id: Uuid::nil(),
            account_id: "111111111111".parse().unwrap(),
            collector: format!("collector_{id}").parse().unwrap(),
            trigger: "manual".into(),
            request_id: String::new(),
            regions: Vec::new(),
            started_at,
            deadline_at: started_at + TimeDelta::minutes(15),
            end: outcome.map(|outcome| RunEnd {
                finished_at: started_at,
                outcome,
                reason: "why".to_owned(),
                totals: Totals::default(),
            }),
            code_version: String::new(),
        }
    }

    fn sweep(asked: usize, attempts: Vec<Run>) -> Sweep {
        Sweep {
            asked,
            runs: newest(attempts),
            waited: Duration::from_secs(90),
        }
    }

    #[test]
    fn the_newest_attempt_of_a_run_counts() {
        let failed = RunOutcome::Failed(ErrorClass::Network);
        let repeated = sweep(
            1,
            vec![
                run(1, 2, Some(RunOutcome::Complete)),
                run(1, 1, Some(failed)),
            ],
        );
        assert!(!repeated.is_short() && repeated.open() == 0);
        assert_eq!(repeated.text(SCREEN).as_str(), "All ended: 1 complete.\n");
    }

    #[test]
    fn runs_that_did_not_begin_are_open() {
        let sweep = sweep(
            4,
            vec![
                run(1, 1, Some(RunOutcome::Complete)),
                run(2, 1, None),
                run(3, 1, Some(RunOutcome::Failed(ErrorClass::Denied))),
            ],
        );
        assert!(sweep.is_short());
        assert_eq!(sweep.open(), 2);
        assert_eq!(
            sweep.text(SCREEN).as_str(),
            "After 90 s: 1 complete, 1 failed, and 2 runs still to come.\n\
             111111111111 collector_3 failed: denied: why\n"
        );
    }
}
