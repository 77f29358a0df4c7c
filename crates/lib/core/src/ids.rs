//! Identifiers that come out the same when the same work is delivered twice.
//!
//! Invariant: each is a UUID of version 5 over everything that tells one piece of work from another, and nothing else.

use uuid::Uuid;

use crate::{AccountId, CollectorId, RoleKind};

/// The namespace of all of Polo's derived ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x7f0c_5b0e_93d4_5a6b_8f56_5f1b_0c37_a2d1);

fn derive(parts: &[&str]) -> Uuid {
    // The separator can't occur in a part, so ("ab","c") and ("a","bc") differ.
    Uuid::new_v5(&NAMESPACE, parts.join("\u{1f}").as_bytes())
}

/// The sweep that a schedule starts: the same for every delivery of the same firing.
pub fn sweep_of_schedule(rule: &str, time: &str) -> Uuid {
    derive(&["schedule", rule, time])
}

/// The sweep that an event starts.
pub fn sweep_of_event(event_id: &str) -> Uuid {
    derive(&["event", event_id])
}

/// The sweep of a manual invocation: Lambda's request id, which its own retries keep.
pub fn sweep_of_request(request_id: &str) -> Uuid {
    Uuid::parse_str(request_id).unwrap_or_else(|_| derive(&["request", request_id]))
}

/// One collector in one account within one sweep.
pub fn run(sweep_id: Uuid, account_id: &AccountId, collector: &CollectorId) -> Uuid {
    let sweep_id = sweep_id.to_string();
    derive(&["run", &sweep_id, account_id.as_str(), collector.as_str()])
}

/// One access check of one role in one account within one invocation.
pub fn check(sweep_id: Uuid, account_id: &AccountId, role: RoleKind) -> Uuid {
    derive(&[
        "check",
        &sweep_id.to_string(),
        account_id.as_str(),
        role.as_str(),
    ])
}

/// One StackSet operation of one kind within one invocation.
pub fn stack_set_operation(sweep_id: Uuid, kind: &str) -> Uuid {
    derive(&["stack-set-operation", &sweep_id.to_string(), kind])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_work_has_the_same_id_and_other_work_another() {
        let account: AccountId = "123456789012".parse().unwrap();
        let (ec2, alias) = (
            "config_ec2".parse().unwrap(),
            "account_alias".parse().unwrap(),
        );
        let sweep = sweep_of_schedule("daily-sweep", "2026-11-21T05:17:00Z");
        assert_eq!(
            sweep,
            sweep_of_schedule("daily-sweep", "2026-11-21T05:17:00Z")
        );
        assert_ne!(
            sweep,
            sweep_of_schedule("daily-sweep", "2026-11-22T05:17:00Z")
        );
        assert_eq!(run(sweep, &account, &ec2), run(sweep, &account, &ec2));
        assert_ne!(run(sweep, &account, &ec2), run(sweep, &account, &alias));
        assert_ne!(
            check(sweep, &account, RoleKind::Read),
            check(sweep, &account, RoleKind::Action)
        );
        assert_eq!(
            stack_set_operation(sweep, "create"),
            stack_set_operation(sweep, "create")
        );
        assert_ne!(
            stack_set_operation(sweep, "create"),
            stack_set_operation(sweep, "update")
        );
    }

    #[test]
    fn a_request_id_is_its_own_sweep() {
        let id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
        assert_eq!(sweep_of_request(id).to_string(), id);
        assert_eq!(sweep_of_request("local-1"), sweep_of_request("local-1"));
    }
}
