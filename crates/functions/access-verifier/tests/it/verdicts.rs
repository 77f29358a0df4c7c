//! Every class of answer: what it says of the role, what is recorded, when it is asked again, what becomes of the status.

use polo_testkit::aws::Reply;

use crate::world::*;

/// Class, answer, verdict.
fn classes() -> Vec<(&'static str, Answer, &'static str)> {
    let says =
        |status, code: &str, message: &str| Answer::Says(Reply::error(status, code, message));
    vec![
        ("", Answer::Works, "success"),
        ("denied", Answer::Denied, "denied"),
        (
            "denied_by_scp",
            says(
                403,
                "AccessDenied",
                "with an explicit deny in a service control policy",
            ),
            "denied",
        ),
        (
            "denied_by_rcp",
            says(
                403,
                "AccessDenied",
                "with an explicit deny in a resource control policy",
            ),
            "denied",
        ),
        ("wrong_account", Answer::NamesAnother, "denied"),
        ("throttled", throttled(), "inconclusive"),
        ("timeout", Answer::Says(Reply::no_answer()), "inconclusive"),
        (
            "network",
            Answer::Says(Reply::no_connection()),
            "inconclusive",
        ),
        (
            "service",
            says(500, "InternalFailure", "not now"),
            "inconclusive",
        ),
        (
            "expired_token",
            says(403, "ExpiredToken", "expired"),
            "inconclusive",
        ),
        (
            "invalid_token",
            says(403, "InvalidClientTokenId", "whose?"),
            "inconclusive",
        ),
        (
            "not_found",
            says(404, "NoSuchEntity", "nowhere"),
            "inconclusive",
        ),
        (
            "config",
            says(400, "ValidationError", "a field"),
            "inconclusive",
        ),
        (
            "not_ready",
            says(403, "OptInRequired", "too young"),
            "inconclusive",
        ),
        (
            "region_disabled",
            says(403, "RegionDisabledException", "off"),
            "inconclusive",
        ),
        ("bug", says(403, "NeverHeardOf", "what?"), "inconclusive"),
    ]
}

fn id(n: usize) -> String {
    format!("{:012}", 100 + n)
}

async fn with_accounts() -> World {
    let ids: Vec<String> = (0..classes().len()).map(id).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    World::new().await.found(&ids).await
}

fn answer_by_class(world: &World) {
    for (n, (_, answer, _)) in classes().into_iter().enumerate() {
        world.role(&id(n), answer);
    }
}

/// The newest check of each account as `account verdict class minutes-to-the-next`.
async fn newest(world: &World) -> Vec<String> {
    world
        .lines(
            "SELECT concat(account_id, ' ', argMax(verdict, checked_at), ' ', argMax(error_class, checked_at), ' ',
                 toString(argMax(dateDiff('minute', checked_at, next_check_at), checked_at)))
             FROM access_checks FINAL GROUP BY account_id ORDER BY account_id",
        )
        .await
}

fn expected() -> Vec<String> {
    classes()
        .into_iter()
        .enumerate()
        .map(|(n, (class, _, verdict))| {
            let next = if verdict == "success" { 24 * 60 } else { 5 };
            format!("{} {verdict} {class} {next}", id(n))
        })
        .collect()
}

#[tokio::test]
async fn every_class_is_recorded_with_its_verdict_and_only_a_success_activates() {
    let world = with_accounts().await;
    answer_by_class(&world);
    let answer = world.tick().await;
    assert_eq!(newest(&world).await, expected());
    assert_eq!(answer["checks"]["success"], 1);
    assert_eq!(answer["checks"]["denied"], 4);
    assert_eq!(answer["checks"]["inconclusive"], classes().len() - 5);
    for (n, (class, _, verdict)) in classes().into_iter().enumerate() {
        let expected = match verdict {
            "success" => "active role_works",
            "denied" => "pending_setup never_set_up",
            _ => "pending_setup check_inconclusive",
        };
        assert_eq!(world.status(&id(n)).await, expected, "{class}");
    }
    // What AWS said is kept, word by word; a success names who was seen.
    assert_eq!(
        world
            .lines("SELECT error_code, message, assumed_role_arn FROM access_checks WHERE error_class = 'denied_by_scp'")
            .await,
        ["AccessDenied\twith an explicit deny in a service control policy\t"]
    );
    let seen = world
        .lines("SELECT assumed_role_arn FROM access_checks WHERE verdict = 'success'")
        .await;
    assert!(
        seen[0].starts_with(
            "arn:aws:sts::000000000100:assumed-role/dev-PoloReadRole/polo-access-verifier-"
        ),
        "{seen:?}"
    );
    assert_eq!(
        world
            .lines("SELECT count() FROM access_checks WHERE message LIKE '%answer names account 999999999999%'")
            .await,
        ["1"]
    );
}

#[tokio::test]
async fn an_active_account_loses_its_status_by_two_denials_five_minutes_apart_and_by_nothing_else()
{
    let world = with_accounts().await;
    world.tick().await;
    assert_eq!(world.told().len(), classes().len());
    for n in 0..classes().len() {
        assert_eq!(world.status(&id(n)).await, "active role_works");
    }

    answer_by_class(&world);
    world.minutes_pass(24 * 60);
    world.tick().await;
    assert_eq!(newest(&world).await, expected());
    for (n, (class, _, verdict)) in classes().into_iter().enumerate() {
        let expected = match verdict {
            "denied" => "active denial_not_confirmed",
            _ => "active role_works",
        };
        assert_eq!(world.status(&id(n)).await, expected, "{class}");
    }
    assert!(world.told().is_empty(), "one denial changes nothing");

    world.minutes_pass(5);
    world.tick().await;
    let mut lost = Vec::new();
    for (n, (class, _, verdict)) in classes().into_iter().enumerate() {
        let expected = if verdict == "denied" {
            lost.push(format!("{} active -> no_access", id(n)));
            "no_access denied_after_success"
        } else {
            "active role_works"
        };
        assert_eq!(world.status(&id(n)).await, expected, "{class}");
    }
    assert_eq!(world.told(), lost);

    // A success counts at once; what is inconclusive does not heal either.
    for (n, (class, _, _)) in classes().into_iter().enumerate() {
        let heals = if class == "denied" {
            Answer::Works
        } else {
            throttled()
        };
        world.role(&id(n), heals);
    }
    world.minutes_pass(5);
    world.tick().await;
    assert_eq!(world.told(), [format!("{} no_access -> active", id(1))]);
}

#[tokio::test]
async fn two_denials_in_quick_succession_confirm_nothing() {
    let world = World::new().await.found(&[ONE]).await;
    world.tick().await;
    world.role(ONE, Answer::Denied);
    for minutes in [1, 4] {
        world.minutes_pass(minutes);
        world
            .deliver(
                &serde_json::json!({"account_id": ONE}),
                &format!("after {minutes}"),
            )
            .await
            .unwrap();
        assert_eq!(world.status(ONE).await, "active denial_not_confirmed");
    }
    world.minutes_pass(1);
    let answer = world.by_hand(serde_json::json!({"account_id": ONE})).await;
    assert_eq!(answer["account"]["polo_status"], "no_access");
    assert_eq!(answer["account"]["verdict"], "denied");
    assert_eq!(answer["account"]["error_class"], "denied");
}
