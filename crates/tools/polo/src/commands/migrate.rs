//! `polo migrate`. Invariant: can be repeated, waits for another who migrates, and leaves no lock behind where it is
//! interrupted; the schema first, then what it is to hold of this version: the collectors' manifests, and the rule's
//! periods where they are given.

use std::pin::pin;
use std::time::Duration;

use polo_core::CollectorManifest;
use polo_store::Store;
use polo_store::collectors::manifests;
use polo_store::migrations::{
    Holder, MigrationError, MigrationReport, Topology, Turn, migrate_unless,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Migrate;
use crate::error::CliError;
use crate::{environment, output};

pub(crate) async fn run(arguments: &Migrate) -> Result<(), CliError> {
    let store = environment::store().await?;
    let manifests = manifests()?;
    let mut signals = signal(SignalKind::interrupt()).map_err(|error| {
        CliError::Failed(format!(
            "an interruption (Ctrl-C) cannot be awaited: {error}"
        ))
    })?;
    let mut interrupted = pin!(async move {
        signals.recv().await;
    });
    let report = migrate_unless(
        &store,
        &Topology {
            cluster: arguments.cluster.clone(),
        },
        &Turn {
            on_wait: &tell,
            ..Turn::of(format!("polo migrate {}", environment::operator()))
                .waiting(Duration::from_secs(arguments.wait_seconds.into()))
        },
        interrupted.as_mut(),
    )
    .await?;
    tokio::select! {
        outcome = tell_and_register(&store, arguments, &manifests, &report) => outcome,
        () = interrupted => Err(MigrationError::Stopped.into()),
    }
}

/// Says what was done, and records what the schema is to hold of this version.
async fn tell_and_register(
    store: &Store,
    arguments: &Migrate,
    manifests: &[CollectorManifest],
    report: &MigrationReport,
) -> Result<(), CliError> {
    let mut text = String::new();
    for table in &report.adopted {
        text.push_str(&format!("adopted  {table}, which was there already\n"));
    }
    for migration in &report.applied {
        text.push_str(&format!("applied  {migration}\n"));
    }
    text.push_str(&format!(
        "Schema of {}: {} migrations applied now, {} before.\n",
        store.database(),
        report.applied.len(),
        report.already
    ));
    output::print(&text)?;

    store.register_collectors(manifests).await?;
    let ids: Vec<&str> = manifests
        .iter()
        .map(|manifest| manifest.id.as_str())
        .collect();
    let mut text = format!(
        "Collectors expected: {}.\n",
        if ids.is_empty() {
            "none".to_owned()
        } else {
            ids.join(", ")
        }
    );
    let periods = [
        ("propagation_grace", arguments.propagation_grace_seconds),
        ("denial_confirmation", arguments.denial_confirmation_seconds),
    ];
    for (setting, seconds) in periods {
        if let Some(seconds) = seconds {
            store.set_rule_period(setting, seconds).await?;
            text.push_str(&format!("Rule period {setting}: {seconds} s.\n"));
        }
    }
    output::print(&text)
}

/// Told while it waits, beside what it prints.
fn tell(other: &Holder) {
    eprintln!(
        "polo: waits for {}, which has been migrating since {} UTC",
        other.name,
        other.since.format("%Y-%m-%d %H:%M:%S")
    );
}
