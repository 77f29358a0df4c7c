//! The choice as a table: who is asked for, and how everybody else is told why not.

use super::*;

const ID: &str = "111111111111";
const ROLE: &str = "arn:aws:iam::111111111111:role/dev-PoloReadRole";

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn rules<'a>(ous: &'a [String], by_hand: bool) -> Rules<'a> {
    Rules {
        rollout_ous: ous,
        read_role_name: "dev-PoloReadRole",
        by_hand,
        now: now(),
    }
}

/// An account in a targeted OU that was denied and never set up, found a day ago.
fn waiting() -> AccountRow {
    AccountRow {
        account_id: ID.into(),
        account_name: "shop".into(),
        account_email: String::new(),
        org_unit: "Root/Workloads/Prod".into(),
        polo_status: "pending_setup".into(),
        status_reason: "never_set_up".into(),
        polo_read_role: ROLE.into(),
        polo_action_role: String::new(),
        last_successful_scan: None,
        last_scan_error: String::new(),
        gap_collector: String::new(),
        gap_place: String::new(),
        gap_class: String::new(),
        gap_action: String::new(),
        gap_message: String::new(),
        account_role: String::new(),
        owner: String::new(),
        discovered_at: now() - TimeDelta::days(1),
        organization_id: "o-exampleorgid".into(),
        org_state: "ACTIVE".into(),
        is_management: false,
        parents: vec![
            "r-ab12".into(),
            "ou-ab12-work".into(),
            "ou-ab12-prod".into(),
        ],
        tags: Vec::new(),
        excluded_by_operator: false,
        excluded_reason: String::new(),
        excluded_by: String::new(),
        excluded_until: None,
        read_verdict: "denied".into(),
        ever_worked: false,
        denials_in_a_row: 1,
        last_check_at: None,
        last_check_verdict: "denied".into(),
        last_check_class: "denied".into(),
        last_check_message: String::new(),
        next_check_at: None,
        action_verdict: String::new(),
        stack_status: String::new(),
        stack_detailed_status: String::new(),
        stack_status_reason: String::new(),
        is_uncovered: false,
    }
}

fn instance(status: &str, detailed: &str) -> StackInstance {
    StackInstance {
        account_id: ID.parse().unwrap(),
        region: "us-east-1".into(),
        status: status.into(),
        detailed_status: detailed.into(),
        status_reason: String::new(),
        stack_id: String::new(),
        ou_id: "ou-ab12-work".into(),
        last_operation_id: String::new(),
    }
}

fn history(failures: u32, minutes_ago: i64, is_open: bool) -> ProvisioningHistory {
    ProvisioningHistory {
        account_id: ID.into(),
        last_taken_at: Some(now() - TimeDelta::minutes(minutes_ago)),
        failures,
        is_open,
    }
}

/// What is decided of an account: `create ou-…`, `update ou-…`, or the key of why not.
fn decided(
    row: AccountRow,
    instance: Option<StackInstance>,
    history: Option<ProvisioningHistory>,
    ous: &[&str],
    by_hand: bool,
) -> String {
    let ous: Vec<String> = ous.iter().map(|ou| (*ou).to_owned()).collect();
    let rules = rules(&ous, by_hand);
    let account = Account::try_from(row).unwrap();
    let decided = account
        .target(&rules)
        .and_then(|ou| account.wanted(ou, instance.as_ref(), history.as_ref(), &rules));
    match decided {
        Ok(wanted) => format!("{} {}", wanted.action.as_str(), wanted.ou_id),
        Err(why_not) => why_not.key().to_owned(),
    }
}

fn of_row(change: impl Fn(&mut AccountRow)) -> String {
    let mut row = waiting();
    change(&mut row);
    decided(row, None, None, &["r-ab12"], true)
}

