//! The StackSet's instances: whole listings only, which the status rule reads beside the checks.

use polo_testkit::aws::{Call, Reply};
use serde_json::{Value, json};

use crate::world::*;

async fn with_stack_set() -> World {
    let world = World::with(&[("POLO_STACK_SET_NAME", "polo-roles")])
        .await
        .found(&[ONE, TWO])
        .await;
    world.role(ONE, Answer::Denied);
    world.role(TWO, Answer::Denied);
    world
}

fn page(instances: &[(&str, &str)], next_token: Option<&str>) -> Reply {
    let members: String = instances
        .iter()
        .map(|(account, status)| {
            format!(
                "<member><StackSetId>polo-roles:1234</StackSetId><Region>us-east-1</Region><Account>{account}</Account>\
                 <Status>{status}</Status><StatusReason>because</StatusReason>\
                 <StackInstanceStatus><DetailedStatus>SUCCEEDED</DetailedStatus></StackInstanceStatus></member>"
            )
        })
        .collect();
    let token = next_token
        .map(|token| format!("<NextToken>{token}</NextToken>"))
        .unwrap_or_default();
    Reply::ok(format!(
        "<ListStackInstancesResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
         <ListStackInstancesResult><Summaries>{members}</Summaries>{token}</ListStackInstancesResult>\
         <ResponseMetadata><RequestId>fake-request-id</RequestId></ResponseMetadata></ListStackInstancesResponse>"
    ))
}

fn listing(world: &World, answer: impl Fn(&Call) -> Reply + Send + 'static) {
    world.aws.on("cloudformation", "ListStackInstances", answer);
}

/// Two pages: the first account's stack is current, the second's is not.
fn two_pages(call: &Call) -> Reply {
    if call.parameter("NextToken").is_empty() {
        page(&[(ONE, "CURRENT")], Some("2"))
    } else {
        page(&[(TWO, "OUTDATED")], None)
    }
}

async fn stored(world: &World) -> Vec<String> {
    world
        .lines("SELECT account_id, status, present FROM stack_instances FINAL ORDER BY account_id")
        .await
}

#[tokio::test]
async fn two_pages_are_stored_and_tell_a_broken_role_from_one_that_never_was() {
    let world = with_stack_set().await;
    listing(&world, two_pages);
    let answer = world.tick().await;
    assert_eq!(answer["stack_instances"]["instances"], 2);
    let both = [
        "111111111111\tCURRENT\ttrue",
        "222222222222\tOUTDATED\ttrue",
    ];
    assert_eq!(stored(&world).await, both);
    assert_eq!(world.status(ONE).await, "no_access deployed_but_denied");
    assert_eq!(
        world.status(TWO).await,
        "pending_setup deployment_not_current"
    );

    listing(&world, |_| page(&[(TWO, "CURRENT")], None));
    world.minutes_pass(1);
    world.tick().await;
    assert_eq!(
        stored(&world).await,
        [
            "111111111111\tCURRENT\tfalse",
            "222222222222\tCURRENT\ttrue"
        ]
    );
    assert_eq!(world.status(ONE).await, "pending_setup never_set_up");
    assert_eq!(world.status(TWO).await, "no_access deployed_but_denied");
}

#[tokio::test]
async fn one_account_is_verified_without_a_listing() {
    let world = with_stack_set().await;
    listing(&world, two_pages);
    world.tick().await;
    let listed = world.aws.calls_of("ListStackInstances").len();
    world.role(TWO, Answer::Works);
    let answer = world.by_hand(json!({"account_id": TWO})).await;
    assert_eq!(answer["account"]["polo_status"], "active", "{answer}");
    assert_eq!(answer["told"]["status_changes"], 1, "{answer}");
    assert_eq!(answer["stack_instances"], Value::Null);
    assert_eq!(world.aws.calls_of("ListStackInstances").len(), listed);
}

