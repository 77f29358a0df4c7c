//! What the functions ask, through the store's own functions, so that what is measured is what ships.

use polo_core::{AccountId, CollectorId, Scope};
use polo_store::Store;
use polo_store::billed_calls::{BilledCall, Note};
use polo_store::resources::Origin;
use uuid::Uuid;

use crate::server::Server;

/// How much a question may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All accounts, from states.
    Registry,
    /// Another question about all accounts, from states.
    All,
    /// One account, from states.
    One,
    /// One account's history, by its key.
    Keyed,
}

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Account,
    Registry,
    StatusChanges,
    DispatchStates,
    Notifier,
    Coverage,
    Overview,
    Payers,
    Pays,
    Rollout,
    ProvisioningPause,
    RunRedelivery,
    CheckRedelivery,
    DayBudget,
    RecentRuns,
}

use Question as Q;

pub(crate) const QUESTIONS: [Question; 15] = [
    Q::Account,
    Q::Pays,
    Q::Registry,
    Q::StatusChanges,
    Q::DispatchStates,
    Q::Notifier,
    Q::Coverage,
    Q::Overview,
    Q::Payers,
    Q::Rollout,
    Q::ProvisioningPause,
    Q::RunRedelivery,
    Q::CheckRedelivery,
    Q::DayBudget,
    Q::RecentRuns,
];

impl Question {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Q::Account => "one account",
            Q::Registry => "registry",
            Q::StatusChanges => "status changes",
            Q::DispatchStates => "dispatch states",
            Q::Notifier => "notifier's reads",
            Q::Coverage => "coverage",
            Q::Overview => "page: overview",
            Q::Payers => "payers",
            Q::Pays => "does this account pay",
            Q::Rollout => "rollout",
            Q::ProvisioningPause => "provisioning pause",
            Q::RunRedelivery => "redelivery of a run",
            Q::CheckRedelivery => "redelivery of a check",
            Q::DayBudget => "day's budget",
            Q::RecentRuns => "recent runs and checks",
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Q::Registry => Kind::Registry,
            Q::StatusChanges
            | Q::DispatchStates
            | Q::Notifier
            | Q::Coverage
            | Q::Overview
            | Q::Payers
            | Q::Rollout
            | Q::ProvisioningPause => Kind::All,
            Q::Account | Q::Pays => Kind::One,
            Q::RunRedelivery | Q::CheckRedelivery | Q::DayBudget | Q::RecentRuns => Kind::Keyed,
        }
    }

    /// Asks as the functions ask.
    pub(crate) async fn ask(self, server: &Server, store: &Store, of: &OfAccount) {
        let account = &of.account;
        match self {
            Q::Account => drop(store.account(account).await.unwrap()),
            Q::Registry => drop(store.accounts().await.unwrap()),
            Q::StatusChanges => drop(
                store
                    .copy(&mut store.registry().await.unwrap())
                    .await
                    .unwrap(),
            ),
            Q::DispatchStates => drop(store.dispatch_states().await.unwrap()),
            Q::Coverage => {
                let view = "SELECT * FROM v_account_coverage";
                server.ask(store.database(), view).await;
            }
            Q::Payers => drop(store.paid_accounts().await.unwrap()),
            Q::Rollout => drop(store.rollout().await.unwrap()),
            Q::Notifier => {
                store.version().await.unwrap();
                let accounts = store.accounts().await.unwrap();
                store.open_notices().await.unwrap();
                let gaps = accounts.iter().filter(|a| a.gap().is_some());
                let ids: Vec<AccountId> = gaps.map(|account| account.id().unwrap()).collect();
                let ids: Vec<&AccountId> = ids.iter().collect();
                store.incomplete_collectors(&ids).await.unwrap();
            }
            Q::Overview => {
                store.version().await.unwrap();
                store.accounts().await.unwrap();
                store.organization_nodes().await.unwrap();
                store.last_listings().await.unwrap();
            }
            Q::Pays => drop(store.pays(account).await.unwrap()),
            Q::ProvisioningPause => {
                store.open_provisioning_attempts(STACK_SET).await.unwrap();
                store.provisioning_history(STACK_SET).await.unwrap();
            }
            Q::RunRedelivery => {
                let admission = store.admission(account, &of.collector, of.run, Scope::Region);
                let last = admission.await.unwrap().last_attempt;
                assert!(last.is_some(), "the run is there");
            }
            Q::CheckRedelivery => {
                let checks = [(account.clone(), of.check)];
                let made = store.checks_already_made(&checks).await.unwrap();
                assert_eq!(made, [of.check], "the check is there");
            }
            Q::DayBudget => {
                let origin = Origin {
                    account_id: of.payer.clone(),
                    collector: "cost".parse().unwrap(),
                    run_id: Uuid::nil(),
                };
                let call = BilledCall {
                    origin: &origin,
                    action: "ce:GetCostAndUsage",
                    unit: "request",
                };
                let version = store.version().await.unwrap();
                let note = Note::new(version);
                let noted = store.note_billed_units(&call, note, version, 0, Default::default());
                noted.await.unwrap();
                store.day_usd(&origin, note).await.unwrap();
            }
            Q::RecentRuns => {
                let runs = store.latest_runs(Some(account), 20).await.unwrap();
                let runs: Vec<Uuid> = runs.iter().map(|run| run.run_id).collect();
                store.places_of(account, &runs).await.unwrap();
                store.access_history(account, 20).await.unwrap();
            }
        }
    }
}

const STACK_SET: &str = "prod-polo-roles";

/// What questions about one account ask for.
pub(crate) struct OfAccount {
    account: AccountId,
    payer: AccountId,
    collector: CollectorId,
    run: Uuid,
    check: Uuid,
}

/// Accounts to ask about. Three, because one may lie across two granules of a table.
pub(crate) struct Sample(pub(crate) Vec<OfAccount>);

impl Sample {
    pub(crate) async fn of(server: &Server, store: &Store) -> Self {
        let ask = async |sql: &str| server.ask(store.database(), sql).await;
        let payer = ask("SELECT account_id FROM bench_accounts WHERE kind = 'payer'").await;
        let ids = ask("SELECT account_id FROM bench_accounts WHERE kind = 'well' ORDER BY n").await;
        let ids: Vec<&str> = ids.lines().collect();
        let mut sample = Vec::new();
        for quarter in 1..=3 {
            let id = ids[ids.len() * quarter / 4];
            let one = async |table: &str, columns: &str| {
                let sql =
                    format!("SELECT {columns} FROM {table} WHERE account_id = '{id}' LIMIT 1");
                ask(&sql).await
            };
            let run = one("collector_runs", "concat(collector, ' ', toString(run_id))").await;
            let (collector, run) = run.split_once(' ').unwrap();
            sample.push(OfAccount {
                account: id.parse().unwrap(),
                payer: payer.parse().unwrap(),
                collector: collector.parse().unwrap(),
                run: run.parse().unwrap(),
                check: one("access_checks", "check_id").await.parse().unwrap(),
            });
        }
        Self(sample)
    }
}