#[test]
fn who_waits_for_the_stack_sets_role_is_decided_by_the_registry() {
    assert_eq!(of_row(|_| {}), "create r-ab12");
    type Change = fn(&mut AccountRow);
    let table: [(&str, Change); 12] = [
        ("create r-ab12", |row| {
            row.polo_status = "no_access".into();
            row.status_reason = "denied_after_success".into();
        }),
        ("excluded", |row| row.polo_status = "excluded".into()),
        ("active", |row| row.polo_status = "active".into()),
        ("management_account", |row| row.is_management = true),
        ("outside_rollout", |row| row.parents = vec!["r-zz99".into()]),
        ("outside_rollout", |row| row.parents.clear()),
        ("not_active_in_aws", |row| {
            row.org_state = "PENDING_ACTIVATION".into();
        }),
        ("other_role", |row| {
            row.polo_read_role = "arn:aws:iam::111111111111:role/Auditor".into();
        }),
        // A name that only ends alike.
        ("other_role", |row| {
            row.polo_read_role = "arn:aws:iam::111111111111:role/x-dev-PoloReadRole".into();
        }),
        ("not_checked", |row| row.read_verdict = "none".into()),
        // An account that is excluded is so whatever else holds.
        ("excluded", |row| {
            row.polo_status = "excluded".into();
            row.is_management = true;
        }),
        ("create r-ab12", |row| {
            row.polo_read_role = "arn:aws-us-gov:iam::111111111111:role/dev-PoloReadRole".into();
        }),
    ];
    for (expected, change) in table {
        assert_eq!(of_row(change), expected);
    }
}

#[test]
fn the_nearest_target_above_an_account_is_named() {
    for (ous, expected) in [
        (vec!["r-ab12"], "create r-ab12"),
        (vec!["r-ab12", "ou-ab12-work"], "create ou-ab12-work"),
        (vec!["ou-ab12-prod", "r-ab12"], "create ou-ab12-prod"),
        (vec!["ou-ab12-else"], "outside_rollout"),
    ] {
        assert_eq!(decided(waiting(), None, None, &ous, true), expected);
    }
}

#[test]
fn the_instance_decides_between_making_mending_and_leaving_alone() {
    for (status, detailed, expected) in [
        ("CURRENT", "SUCCEEDED", "current"),
        ("OUTDATED", "FAILED", "update r-ab12"),
        ("OUTDATED", "CANCELLED", "update r-ab12"),
        ("OUTDATED", "", "update r-ab12"),
        // It was suspended once, and is not any more.
        ("OUTDATED", "SKIPPED_SUSPENDED_ACCOUNT", "update r-ab12"),
        ("OUTDATED", "PENDING", "under_way"),
        ("OUTDATED", "RUNNING", "under_way"),
        ("INOPERABLE", "INOPERABLE", "inoperable"),
    ] {
        let decided = decided(
            waiting(),
            Some(instance(status, detailed)),
            None,
            &["r-ab12"],
            false,
        );
        assert_eq!(decided, expected, "{status} {detailed}");
    }
}

#[test]
fn a_new_account_is_left_to_auto_deployment_for_half_an_hour_unless_a_person_asks() {
    for (minutes, by_hand, expected) in [
        (29, false, "left_to_auto_deployment"),
        (30, false, "create r-ab12"),
        (1, true, "create r-ab12"),
    ] {
        let mut row = waiting();
        row.discovered_at = now() - TimeDelta::minutes(minutes);
        assert_eq!(
            decided(row, None, None, &["r-ab12"], by_hand),
            expected,
            "{minutes}"
        );
    }
    // Its deployment has failed already: there is nothing to wait for.
    let mut row = waiting();
    row.discovered_at = now();
    let failed = Some(instance("OUTDATED", "FAILED"));
    assert_eq!(
        decided(row, failed, None, &["r-ab12"], false),
        "update r-ab12"
    );
}

