//! Writers of one account at once: no operator's edit is lost, no field wiped, `discovered_at` never moves, and the
//! copy ends as the truth, however slow one of its makers is.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on should stop, and these read the time as the engine beside them does"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use polo_core::reconcile::{AccountFacts, Membership, Reconciliation};
use polo_core::{AccountId, RoleKind, Run, RunEnd, RunOutcome, Totals, Verdict, Version};
use polo_store::Store;
use polo_store::checks::AccessCheck;
use polo_store::settings::Setting;
use polo_testkit::clickhouse::fresh_store;
use polo_testkit::relay::Relay;
use polo_testkit::sql;
use uuid::Uuid;

const ACCOUNT: &str = "123456789012";
/// Odd, so that the last decision excludes.
const ROUNDS: u32 = 25;

fn id() -> AccountId {
    ACCOUNT.parse().unwrap()
}

fn facts(name: &str) -> AccountFacts {
    AccountFacts {
        account_id: id(),
        organization_id: "o-test".into(),
        partition: "aws".into(),
        account_name: name.into(),
        account_email: "root@example.com".into(),
        org_state: "ACTIVE".into(),
        membership: Membership::Member,
        in_scope: true,
        is_management: false,
        parents: vec!["r-test".into()],
        org_unit: "Root".into(),
        joined_at: None,
        joined_method: "CREATED".into(),
        read_role_arn: format!("arn:aws:iam::{ACCOUNT}:role/dev-PoloReadRole")
            .parse()
            .unwrap(),
        action_role_arn: None,
        reinstated_at: None,
        left_at: None,
    }
}

fn newly_found(facts: AccountFacts) -> Reconciliation {
    Reconciliation {
        discovered: vec![facts],
        ..Reconciliation::default()
    }
}

async fn discover(store: &Store, name: &str) {
    let version = store.version().await.unwrap();
    let found = newly_found(facts(name));
    store.apply(version, Utc::now(), &found).await.unwrap();
    store
        .copy(&mut store.registry().await.unwrap())
        .await
        .unwrap();
}

async fn verify(store: &Store, verdict: Verdict) {
    let checked_at = Utc::now();
    let check = AccessCheck {
        check_id: Uuid::new_v4(),
        account_id: id(),
        role: RoleKind::Read,
        role_arn: String::new(),
        checked_at,
        verdict,
        error_class: String::new(),
        error_code: String::new(),
        message: String::new(),
        assumed_role_arn: String::new(),
        next_check_at: checked_at + TimeDelta::days(1),
        checked_by: "test".into(),
        duration_ms: 1,
    };
    store.write_access_checks(&[check]).await.unwrap();
    store
        .copy(&mut store.registry().await.unwrap())
        .await
        .unwrap();
}

async fn collect(store: &Store) {
    let mut run = Run {
        run_id: Uuid::new_v4(),
        attempt: 1,
        sweep_id: Uuid::new_v4(),
        account_id: id(),
        collector: "config_ec2".parse().unwrap(),
        trigger: "manual".into(),
        request_id: String::new(),
        regions: vec![],
        started_at: Utc::now(),
        deadline_at: Utc::now() + TimeDelta::minutes(1),
        end: None,
        code_version: String::new(),
    };
    let version = store.version().await.unwrap();
    store.write_run(&run, version).await.unwrap();
    run.end = Some(RunEnd {
        finished_at: Utc::now(),
        outcome: RunOutcome::Complete,
        reason: String::new(),
        totals: Totals::default(),
    });
    let version = store.version().await.unwrap();
    store.write_run(&run, version).await.unwrap();
    store.copy_account(&id()).await.unwrap();
}

