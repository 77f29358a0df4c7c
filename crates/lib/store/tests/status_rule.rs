//! The status rule, every combination of its inputs on the real engine, against the rule's own words.
//!
//! The expectation below restates the rule's prose, step by step, over the *inputs*; the view sees only tables.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on should stop, and these read the time as the engine beside them does"
)]

use chrono::{TimeDelta, Utc};
use polo_core::check::Verdict;
use polo_core::reconcile::{AccountFacts, Membership};
use polo_core::{AccountId, RoleKind, Timestamp, Version};
use polo_store::checks::AccessCheck;
use polo_store::settings::Setting;
use polo_store::stack_instances::StackInstanceState;
use polo_testkit::clickhouse::fresh_store;
use polo_testkit::sql;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exclusion {
    None,
    Open,
    UntilTomorrow,
    Expired,
    Lifted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Checks {
    None,
    Inconclusive,
    Success,
    SuccessThenInconclusive,
    DeniedOnce,
    DeniedTwiceAtOnce,
    SuccessThenDeniedOnce,
    SuccessThenDeniedTwiceAtOnce,
    SuccessThenDeniedTwiceSlowly,
    SuccessThenDeniedTwiceSlowlyWithTroubleBetween,
    SuccessThenDeniedTwiceSlowlyThenSuccess,
    DeniedThenSuccess,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instance {
    None,
    CurrentForLong,
    CurrentJustNow,
    Outdated,
    GoneAgain,
}

const EXCLUSIONS: [Exclusion; 5] = [
    Exclusion::None,
    Exclusion::Open,
    Exclusion::UntilTomorrow,
    Exclusion::Expired,
    Exclusion::Lifted,
];
const STATES: [&str; 7] = [
    "ACTIVE",
    "",
    "PENDING_ACTIVATION",
    "SUSPENDED",
    "PENDING_CLOSURE",
    "CLOSED",
    "FROZEN",
];
const CHECKS: [Checks; 12] = [
    Checks::None,
    Checks::Inconclusive,
    Checks::Success,
    Checks::SuccessThenInconclusive,
    Checks::DeniedOnce,
    Checks::DeniedTwiceAtOnce,
    Checks::SuccessThenDeniedOnce,
    Checks::SuccessThenDeniedTwiceAtOnce,
    Checks::SuccessThenDeniedTwiceSlowly,
    Checks::SuccessThenDeniedTwiceSlowlyWithTroubleBetween,
    Checks::SuccessThenDeniedTwiceSlowlyThenSuccess,
    Checks::DeniedThenSuccess,
];
const INSTANCES: [Instance; 5] = [
    Instance::None,
    Instance::CurrentForLong,
    Instance::CurrentJustNow,
    Instance::Outdated,
    Instance::GoneAgain,
];

#[derive(Debug, Clone, Copy)]
struct Case {
    exclusion: Exclusion,
    state: &'static str,
    membership: Membership,
    in_scope: bool,
    checks: Checks,
    /// Whether the checks were made before an exclusion was lifted.
    before_lift: bool,
    instance: Instance,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for exclusion in EXCLUSIONS {
        for state in STATES {
            for (membership, in_scope) in [
                (Membership::Member, true),
                (Membership::Member, false),
                (Membership::Left, true),
            ] {
                for checks in CHECKS {
                    for before_lift in [false, true] {
                        for instance in INSTANCES {
                            cases.push(Case {
                                exclusion,
                                state,
                                membership,
                                in_scope,
                                checks,
                                before_lift,
                                instance,
                            });
                        }
                    }
                }
            }
        }
    }
    cases
}

/// Verdicts and their ages in minutes, oldest first.
fn history(checks: Checks) -> &'static [(Verdict, i64)] {
    use Verdict::{Denied as D, Inconclusive as I, Success as S};
    match checks {
        Checks::None => &[],
        Checks::Inconclusive => &[(I, 30), (I, 10)],
        Checks::Success => &[(S, 30)],
        Checks::SuccessThenInconclusive => &[(S, 30), (I, 20), (I, 10)],
        Checks::DeniedOnce => &[(D, 30)],
        Checks::DeniedTwiceAtOnce => &[(D, 11), (D, 10)],
        Checks::SuccessThenDeniedOnce => &[(S, 30), (D, 10)],
        Checks::SuccessThenDeniedTwiceAtOnce => &[(S, 30), (D, 12), (D, 10)],
        Checks::SuccessThenDeniedTwiceSlowly => &[(S, 30), (D, 15), (D, 10)],
        Checks::SuccessThenDeniedTwiceSlowlyWithTroubleBetween => {
            &[(S, 30), (D, 16), (I, 13), (D, 10)]
        }
        Checks::SuccessThenDeniedTwiceSlowlyThenSuccess => &[(S, 30), (D, 20), (D, 12), (S, 5)],
        Checks::DeniedThenSuccess => &[(D, 30), (S, 10)],
    }
}

/// How much older checks are that were made before the lift, which was an hour ago.
const BEFORE_LIFT_MINUTES: i64 = 24 * 60;

/// The rule's words.
fn expected(case: &Case) -> (&'static str, &'static str) {
    // 1. Excluded by an operator and not expired; by its state; left; out of scope.
    if matches!(case.exclusion, Exclusion::Open | Exclusion::UntilTomorrow) {
        return ("excluded", "excluded_by_operator");
    }
    match case.state {
        "SUSPENDED" => return ("excluded", "suspended"),
        "PENDING_CLOSURE" => return ("excluded", "pending_closure"),
        "CLOSED" => return ("excluded", "closed"),
        _ => {}
    }
    if case.membership == Membership::Left {
        return ("excluded", "left_organization");
    }
    if !case.in_scope {
        return ("excluded", "out_of_scope");
    }
    // Checks older than the last lift of an exclusion do not count, but that the role ever worked does.
    let was_lifted = matches!(case.exclusion, Exclusion::Expired | Exclusion::Lifted);
    let counts = !(was_lifted && case.before_lift);
    let ever_worked = history(case.checks)
        .iter()
        .any(|(verdict, _)| *verdict == Verdict::Success);
    let deployed = case.instance == Instance::CurrentForLong;
    if !counts {
        return match (case.checks, history(case.checks).last()) {
            (Checks::Inconclusive | Checks::SuccessThenInconclusive, _) => {
                ("pending_setup", "check_inconclusive")
            }
            _ => ("pending_setup", "not_checked"),
        };
    }
    let denied_without_success = match case.instance {
        _ if deployed => ("no_access", "deployed_but_denied"),
        Instance::CurrentJustNow => ("pending_setup", "propagating"),
        Instance::Outdated => ("pending_setup", "deployment_not_current"),
        _ => ("pending_setup", "never_set_up"),
    };
    match case.checks {
        Checks::None => ("pending_setup", "not_checked"),
        Checks::Inconclusive => ("pending_setup", "check_inconclusive"),
        // 2. A success counts at once, and trouble on the way changes nothing.
        Checks::Success
        | Checks::SuccessThenInconclusive
        | Checks::SuccessThenDeniedTwiceSlowlyThenSuccess
        | Checks::DeniedThenSuccess => ("active", "role_works"),
        // A denial after a success counts when repeated at least twice over at least five minutes.
        Checks::SuccessThenDeniedOnce | Checks::SuccessThenDeniedTwiceAtOnce => {
            ("active", "denial_not_confirmed")
        }
        // 3. Denied, and it ever worked.
        Checks::SuccessThenDeniedTwiceSlowly
        | Checks::SuccessThenDeniedTwiceSlowlyWithTroubleBetween => {
            assert!(ever_worked);
            ("no_access", "denied_after_success")
        }
        // 3. Denied, and its stack instance is CURRENT and the grace over; 4. otherwise.
        Checks::DeniedOnce | Checks::DeniedTwiceAtOnce => denied_without_success,
    }
}

fn facts(id: &AccountId, case: &Case) -> AccountFacts {
    AccountFacts {
        account_id: id.clone(),
        organization_id: "o-test".into(),
        partition: "aws".into(),
        account_name: format!("account {id}"),
        account_email: String::new(),
        org_state: case.state.into(),
        membership: case.membership,
        in_scope: case.in_scope,
        is_management: false,
        parents: vec![],
        org_unit: String::new(),
        joined_at: None,
        joined_method: String::new(),
        read_role_arn: format!("arn:aws:iam::{id}:role/dev-PoloReadRole")
            .parse()
            .unwrap(),
        action_role_arn: None,
        reinstated_at: None,
        left_at: None,
    }
}

fn check(id: &AccountId, verdict: Verdict, at: Timestamp) -> AccessCheck {
    AccessCheck {
        check_id: Uuid::new_v4(),
        account_id: id.clone(),
        role: RoleKind::Read,
        role_arn: format!("arn:aws:iam::{id}:role/dev-PoloReadRole"),
        checked_at: at,
        verdict,
        error_class: if verdict == Verdict::Success {
            String::new()
        } else {
            "denied".into()
        },
        error_code: String::new(),
        message: String::new(),
        assumed_role_arn: String::new(),
        next_check_at: at + TimeDelta::days(1),
        checked_by: "test".into(),
        duration_ms: 1,
    }
}

#[tokio::test]
async fn every_combination_of_inputs_has_the_status_that_the_rule_gives() {
    let store = fresh_store().await;
    let now = Utc::now();
    let cases = cases();
    let ids: Vec<AccountId> = (0..cases.len())
        .map(|n| format!("{n:012}").parse().unwrap())
        .collect();

    let all_facts: Vec<AccountFacts> = ids
        .iter()
        .zip(&cases)
        .map(|(id, case)| facts(id, case))
        .collect();
    store
        .write_account_facts(Version(1), &all_facts)
        .await
        .unwrap();

    let mut checks = Vec::new();
    for (id, case) in ids.iter().zip(&cases) {
        let shift = if case.before_lift {
            BEFORE_LIFT_MINUTES
        } else {
            0
        };
        for (verdict, minutes) in history(case.checks) {
            checks.push(check(
                id,
                *verdict,
                now - TimeDelta::minutes(minutes + shift),
            ));
        }
    }
    store.write_access_checks(&checks).await.unwrap();

    // Settings as an operator's hand-written INSERT would make them, aged by explicit times.
    let mut values = Vec::new();
    for (id, case) in ids.iter().zip(&cases) {
        let (value, expires, updated) = match case.exclusion {
            Exclusion::None => continue,
            Exclusion::Open => ("true", "NULL", "now64(3) - INTERVAL 2 HOUR"),
            Exclusion::UntilTomorrow => (
                "true",
                "now64(3) + INTERVAL 1 DAY",
                "now64(3) - INTERVAL 2 HOUR",
            ),
            Exclusion::Expired => (
                "true",
                "now64(3) - INTERVAL 1 HOUR",
                "now64(3) - INTERVAL 2 HOUR",
            ),
            Exclusion::Lifted => ("false", "NULL", "now64(3) - INTERVAL 1 HOUR"),
        };
        values.push(format!(
            "('{id}', 'excluded', '{value}', {expires}, {updated})"
        ));
    }
    for chunk in values.chunks(500) {
        sql::execute(
            &store,
            &format!(
                "INSERT INTO account_settings (account_id, setting, value, expires_at, updated_at) VALUES {}",
                chunk.join(", ")
            ),
        )
        .await;
    }

    // Two listings: one long ago, one now. CURRENT in both is CURRENT since the first.
    let instance = |id: &AccountId, status: &str| StackInstanceState {
        account_id: id.clone(),
        region: "us-east-1".into(),
        status: status.into(),
        detailed_status: String::new(),
        status_reason: String::new(),
        stack_id: String::new(),
        organizational_unit_id: String::new(),
    };
    let listing = |now_listed: bool| -> Vec<StackInstanceState> {
        ids.iter()
            .zip(&cases)
            .filter_map(|(id, case)| match (case.instance, now_listed) {
                (Instance::None, _)
                | (Instance::GoneAgain, true)
                | (Instance::CurrentJustNow, false) => None,
                (Instance::Outdated, _) => Some(instance(id, "OUTDATED")),
                _ => Some(instance(id, "CURRENT")),
            })
            .collect()
    };
    store
        .write_stack_instances(
            "polo-roles",
            Version(1),
            now - TimeDelta::hours(1),
            &listing(false),
        )
        .await
        .unwrap();
    store
        .write_stack_instances("polo-roles", Version(2), now, &listing(true))
        .await
        .unwrap();

    let rows = store.accounts().await.unwrap();
    assert_eq!(rows.len(), cases.len());
    let mut seen = std::collections::BTreeSet::new();
    for (row, case) in rows.iter().zip(&cases) {
        let (status, reason) = expected(case);
        assert_eq!(
            (row.polo_status.as_str(), row.status_reason.as_str()),
            (status, reason),
            "{case:?}"
        );
        seen.insert((status, reason));
    }
    assert_eq!(seen.len(), 15, "every answer of the rule occurs: {seen:?}");
    // Each reason has its words, and there are words for no other.
    let reasons: std::collections::BTreeSet<&str> =
        seen.iter().map(|(_, reason)| *reason).collect();
    let in_words = polo_core::StatusReason::ALL.map(polo_core::StatusReason::as_str);
    assert_eq!(reasons, in_words.into_iter().collect());
}

#[tokio::test]
async fn a_suspended_account_that_comes_back_is_judged_by_new_checks_only() {
    let store = fresh_store().await;
    let id: AccountId = "123456789012".parse().unwrap();
    let now = Utc::now();
    let case = Case {
        exclusion: Exclusion::None,
        state: "ACTIVE",
        membership: Membership::Member,
        in_scope: true,
        checks: Checks::None,
        before_lift: false,
        instance: Instance::None,
    };
    let mut facts = facts(&id, &case);
    facts.reinstated_at = Some(now - TimeDelta::minutes(20));
    store
        .write_account_facts(Version(1), [&facts])
        .await
        .unwrap();
    store
        .write_access_checks(&[check(&id, Verdict::Success, now - TimeDelta::minutes(30))])
        .await
        .unwrap();
    let row = store.account(&id).await.unwrap();
    assert_eq!(
        (row.polo_status.as_str(), row.next_check_at),
        ("pending_setup", None),
        "due at once"
    );
    store
        .write_access_checks(&[check(&id, Verdict::Denied, now - TimeDelta::minutes(10))])
        .await
        .unwrap();
    assert_eq!(
        store.account(&id).await.unwrap().polo_status,
        "no_access",
        "it ever worked"
    );
}

#[tokio::test]
async fn an_exclusion_says_who_why_and_until_when_and_ends_by_itself() {
    let store = fresh_store().await;
    let id: AccountId = "123456789012".parse().unwrap();
    let case = Case {
        exclusion: Exclusion::None,
        state: "ACTIVE",
        membership: Membership::Member,
        in_scope: true,
        checks: Checks::None,
        before_lift: false,
        instance: Instance::None,
    };
    store
        .write_account_facts(Version(1), [&facts(&id, &case)])
        .await
        .unwrap();
    let until = Utc::now() + TimeDelta::days(7);
    let exclude = Setting::Excluded {
        reason: "migration".into(),
        until: Some(until),
    };
    store
        .decide(&id, "maria", &[exclude, Setting::Owner("platform".into())])
        .await
        .unwrap();
    let row = store.account(&id).await.unwrap();
    assert_eq!(
        (row.polo_status.as_str(), row.excluded_by.as_str()),
        ("excluded", "maria")
    );
    assert_eq!(
        (row.excluded_reason.as_str(), row.owner.as_str()),
        ("migration", "platform")
    );
    assert_eq!(
        row.excluded_until.unwrap().timestamp_millis(),
        until.timestamp_millis()
    );
    let copied = "SELECT concat(polo_status, ' ', owner) FROM aws_accounts FINAL";
    assert_eq!(sql::text(&store, copied).await, "excluded platform");
    // The expiry passes.
    sql::execute(
        &store,
        "INSERT INTO account_settings (account_id, setting, value, expires_at, updated_at)
         VALUES ('123456789012', 'excluded', 'true', now64(3) - INTERVAL 1 SECOND, now64(3) - INTERVAL 1 DAY)",
    )
    .await;
    assert_eq!(
        store.account(&id).await.unwrap().polo_status,
        "pending_setup"
    );
    store
        .copy(&mut store.registry().await.unwrap())
        .await
        .unwrap();
    assert_eq!(sql::text(&store, copied).await, "pending_setup platform");
}

#[tokio::test]
async fn the_last_check_says_when_the_next_is_due() {
    let store = fresh_store().await;
    let id: AccountId = "123456789012".parse().unwrap();
    let case = Case {
        exclusion: Exclusion::None,
        state: "ACTIVE",
        membership: Membership::Member,
        in_scope: true,
        checks: Checks::None,
        before_lift: false,
        instance: Instance::None,
    };
    store
        .write_account_facts(Version(1), [&facts(&id, &case)])
        .await
        .unwrap();
    let now = Utc::now();
    let mut denial = check(&id, Verdict::Denied, now - TimeDelta::minutes(2));
    denial.next_check_at = now + TimeDelta::minutes(3);
    // The success is due again in a day, the denial after it in minutes: the sooner one must not be overlooked.
    store
        .write_access_checks(&[
            check(&id, Verdict::Success, now - TimeDelta::minutes(9)),
            denial.clone(),
        ])
        .await
        .unwrap();
    let due = store.account(&id).await.unwrap().next_check_at.unwrap();
    assert_eq!(
        due.timestamp_millis(),
        denial.next_check_at.timestamp_millis()
    );
}

#[tokio::test]
async fn wrong_settings_are_refused_by_the_table_itself() {
    let store = fresh_store().await;
    for values in [
        "('12345678901', 'owner', 'x')",
        "('123456789012', 'excludet', 'true')",
        "('123456789012', 'excluded', 'yes')",
        "('123456789012', 'read_role_arn', 'reader')",
        "('123456789012', 'read_role_arn', 'arn:aws:iam::210987654321:role/reader')",
    ] {
        let sql =
            format!("INSERT INTO account_settings (account_id, setting, value) VALUES {values}");
        assert!(
            sql::refused(&store, &sql)
                .await
                .contains("VIOLATED_CONSTRAINT"),
            "{values}"
        );
    }
    let unknown: AccountId = "999999999999".parse().unwrap();
    let error = store
        .decide(&unknown, "maria", &[Setting::Owner("x".into())])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("999999999999"), "{error}");
    assert_eq!(
        sql::number(&store, "SELECT count() FROM account_settings").await,
        0
    );
}
