//! What functions answered, in sentences. Invariant: pure; what was asked for and did not happen makes the answer short,
//! and an answer of another form is never taken for success.

use polo_core::text::counted;
use std::collections::BTreeMap;

use polo_core::status_reason;
use serde::Deserialize;
use serde_json::Value;

use crate::output::Text;
use crate::words::parts;

/// An answer for people.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) text: Text,
    /// Whether less happened than was asked for.
    pub(crate) is_short: bool,
}

/// Reads an answer; none if it has another form than this version knows.
fn read<'a, T: Deserialize<'a>>(answer: &'a Value) -> Option<T> {
    T::deserialize(answer).ok()
}

#[derive(Deserialize)]
struct Discovery {
    organizations: Vec<Organization>,
    told: DiscoveryEvents,
}

#[derive(Deserialize)]
struct Organization {
    organization_id: String,
    accounts_seen: usize,
    discovered: usize,
    changed: usize,
    left: usize,
    unchanged: usize,
    checks: usize,
    tags_read: usize,
}

#[derive(Deserialize)]
struct DiscoveryEvents {
    account_events: usize,
    account_events_accepted: usize,
    statuses: StatusEvents,
}

#[derive(Deserialize)]
struct StatusEvents {
    status_changes: usize,
    events_accepted: usize,
    events_rejected: usize,
}

/// What `polo discover` came to.
pub(crate) fn discovery(answer: &Value, accept_removals: Option<u32>) -> Option<Answer> {
    let answer: Discovery = read(answer)?;
    let mut text = Text::default();
    let mut left = 0;
    for one in &answer.organizations {
        let found = parts([
            (one.discovered, "new"),
            (one.changed.saturating_sub(one.left), "changed"),
            (one.unchanged, "unchanged"),
        ]);
        let place = match one.organization_id.as_str() {
            "" => "the configured list",
            id => id,
        };
        let accounts = counted(one.accounts_seen, "account");
        text.line(match found.as_str() {
            "" => format!("Found {accounts} in {place}."),
            found => format!("Found {accounts} in {place}: {found}."),
        });
        if one.left > 0 {
            let have = if one.left == 1 { "has" } else { "have" };
            text.line(format!(
                "{} {have} left {place}.",
                counted(one.left, "account")
            ));
        }
        let checks = counted(one.checks, "access check");
        let tagged = counted(one.tags_read, "account");
        match (one.checks, one.tags_read) {
            (0, 0) => {}
            (_, 0) => text.line(format!("Made {checks}.")),
            (0, _) => text.line(format!("Read the tags of {tagged}.")),
            (..) => text.line(format!("Made {checks} and read the tags of {tagged}.")),
        }
        left += one.left;
    }
    if let Some(confirmed) = accept_removals.filter(|_| left == 0) {
        text.line(format!(
            "No account has left, so --accept-removals {confirmed} confirmed nothing."
        ));
    }
    let events = &answer.told;
    status_lines(
        &mut text,
        &events.statuses,
        events.account_events,
        events.account_events_accepted,
    );
    Some(Answer {
        text,
        is_short: false,
    })
}

/// How many statuses changed, and which events the bus did not take.
fn status_lines(text: &mut Text, statuses: &StatusEvents, others: usize, others_taken: usize) {
    if statuses.status_changes > 0 {
        text.line(format!(
            "{} changed: `polo accounts list` shows the accounts.",
            match statuses.status_changes {
                1 => "1 status".to_owned(),
                count => format!("{count} statuses"),
            }
        ));
    }
    let refused = statuses.events_rejected + others.saturating_sub(others_taken);
    if refused > 0 {
        let all = statuses.events_accepted + statuses.events_rejected + others;
        text.line(format!(
            "EventBridge refused {refused} of {}; the next scheduled run makes up for it.",
            counted(all, "event")
        ));
    }
}

#[derive(Deserialize)]
struct Verification {
    accounts: usize,
    checks: Verdicts,
    stack_instances: Option<StackInstances>,
    payers: Payers,
    told: StatusEvents,
    account: Option<VerifiedAccount>,
}

#[derive(Deserialize)]
struct Verdicts {
    success: usize,
    denied: usize,
    inconclusive: usize,
}

#[derive(Deserialize)]
struct StackInstances {
    stack_set: String,
    instances: Option<usize>,
    failed: Option<String>,
}

#[derive(Deserialize)]
struct Payers {
    asked: usize,
    failed: usize,
}