#[test]
fn the_pauses_grow_and_a_person_need_not_wait() {
    for (failures, minutes_ago, expected) in [
        (0, 50, "pausing"),
        (0, 55, "create r-ab12"),
        (1, 54, "pausing"),
        (1, 55, "create r-ab12"),
        (2, 60, "pausing"),
        (2, 355, "create r-ab12"),
        (3, 355, "pausing"),
        (3, 24 * 60, "create r-ab12"),
        (40, 23 * 60, "pausing"),
        (40, 24 * 60, "create r-ab12"),
    ] {
        let history = history(failures, minutes_ago, false);
        let decide =
            |by_hand| decided(waiting(), None, Some(history.clone()), &["r-ab12"], by_hand);
        assert_eq!(decide(false), expected, "{failures} {minutes_ago}");
        assert_eq!(decide(true), "create r-ab12");
    }
    // What CloudFormation never took is no reason to wait.
    let mut never_taken = history(0, 0, false);
    never_taken.last_taken_at = None;
    assert_eq!(
        decided(waiting(), None, Some(never_taken), &["r-ab12"], false),
        "create r-ab12"
    );
}

#[test]
fn what_is_under_way_is_not_asked_for_again_not_even_by_hand() {
    for by_hand in [false, true] {
        let open = Some(history(0, 1, true));
        assert_eq!(
            decided(waiting(), None, open, &["r-ab12"], by_hand),
            "asked_before"
        );
    }
}

#[test]
fn every_reason_is_one_sentence_that_says_what_to_do() {
    let until = now();
    for (why_not, part) in [
        (
            WhyNot::Excluded {
                reason: "suspended".into(),
            },
            "suspended",
        ),
        (WhyNot::Active, "nothing to deploy"),
        (WhyNot::ManagementAccount, "roles stack"),
        (
            WhyNot::OutsideRollout {
                ous: "r-ab12".into(),
            },
            "r-ab12",
        ),
        (
            WhyNot::NotActiveInAws {
                state: "PENDING_ACTIVATION".into(),
            },
            "PENDING_ACTIVATION",
        ),
        (
            WhyNot::OtherRole {
                role_arn: ROLE.into(),
            },
            ROLE,
        ),
        (WhyNot::Current, "trust"),
        (WhyNot::UnderWay, "wait"),
        (WhyNot::Inoperable, "delete the instance"),
        (WhyNot::NotChecked, "polo verify"),
        (WhyNot::AskedBefore, "wait"),
        (
            WhyNot::LeftToAutoDeployment { until },
            "2026-11-21 12:00 UTC",
        ),
        (WhyNot::Pausing { failures: 2, until }, "2 times"),
    ] {
        let sentence = format!("account {ID} {why_not}");
        assert!(
            sentence.contains(part) && !sentence.contains('\n'),
            "{sentence}"
        );
    }
}

fn wanted(n: usize, action: ProvisioningAction, ou_id: &str) -> Wanted {
    Wanted {
        account_id: format!("{n:012}").parse().unwrap(),
        action,
        ou_id: ou_id.into(),
    }
}

#[test]
fn one_operation_takes_all_accounts_of_an_action_up_to_its_limits() {
    use ProvisioningAction::{Create, Update};
    let few = [
        wanted(1, Create, "r-ab12"),
        wanted(2, Update, "r-ab12"),
        wanted(3, Create, "ou-ab12-work"),
    ];
    let create = group(&few, Create);
    assert_eq!(
        (create.account_ids.len(), create.ou_ids.len(), create.left),
        (2, 2, 0)
    );
    assert_eq!(group(&few, Update).account_ids.len(), 1);

    let many: Vec<Wanted> = (0..1_003).map(|n| wanted(n, Create, "r-ab12")).collect();
    let group_of_many = group(&many, Create);
    assert_eq!(
        (group_of_many.account_ids.len(), group_of_many.left),
        (1_000, 3)
    );

    let wide: Vec<Wanted> = (0..52)
        .map(|n| wanted(n, Create, &format!("ou-ab12-{n}")))
        .chain([wanted(99, Create, "ou-ab12-0")])
        .collect();
    let group_of_wide = group(&wide, Create);
    assert_eq!(
        (
            group_of_wide.ou_ids.len(),
            group_of_wide.account_ids.len(),
            group_of_wide.left
        ),
        (50, 51, 2)
    );
}
