//! `polo migrate`. Invariant: it can be repeated, waits for another migration, and leaves no lock behind if it is
//! interrupted. First comes the schema, then what it holds of this version: the collectors' manifests, and the periods of
//! the status rule if they are given. How long history is kept is part of the schema.

use polo_core::text::counted;
use std::pin::pin;
use std::time::Duration;

use polo_core::CollectorManifest;
use polo_store::Store;
use polo_store::collectors::manifests;
use polo_store::migrations::{
    Holder, MigrationError, MigrationReport, Topology, Turn, migrate_unless,
};
use polo_store::retention::RetentionChange;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Migrate;
use crate::error::CliError;
use crate::output::Text;
use crate::{environment, output};

pub(crate) async fn run(arguments: &Migrate) -> Result<(), CliError> {
    let store = environment::store().await?;
    let manifests = manifests()?;
    let mut signals = signal(SignalKind::interrupt())
        .map_err(|error| CliError::Failed(format!("Ctrl-C cannot be handled: {error}")))?;
    let mut interrupted = pin!(async move {
        signals.recv().await;
    });
    let report = migrate_unless(
        &store,
        &Topology {
            cluster: arguments.cluster.clone(),
        },
        &change(arguments),
        &Turn {
            on_wait: &say_who_migrates,
            ..Turn::of(format!("polo migrate {}", environment::operator()))
                .waiting(Duration::from_secs(arguments.wait_seconds.into()))
        },
        interrupted.as_mut(),
    )
    .await?;
    tokio::select! {
        outcome = report_and_register(&store, arguments, &manifests, &report) => outcome,
        () = interrupted => Err(MigrationError::Stopped.into()),
    }
}

/// What the flags say of retention.
fn change(arguments: &Migrate) -> RetentionChange {
    RetentionChange {
        run_days: arguments.run_retention_days,
        history_days: arguments.history_retention_days,
        gone_days: arguments.gone_retention_days,
        expire_adopted: arguments.adopted_history,
    }
}

/// More migrations than this are counted, not listed.
const LISTED: usize = 10;

/// Says what was done, and records what the schema holds of this version.
async fn report_and_register(
    store: &Store,
    arguments: &Migrate,
    manifests: &[CollectorManifest],
    report: &MigrationReport,
) -> Result<(), CliError> {
    let mut text = Text::default();
    for table in &report.adopted {
        text.line(format!("Adopted table {table}, which was there already."));
    }
    if report.applied.len() <= LISTED {
        for migration in &report.applied {
            text.line(format!("Applied {migration}."));
        }
    }
    text.line(format!(
        "The schema of {} is up to date: {} applied now, {} before.",
        store.database(),
        counted(report.applied.len(), "migration"),
        report.already
    ));
    output::print(text)?;

    store.register_collectors(manifests).await?;
    let ids: Vec<&str> = manifests
        .iter()
        .map(|manifest| manifest.id.as_str())
        .collect();
    let mut text = Text::from(format!(
        "Expected {}: {}.",
        counted(ids.len(), "collector"),
        ids.join(", ")
    ));
    let periods = [
        ("propagation_grace", arguments.propagation_grace_seconds),
        ("denial_confirmation", arguments.denial_confirmation_seconds),
    ];
    for (setting, seconds) in periods {
        if let Some(seconds) = seconds {
            store.set_rule_period(setting, seconds).await?;
            text.line(format!(
                "The period {setting} of the status rule is now {seconds} s."
            ));
        }
    }
    if change(arguments) != RetentionChange::default() {
        let kept = store.retention().await?;
        text.line(format!(
            "Runs are kept for {} days, history for {}, resources that are gone for {}. Adopted tables {}.",
            kept.run_days,
            kept.history_days,
            kept.gone_days,
            if kept.expire_adopted {
                "expire too"
            } else {
                "keep their rows"
            }
        ));
    }
    output::print(text)
}

fn say_who_migrates(other: &Holder) {
    output::complain(format!(
        "waiting for {}, which has been migrating since {} UTC",
        other.name,
        other.since.format("%Y-%m-%d %H:%M:%S")
    ));
}