#[derive(Deserialize)]
struct VerifiedAccount {
    account_id: String,
    polo_status: String,
    status_reason: String,
    polo_read_role: String,
    verdict: String,
    error_class: String,
    message: String,
}

/// What `polo verify` came to. One account's check fails if it is denied; of all accounts a denial is a finding, and only
/// what could not be asked is short.
pub(crate) fn verification(answer: &Value) -> Option<Answer> {
    let answer: Verification = read(answer)?;
    let Verdicts {
        success,
        denied,
        inconclusive,
    } = answer.checks;
    let mut text = Text::default();
    if let Some(account) = &answer.account {
        text.line(verdict(account));
        let status = format!(
            "{} is {} ({})",
            account.account_id, account.polo_status, account.status_reason
        );
        text.line(match account.polo_status.as_str() {
            "active" => format!("{status}."),
            _ => format!(
                "{status}: {}.",
                status_reason::explain(&account.status_reason, &account.error_class)
            ),
        });
    } else {
        let found = parts([
            (success, "succeeded"),
            (denied, "denied"),
            (inconclusive, "without a clear answer"),
        ]);
        let checks = counted(success + denied + inconclusive, "access check");
        let accounts = counted(answer.accounts, "account");
        text.line(match found.as_str() {
            "" => format!("Made no access check: {accounts} to check."),
            found => format!("Made {checks} in {accounts}: {found}."),
        });
    }
    let stack_set_failed = answer.stack_instances.as_ref().and_then(|read| {
        let problem = read.failed.as_deref()?;
        Some(format!(
            "The instances of StackSet {} could not be read: {problem}",
            read.stack_set
        ))
    });
    if let Some(problem) = &stack_set_failed {
        text.line(problem);
    } else if let Some(StackInstances {
        stack_set,
        instances: Some(instances),
        ..
    }) = &answer.stack_instances
    {
        text.line(format!(
            "Read {} of StackSet {stack_set}.",
            counted(*instances, "instance")
        ));
    }
    if answer.payers.asked > 0 {
        let failed = match answer.payers.failed {
            0 => String::new(),
            failed => format!(" ({failed} could not tell)"),
        };
        text.line(format!(
            "Asked {} who pays for them{failed}.",
            counted(answer.payers.asked, "account")
        ));
    }
    status_lines(&mut text, &answer.told, 0, 0);
    let is_short = match &answer.account {
        Some(account) => account.verdict != "success" || denied + inconclusive > 0,
        None => inconclusive > 0 || stack_set_failed.is_some(),
    };
    Some(Answer { text, is_short })
}

fn verdict(account: &VerifiedAccount) -> String {
    let role = match account.polo_read_role.as_str() {
        "" => "The read role".to_owned(),
        role => format!("Read role {role}"),
    };
    match account.verdict.as_str() {
        "success" => format!("{role} works."),
        "" => format!("{role} was not checked."),
        verdict => {
            let cause = [account.error_class.as_str(), account.message.as_str()];
            // A class that is the verdict itself, as `denied` often is, would be said twice.
            let cause: Vec<&str> = cause
                .into_iter()
                .filter(|part| !part.is_empty() && *part != verdict)
                .collect();
            format!("{role} is {verdict}: {}", cause.join(": "))
        }
    }
}

#[derive(Deserialize)]
struct Dispatched {
    asked: usize,
    sent_before: usize,
    /// Functions of an earlier release do not say it.
    accounts: Option<usize>,
}

/// What `polo dispatch` came to.
pub(crate) fn dispatched(answer: &Value) -> Option<Answer> {
    let answer: Dispatched = read(answer)?;
    let mut text = Text::default();
    if answer.asked == 0 {
        text.line("Asked for no run: no active account is due for it, see `polo accounts list`.");
        return Some(Answer {
            text,
            is_short: true,
        });
    }
    let accounts = answer
        .accounts
        .map(|accounts| format!(" in {}", counted(accounts, "account")))
        .unwrap_or_default();
    let before = match answer.sent_before {
        0 => String::new(),
        before => format!(" ({before} of them before)"),
    };
    let them = if answer.asked == 1 { "it" } else { "them" };
    text.line(format!(
        "Asked for {}{accounts}{before}; `polo runs` shows {them}.",
        counted(answer.asked, "run")
    ));
    Some(Answer {
        text,
        is_short: false,
    })
}

