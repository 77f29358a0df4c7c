//! What is said while something takes long: a spinner on a terminal, a line now and then elsewhere if it is asked for.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::complain;

/// Where standard error is no terminal, lines are no closer than this.
const BETWEEN_LINES: Duration = Duration::from_secs(15);

/// Shows what is being done until it is dropped.
pub(crate) struct Progress {
    spinner: Option<ProgressBar>,
    last_line: Option<Instant>,
}

impl Progress {
    pub(crate) fn start(doing: &str) -> Self {
        Self {
            spinner: std::io::stderr().is_terminal().then(|| spinner(doing)),
            last_line: None,
        }
    }

    /// Says how far it is, for those who wait long.
    pub(crate) fn update(&mut self, state: &str) {
        match &self.spinner {
            Some(spinner) => spinner.set_message(state.to_owned()),
            None if self
                .last_line
                .is_none_or(|at| at.elapsed() >= BETWEEN_LINES) =>
            {
                complain(state);
                self.last_line = Some(Instant::now());
            }
            None => {}
        }
    }
}

fn spinner(doing: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.set_message(format!("{doing} …"));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}
