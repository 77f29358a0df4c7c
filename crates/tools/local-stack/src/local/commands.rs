//! `down`, `fire`, `status`, `settle`. INVARIANT: each can be repeated; `down` succeeds where nothing runs.

use crate::client::Client;
use crate::error::StackError;
use crate::local::layout::Layout;
use crate::local::service::Service;
use crate::local::{env_file, process, readiness, up};
use crate::screen::{self, Screen};
use polo_core::text::counted;

/// Stops the stack.
pub(crate) fn down(layout: &Layout) -> Result<(), StackError> {
    if !layout.run().is_dir() {
        println!("The local stack is not running.");
        return Ok(());
    }
    let _lock = up::lock(layout)?;
    let stopped = up::stop_all(layout)?;
    match stopped.as_slice() {
        [] => println!("The local stack is not running."),
        _ => println!(
            "Stopped: {}.",
            stopped
                .iter()
                .map(|service| service.title())
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
    Ok(())
}

/// A client of the running stack.
pub(crate) fn client(layout: &Layout) -> Result<Client, StackError> {
    let path = layout.env_file();
    if !path.is_file() {
        return Err(StackError::NotRunning);
    }
    env_file::require(&path, "LAMBDA_ENDPOINT_URL").map(Client::new)
}

/// Fires a schedule and prints what was delivered.
pub(crate) async fn fire(
    layout: &Layout,
    schedule: &str,
    time: Option<&str>,
    id: Option<&str>,
) -> Result<(), StackError> {
    let fired = client(layout)?.fire(schedule, time, id).await?;
    let text = |key: &str| fired[key].as_str().unwrap_or_default();
    println!(
        "Fired {} (event {}, time {}):",
        text("rule"),
        text("event_id"),
        text("time")
    );
    for delivery in fired["deliveries"].as_array().into_iter().flatten() {
        let function = delivery["function"].as_str().unwrap_or_default();
        match (delivery["request_id"].as_str(), delivery["error"].as_str()) {
            (Some(request), _) => println!(
                "  {function}, request {request}, log {}",
                layout.log(function).display()
            ),
            (None, error) => println!("  {function}: not delivered, {}", error.unwrap_or_default()),
        }
    }
    Ok(())
}

/// Prints services and functions; fails where a service is missing.
pub(crate) async fn status(layout: &Layout) -> Result<(), StackError> {
    let screen = Screen::of_process();
    let mut lines = Vec::new();
    let mut all_well = true;
    for service in Service::ALL {
        let record = service.load(layout)?.filter(process::lives);
        let state = match &record {
            None => "not running".to_owned(),
            Some(record) if readiness::answers(service, &record.url).await => {
                format!("{} (pid {})", record.url, record.pid)
            }
            Some(record) => format!(
                "does not answer (pid {}, log {})",
                record.pid,
                layout.log(service.name()).display()
            ),
        };
        all_well &= record.is_some();
        lines.push(format!("{:<21} {state}", service.title()));
    }
    if !all_well {
        screen::show(&lines)?;
        return Err(StackError::NotRunning);
    }
    let status = client(layout)?.status().await?;
    let rows: Vec<Vec<String>> = status
        .functions
        .iter()
        .map(|(id, function)| {
            let numbers = [
                function.running,
                function.queued,
                function.retrying,
                function.invocations,
                function.errors,
                function.retries,
            ];
            let numbers = numbers.iter().map(u64::to_string);
            std::iter::once(id.clone()).chain(numbers).collect()
        })
        .collect();
    let headings = [
        "function",
        "running",
        "queued",
        "retrying",
        "invocations",
        "errors",
        "retries",
    ];
    lines.push(String::new());
    lines.extend(screen.table(&headings, &rows));
    lines.push(String::new());
    lines.push(format!(
        "{}, {}, {}",
        counted(status.events, "event"),
        counted(status.dead_letters, "dead letter"),
        if status.settled { "settled" } else { "working" }
    ));
    screen::show(&lines)
}

/// Waits until everything has settled, printing what is still going on where that changes.
pub(crate) async fn settle(layout: &Layout, seconds: u64) -> Result<(), StackError> {
    let mut last = String::new();
    let status = client(layout)?
        .wait_until_settled(std::time::Duration::from_secs(seconds), |status| {
            let busy = status.busy();
            if busy != last && !busy.is_empty() {
                println!("{busy}");
            }
            last = busy;
        })
        .await?;
    println!(
        "Settled: {}, {}.",
        counted(status.events, "event"),
        counted(status.dead_letters, "dead letter")
    );
    Ok(())
}