#[derive(Deserialize)]
struct Collected {
    account_id: String,
    collector: String,
    outcome: String,
    error_class: String,
    reason: String,
    targets: usize,
    targets_conclusive: usize,
    resources_seen: usize,
    rows_written: usize,
    repeated_delivery: bool,
}

/// What `polo collect` came to: anything but a complete run is short.
pub(crate) fn collected(answer: &Value) -> Option<Answer> {
    let answer: Collected = read(answer)?;
    let mut text = Text::default();
    let run = format!("The run of {} in {}", answer.collector, answer.account_id);
    let cause = [answer.error_class.as_str(), answer.reason.as_str()];
    let cause: Vec<&str> = cause.into_iter().filter(|part| !part.is_empty()).collect();
    let state = match answer.outcome.as_str() {
        "running" => "has not ended yet",
        "complete" => "is complete",
        "partial" => "is partial",
        "failed" => "failed",
        "skipped" => "was skipped",
        other => other,
    };
    text.line(match cause.join(": ").as_str() {
        "" => format!("{run} {state}."),
        cause => format!("{run} {state}: {cause}"),
    });
    if answer.targets > 0 {
        text.line(format!(
            "{} of {} read: {}, {}.",
            answer.targets_conclusive,
            counted(answer.targets, "target"),
            counted(answer.resources_seen, "resource"),
            counted(answer.rows_written, "row")
        ));
    }
    if answer.repeated_delivery {
        text.line("Nothing was read now: this is the answer of an earlier delivery.");
    }
    Some(Answer {
        text,
        is_short: answer.outcome != "complete",
    })
}

#[derive(Deserialize)]
struct Provisioned {
    waiting: usize,
    not_asked: BTreeMap<String, usize>,
    #[serde(default)]
    settled: BTreeMap<String, usize>,
    create: Option<Operation>,
    update: Option<Operation>,
    busy: Option<String>,
}

#[derive(Deserialize)]
struct Operation {
    operation_id: String,
    accounts: Vec<String>,
    left: usize,
}

/// What `polo roles deploy` came to: short if CloudFormation was busy, or took fewer accounts than wait.
pub(crate) fn provisioned(answer: &Value) -> Option<Answer> {
    let answer: Provisioned = read(answer)?;
    let mut text = Text::default();
    let operations = [("create", &answer.create), ("update", &answer.update)];
    let mut left = 0;
    let mut asked = 0;
    for (action, operation) in operations {
        let Some(operation) = operation else { continue };
        asked += operation.accounts.len();
        left += operation.left;
        text.line(format!(
            "Asked the StackSet to {action} the roles of {} (operation {}): {}.",
            counted(operation.accounts.len(), "account"),
            operation.operation_id,
            operation.accounts.join(", ")
        ));
    }
    if let Some(busy) = &answer.busy {
        text.line(format!(
            "Another operation of the StackSet is under way, so nothing more was asked: {busy}"
        ));
    }
    if left > 0 {
        let wait = if left == 1 { "waits" } else { "wait" };
        text.line(format!(
            "{} {wait} for the next operation: repeat this when the present one has ended.",
            counted(left, "account")
        ));
    }
    if answer.waiting == 0 {
        text.line("No account waits for its role.");
    } else if asked == 0 && answer.busy.is_none() {
        let wait = if answer.waiting == 1 { "waits" } else { "wait" };
        text.line(format!(
            "{} {wait} for a role, but none can be asked for now.",
            counted(answer.waiting, "account")
        ));
    }
    let not_asked = answer.not_asked.iter();
    let not_asked = parts(not_asked.map(|(why, count)| (*count, why_not(why))));
    if !not_asked.is_empty() {
        text.line(format!("Not asked for: {not_asked}."));
    }
    let settled = answer.settled.iter();
    let settled = parts(settled.map(|(outcome, count)| (*count, outcome.as_str())));
    if !settled.is_empty() {
        text.line(format!("Earlier requests: {}.", settled.replace('_', " ")));
    }
    if asked > 0 {
        text.line("`polo roles status` shows what comes of it.");
    }
    Some(Answer {
        text,
        is_short: answer.busy.is_some() || left > 0,
    })
}

