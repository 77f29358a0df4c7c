//! When a service is ready: it has said where it listens, and answers there. INVARIANT: a service that ended is reported with its last words,
//! never waited for.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::StackError;
use crate::local::layout::Layout;
use crate::local::process;
use crate::local::process::Record;
use crate::local::service::Service;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// For a start, on a machine that may be compiling beside it.
const PATIENCE: Duration = Duration::from_secs(120);

/// How much of a log an error shows.
const TAIL_LINES: usize = 12;

/// Waits for the service and returns its address.
pub(super) async fn wait(
    layout: &Layout,
    service: Service,
    record: &Record,
) -> Result<String, StackError> {
    let log = layout.log(service.name());
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(url) = announced(&log)
            && answers(service, &url).await
        {
            return Ok(url);
        }
        if !process::lives(record) {
            return Err(StackError::Ended {
                service: service.name(),
                tail: tail(&log),
                log,
            });
        }
        if Instant::now() >= deadline {
            return Err(StackError::NotReady {
                service: service.name(),
                seconds: PATIENCE.as_secs(),
                log,
            });
        }
        sleep(PAUSE).await;
    }
}

/// Whether the service is well.
pub(super) async fn answers(service: Service, url: &str) -> bool {
    let request = reqwest::Client::new()
        .get(format!("{url}{}", service.ping()))
        .timeout(Duration::from_secs(5));
    request
        .send()
        .await
        .is_ok_and(|response| response.status().is_success())
}

/// The address in the service's announcement: `... on http://HOST:PORT`, complete with its line's end.
fn announced(log: &Path) -> Option<String> {
    let text = fs::read_to_string(log).ok()?;
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .find_map(|line| {
            let (_, rest) = line.split_once(" on http://")?;
            let address = rest.split([',', ' ', '\n', '/']).next()?;
            Some(format!("http://{address}"))
        })
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcement_found_once_complete() {
        let log = tempfile::NamedTempFile::new().unwrap();
        fs::write(log.path(), "warming up\nlocal AWS on http://localhost:4").unwrap();
        assert_eq!(announced(log.path()), None);
        fs::write(
            log.path(),
            "warming up\nlocal AWS on http://localhost:41, hub account 1\n",
        )
        .unwrap();
        assert_eq!(announced(log.path()).unwrap(), "http://localhost:41");
    }
}