/// What the copy shows has to be what the truth says.
async fn assert_copy_is_the_truth(store: &Store) {
    let of = |table: &str, scan: &str| {
        format!(
            "SELECT toString(tuple(account_name, account_email, org_unit, polo_status, polo_read_role, polo_action_role,
                {scan}, last_scan_error, account_role, owner, discovered_at, organization_id, status_reason)) FROM {table}"
        )
    };
    let truth = of(
        "v_accounts",
        "ifNull(last_successful_scan, toDateTime64(0, 3, 'UTC'))",
    );
    let copy = of("aws_accounts FINAL", "last_successful_scan");
    assert_eq!(
        sql::text(store, &copy).await,
        sql::text(store, &truth).await
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_edit_is_lost_whoever_writes_at_the_same_time() {
    let store = fresh_store().await;
    discover(&store, "first").await;
    let discovered_at = store.account(&id()).await.unwrap().discovered_at;
    let done = Arc::new(AtomicBool::new(false));

    let machines: Vec<_> = (0..3)
        .map(|machine| {
            let (store, done) = (store.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut turns = 0_u32;
                while !done.load(Ordering::Relaxed) {
                    match machine {
                        0 => discover(&store, &format!("name {turns}")).await,
                        1 => {
                            verify(
                                &store,
                                if turns.is_multiple_of(2) {
                                    Verdict::Success
                                } else {
                                    Verdict::Inconclusive
                                },
                            )
                            .await
                        }
                        _ => collect(&store).await,
                    }
                    turns += 1;
                }
                turns
            })
        })
        .collect();
    // Two operators: one excludes and includes, the other edits the rest.
    let excluding = {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                let reason = format!("round {round}");
                let decision = if round % 2 == 0 {
                    Setting::Excluded {
                        reason,
                        until: None,
                    }
                } else {
                    Setting::Included { reason }
                };
                store.decide(&id(), "maria", &[decision]).await.unwrap();
                let shown = sql::text(&store, "SELECT polo_status FROM aws_accounts FINAL").await;
                assert_eq!(
                    shown == "excluded",
                    round % 2 == 0,
                    "round {round} shows {shown}"
                );
            }
        })
    };
    let role = "arn:aws:iam::123456789012:role/team/reader";
    for round in 0..ROUNDS {
        let settings = [
            Setting::Owner(format!("owner {round}")),
            Setting::AccountRole("customer".into()),
            Setting::ReadRole(Some(role.parse().unwrap())),
        ];
        store.decide(&id(), "ben", &settings).await.unwrap();
        let shown = sql::text(&store, "SELECT owner FROM aws_accounts FINAL").await;
        assert_eq!(shown, format!("owner {round}"));
    }
    excluding.await.unwrap();
    done.store(true, Ordering::Relaxed);
    for machine in machines {
        assert!(machine.await.unwrap() > 1, "every writer wrote meanwhile");
    }

    let account = store.account(&id()).await.unwrap();
    assert_eq!(
        (
            account.polo_status.as_str(),
            account.excluded_reason.as_str()
        ),
        ("excluded", format!("round {}", ROUNDS - 1).as_str())
    );
    assert_eq!(
        (account.owner.as_str(), account.account_role.as_str()),
        (format!("owner {}", ROUNDS - 1).as_str(), "customer")
    );
    assert_eq!(
        (
            account.polo_read_role.as_str(),
            account.account_email.as_str()
        ),
        (role, "root@example.com")
    );
    assert_eq!(account.discovered_at, discovered_at);
    store
        .copy(&mut store.registry().await.unwrap())
        .await
        .unwrap();
    assert_copy_is_the_truth(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_copy_never_overwrites_a_newer_one() {
    let store = fresh_store().await;
    discover(&store, "first").await;
    let edits = [
        (
            Setting::Excluded {
                reason: "while a copy is slow".into(),
                until: None,
            },
            "excluded",
        ),
        // Back to what the slow copy's table shows: a copy that wrote only differences would leave nothing newer.
        (
            Setting::Included {
                reason: "back".into(),
            },
            "pending_setup",
        ),
        (Setting::Owner("platform".into()), "pending_setup"),
    ];
    for (edit, status) in edits {
        // The engine has answered, and the answer is on its way: what it says is old when the edit is made.
        let relay = Relay::to_engine().await;
        let slow_store = relay.store(&store);
        let answer = relay.hold_answer("FROM v_accounts");
        let slow = tokio::spawn(async move {
            let mut registry = slow_store.registry().await?;
            slow_store.copy(&mut registry).await
        });
        answer.reached().await;
        store.decide(&id(), "maria", &[edit]).await.unwrap();
        answer.release();
        let told = slow.await.unwrap().unwrap();
        assert_eq!(told, [], "what a newer copy shows is not told as old again");
        assert_eq!(
            sql::text(&store, "SELECT polo_status FROM aws_accounts FINAL").await,
            status
        );
        assert_copy_is_the_truth(&store).await;
    }
}

#[tokio::test]
async fn an_unchanged_account_is_not_written_again() {
    let store = fresh_store().await;
    discover(&store, "first").await;
    let versions = "SELECT count() FROM aws_accounts";
    let before = sql::number(&store, versions).await;
    store
        .copy(&mut store.registry().await.unwrap())
        .await
        .unwrap();
    store
        .copy(&mut store.registry().await.unwrap())
        .await
        .unwrap();
    assert_eq!(sql::number(&store, versions).await, before);
    discover(&store, "renamed").await;
    assert_eq!(
        sql::text(&store, "SELECT account_name FROM aws_accounts FINAL").await,
        "renamed"
    );
}

#[tokio::test]
async fn discovered_at_is_the_first_time_ever_told() {
    let store = fresh_store().await;
    let first = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    for later in [5, 0, 9, 3] {
        let seen_at = first + TimeDelta::days(later);
        let found = newly_found(facts("a"));
        store.apply(Version(1), seen_at, &found).await.unwrap();
    }
    assert_eq!(store.account(&id()).await.unwrap().discovered_at, first);
    sql::execute(&store, "OPTIMIZE TABLE account_discoveries FINAL").await;
    assert_eq!(store.account(&id()).await.unwrap().discovered_at, first);
}