/// The function's name of a cause, in words that follow a count.
fn why_not(key: &str) -> &str {
    match key {
        "management_account" => "the management account, which StackSets skip",
        "outside_rollout" => "outside the StackSet's targets",
        "not_active_in_aws" => "not active in AWS Organizations",
        "other_role" => "read through another role",
        "current" => "deployed already",
        "under_way" => "being deployed now",
        "inoperable" => "with an inoperable instance",
        "not_checked" => "without a clear access check",
        "asked_before" => "asked for before",
        "left_to_auto_deployment" => "new, and left to auto-deployment",
        "pausing" => "pausing after a failure",
        // `active`, `excluded`, and what a newer function may add.
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(answer: Option<Answer>) -> (String, bool) {
        let answer = answer.unwrap();
        (answer.text.as_str().to_owned(), answer.is_short)
    }

    fn statuses(changes: usize, rejected: usize) -> Value {
        json!({"status_changes": changes, "events_accepted": changes, "events_rejected": rejected})
    }

    #[test]
    fn discovery_says_what_was_found() {
        let organization = json!({
            "organization_id": "o-a1b2c3d4e5", "accounts_seen": 26, "discovered": 2, "changed": 2, "left": 1,
            "unchanged": 23, "checks": 3, "tags_read": 1
        });
        let answer = json!({
            "organizations": [organization], "hierarchy_nodes_changed": 0,
            "told": {"account_events": 4, "account_events_accepted": 3, "statuses": statuses(1, 0)}
        });
        assert_eq!(
            shown(discovery(&answer, None)),
            (
                "Found 26 accounts in o-a1b2c3d4e5: 2 new, 1 changed, 23 unchanged.\n\
                 1 account has left o-a1b2c3d4e5.\n\
                 Made 3 access checks and read the tags of 1 account.\n\
                 1 status changed: `polo accounts list` shows the accounts.\n\
                 EventBridge refused 1 of 5 events; the next scheduled run makes up for it.\n"
                    .to_owned(),
                false
            )
        );
    }

    #[test]
    fn needless_removals_are_reported() {
        let answer = |left: usize| {
            json!({
                "organizations": [{
                    "organization_id": "o-a1b2c3d4e5", "accounts_seen": 1, "discovered": 0, "changed": left, "left": left,
                    "unchanged": 1, "checks": 0, "tags_read": 0
                }],
                "told": {"account_events": 0, "account_events_accepted": 0, "statuses": statuses(0, 0)}
            })
        };
        let said = "No account has left, so --accept-removals 26 confirmed nothing.";
        assert!(shown(discovery(&answer(0), Some(26))).0.contains(said));
        assert!(!shown(discovery(&answer(0), None)).0.contains(said));
        assert!(!shown(discovery(&answer(3), Some(3))).0.contains(said));
    }

    fn verified(checks: [usize; 3], account: Value) -> Value {
        json!({
            "accounts": 20, "checks": {"success": checks[0], "denied": checks[1], "inconclusive": checks[2]},
            "checks_made_before": 0, "stack_instances": {"stack_set": "dev-polo-roles", "instances": 13},
            "payers": {"asked": 2, "failed": 1}, "told": statuses(2, 0), "account": account
        })
    }

    #[test]
    fn a_denial_among_all_is_a_finding() {
        let (text, is_short) = shown(verification(&verified([15, 5, 0], Value::Null)));
        assert_eq!(
            text,
            "Made 20 access checks in 20 accounts: 15 succeeded, 5 denied.\n\
             Read 13 instances of StackSet dev-polo-roles.\n\
             Asked 2 accounts who pays for them (1 could not tell).\n\
             2 statuses changed: `polo accounts list` shows the accounts.\n"
        );
        assert!(!is_short);
        assert!(shown(verification(&verified([15, 4, 1], Value::Null))).1);
        let mut unread = verified([20, 0, 0], Value::Null);
        unread["stack_instances"] = json!({"stack_set": "dev-polo-roles", "failed": "no"});
        assert!(shown(verification(&unread)).1);
    }

    #[test]
    fn one_account_is_short_unless_its_role_works() {
        let account = |verdict: &str, class: &str| {
            json!({
                "account_id": "123456789012", "polo_status": "no_access", "status_reason": "deployed_but_denied",
                "polo_read_role": "arn:aws:iam::123456789012:role/dev-PoloReadRole", "verdict": verdict,
                "error_class": class, "message": if class.is_empty() { "" } else { "not authorized" }
            })
        };
        let denied = verified([0, 1, 0], account("denied", "denied_by_rcp"));
        let (text, is_short) = shown(verification(&denied));
        assert!(is_short);
        assert!(
            text.starts_with(
                "Read role arn:aws:iam::123456789012:role/dev-PoloReadRole is denied: denied_by_rcp: not authorized\n\
                 123456789012 is no_access (deployed_but_denied): "
            ),
            "{text}"
        );
        assert!(
            shown(verification(&verified(
                [0, 0, 1],
                account("inconclusive", "network")
            )))
            .1
        );
        assert!(!shown(verification(&verified([1, 0, 0], account("success", "")))).1);
    }

    #[test]
    fn dispatch_says_how_many_runs() {
        let answer = |asked: usize, accounts: Option<usize>| {
            let mut answer =
                json!({"sweep_id": "x", "asked": asked, "accepted": asked, "sent_before": 0});
            if let Some(accounts) = accounts {
                answer["accounts"] = accounts.into();
            }
            shown(dispatched(&answer))
        };
        for (asked, accounts, text, is_short) in [
            (
                118,
                Some(13),
                "Asked for 118 runs in 13 accounts; `polo runs` shows them.\n",
                false,
            ),
            (1, None, "Asked for 1 run; `polo runs` shows it.\n", false),
            (
                0,
                None,
                "Asked for no run: no active account is due for it, see `polo accounts list`.\n",
                true,
            ),
        ] {
            assert_eq!(answer(asked, accounts), (text.to_owned(), is_short));
        }
    }

    #[test]
    fn only_a_complete_run_is_not_short() {
        for (outcome, error_class, reason, first_line, is_short) in [
            (
                "complete",
                "",
                "",
                "The run of config_ec2 in 123456789012 is complete.",
                false,
            ),
            (
                "partial",
                "",
                "us-east-1: denied",
                "The run of config_ec2 in 123456789012 is partial: us-east-1: denied",
                true,
            ),
            (
                "failed",
                "denied_by_scp",
                "no",
                "The run of config_ec2 in 123456789012 failed: denied_by_scp: no",
                true,
            ),
            (
                "skipped",
                "",
                "excluded",
                "The run of config_ec2 in 123456789012 was skipped: excluded",
                true,
            ),
            (
                "running",
                "",
                "",
                "The run of config_ec2 in 123456789012 has not ended yet.",
                true,
            ),
        ] {
            let answer = json!({
                "run_id": "x", "attempt": 1, "account_id": "123456789012", "collector": "config_ec2",
                "outcome": outcome, "error_class": error_class, "reason": reason, "targets": 17,
                "targets_conclusive": 16, "resources_seen": 1, "rows_written": 30, "repeated_delivery": false
            });
            let (text, short) = shown(collected(&answer));
            assert_eq!(
                text,
                format!("{first_line}\n16 of 17 targets read: 1 resource, 30 rows.\n")
            );
            assert_eq!(short, is_short, "{outcome}");
        }
    }

    #[test]
    fn role_requests_say_what_was_asked() {
        let answer = json!({
            "waiting": 3, "not_asked": {"active": 13, "outside_rollout": 7}, "settled": {"succeeded": 2},
            "create": {"operation_id": "op", "accounts": ["123456789012"], "left": 1}, "update": null, "busy": null
        });
        assert_eq!(
            shown(provisioned(&answer)),
            (
                "Asked the StackSet to create the roles of 1 account (operation op): 123456789012.\n\
                 1 account waits for the next operation: repeat this when the present one has ended.\n\
                 Not asked for: 13 active, 7 outside the StackSet's targets.\n\
                 Earlier requests: 2 succeeded.\n\
                 `polo roles status` shows what comes of it.\n"
                    .to_owned(),
                true
            )
        );
        let nobody = json!({"waiting": 0, "not_asked": {"active": 1}});
        assert_eq!(
            shown(provisioned(&nobody)),
            (
                "No account waits for its role.\nNot asked for: 1 active.\n".to_owned(),
                false
            )
        );
        let busy = json!({
            "waiting": 1, "not_asked": {}, "settled": {}, "create": null, "update": null, "busy": "in progress"
        });
        assert!(shown(provisioned(&busy)).1);
    }

    #[test]
    fn another_form_is_no_success() {
        for answer in [Value::Null, json!({}), json!({"accounts": "many"})] {
            assert_eq!(discovery(&answer, None), None);
            assert_eq!(verification(&answer), None);
            assert_eq!(dispatched(&answer), None);
            assert_eq!(collected(&answer), None);
            assert_eq!(provisioned(&answer), None);
        }
    }
}