#[tokio::test]
async fn a_listing_that_fails_changes_nothing_is_told_and_the_checks_are_stored_all_the_same() {
    let world = with_stack_set().await;
    listing(&world, two_pages);
    world.tick().await;
    let before = stored(&world).await;
    type Trouble = fn(&Call) -> Reply;
    let troubles: [(Trouble, &str); 3] = [
        (
            |_| Reply::error(403, "AccessDenied", "no"),
            "cloudformation:ListStackInstances",
        ),
        (
            |_| {
                Reply::error(
                    404,
                    "StackSetNotFoundException",
                    "StackSet polo-roles not found",
                )
            },
            "POLO_STACK_SET_NAME",
        ),
        (
            |call| {
                if call.parameter("NextToken").is_empty() {
                    page(&[(TWO, "CURRENT")], Some("2"))
                } else {
                    Reply::error(400, "Throttling", "Rate exceeded")
                }
            },
            "throttled",
        ),
    ];
    world.role(ONE, Answer::Works);
    for (n, (trouble, names)) in troubles.into_iter().enumerate() {
        listing(&world, trouble);
        world.minutes_pass(5);
        let answer = world.tick().await;
        let failed = answer["stack_instances"]["failed"].as_str().unwrap();
        assert!(failed.contains(names) && !failed.contains('\n'), "{failed}");
        assert_eq!(stored(&world).await, before, "{failed}");
        if n == 0 {
            assert_eq!(answer["checks"]["success"], 1);
            assert_eq!(world.status(ONE).await, "active role_works");
        }
    }
}

const READER: &str = "arn:aws:iam::999988887777:role/polo/dev-polo-organization-reader";

/// The hub is a plain account: the StackSet is read through a role of the management account.
async fn through_a_role() -> World {
    let world = World::with(&[
        ("POLO_STACK_SET_NAME", "polo-roles"),
        ("POLO_STACK_SET_ROLE_ARN", READER),
        ("POLO_EXTERNAL_ID", "common"),
        (
            "POLO_ORGANIZATIONS",
            r#"[{"id": "o-aaaaaaaaaa", "external_id": "of-a"},
                {"id": "o-bbbbbbbbbb", "external_id": "of-b", "role_arn": "arn:aws:iam::999988887777:role/lister"}]"#,
        ),
    ])
    .await
    .found(&[ONE, TWO])
    .await;
    listing(&world, two_pages);
    world
}

#[tokio::test]
async fn a_hub_that_may_not_read_the_stack_set_does_it_through_a_role() {
    let world = through_a_role().await;
    let answer = world.tick().await;
    assert_eq!(answer["stack_instances"]["instances"], 2, "{answer}");
    assert_eq!(stored(&world).await.len(), 2);
    let pages = world.aws.calls_of("ListStackInstances");
    assert_eq!(pages.len(), 2);
    for page in pages {
        assert_eq!(page.account_id(), Some("999988887777"), "{page:?}");
    }
    let assumed = world.aws.calls_of("AssumeRole");
    let assumed: Vec<_> = assumed
        .iter()
        .filter(|call| call.parameter("RoleArn") == READER)
        .collect();
    assert_eq!(assumed.len(), 1, "one session for all pages");
    assert_eq!(assumed[0].parameter("ExternalId"), "of-b");
    assert!(
        assumed[0]
            .parameter("RoleSessionName")
            .starts_with("polo-access-verifier-"),
        "{assumed:?}"
    );

    // While its session lasts, another tick asks for none.
    world.minutes_pass(5);
    world.tick().await;
    let again = world.aws.calls_of("AssumeRole");
    let again = again
        .iter()
        .filter(|call| call.parameter("RoleArn") == READER);
    assert_eq!(again.count(), 1);
}

#[tokio::test]
async fn a_role_that_does_not_open_or_may_not_read_is_named_and_the_checks_are_stored() {
    let world = through_a_role().await;
    world.role(READER, Answer::Denied);
    let answer = world.tick().await;
    let failed = answer["stack_instances"]["failed"].as_str().unwrap();
    assert!(
        failed.starts_with(&format!("through {READER}: "))
            && failed.contains("sts:AssumeRole")
            && !failed.contains('\n'),
        "{failed}"
    );
    assert_eq!(answer["checks"]["success"], 2);
    assert_eq!(world.status(ONE).await, "active role_works");
    assert!(world.aws.calls_of("ListStackInstances").is_empty());
    assert_eq!(stored(&world).await, Vec::<String>::new());

    world.role(READER, Answer::Works);
    listing(&world, |_| Reply::error(403, "AccessDenied", "no"));
    world.minutes_pass(5);
    let answer = world.tick().await;
    let failed = answer["stack_instances"]["failed"].as_str().unwrap();
    assert!(
        failed.starts_with(&format!("through {READER}: "))
            && failed.contains("cloudformation:ListStackInstances"),
        "{failed}"
    );
    assert_eq!(stored(&world).await, Vec::<String>::new());
}
