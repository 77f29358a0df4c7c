//! What AWS refuses, garbles or does not have: recorded as what it is, and never as an empty bill.

use polo_testkit::aws::{Call, Reply};
use polo_testkit::sql;
use serde_json::{Value, json};

use crate::world::*;

fn denied() -> Reply {
    Reply::error(
        400,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo is not authorized to perform: \
         ce:GetCostAndUsage on resource: arn:aws:ce:us-east-1:123456789012:/GetCostAndUsage because no identity-based \
         policy allows the ce:GetCostAndUsage action",
    )
}

async fn stored(world: &World) -> (Vec<String>, i64) {
    let rows = sql::number(&world.store, "SELECT count() FROM cost_current").await;
    (read_days(world).await, rows)
}

#[tokio::test]
async fn a_denial_is_named_and_leaves_what_was_read() {
    let world = payer(Bill::example()).await;
    world.run("one").await;
    let before = stored(&world).await;
    world.answers("ce", OPERATION, denied());
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("denied")),
        "{answer}"
    );
    assert_eq!(
        world.targets().await,
        ["payer complete", "payer denied(denied) ce:GetCostAndUsage"]
    );
    assert_eq!(stored(&world).await, before);
}

/// A payer without Cost Explorer answers so. It is a denial with AWS's words and no empty bill: it also comes where the
/// root user has not let IAM see the bill, and somebody has to act.
#[tokio::test]
async fn an_account_that_is_not_enabled_for_cost_explorer_is_a_gap() {
    let world = payer(Bill::example()).await;
    let words = "User not enabled for cost explorer access";
    world.answers(
        "ce",
        OPERATION,
        Reply::error(400, "AccessDeniedException", words),
    );
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("denied")),
        "{answer}"
    );
    assert!(
        answer["reason"].as_str().unwrap().contains(words),
        "{answer}"
    );
}

#[tokio::test]
async fn an_account_that_never_subscribed_has_no_bill() {
    for code in ["OptInRequired", "SubscriptionRequiredException"] {
        let world = payer(Bill::example()).await;
        world.answers("ce", OPERATION, Reply::error(400, code, "not subscribed"));
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{answer}");
        assert_eq!(world.targets().await, ["payer not_enabled"]);
        assert_eq!(stored(&world).await, (Vec::new(), 0));
    }
}

#[tokio::test]
async fn a_throttled_page_is_asked_for_again() {
    let world = payer(Bill::example()).await;
    let bill = Bill::example();
    let mut throttled = false;
    world.aws.on("ce", OPERATION, move |call| {
        if std::mem::replace(&mut throttled, true) {
            bill.answer(call)
        } else {
            Reply::error(400, "LimitExceededException", "Rate exceeded")
        }
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(calls(&world), 26);
}

#[tokio::test]
async fn throttled_for_good_is_retried_by_lambda() {
    let world = payer(Bill::example()).await;
    world.answers("ce", OPERATION, Reply::throttled());
    let error = world.try_run("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    bills(&world, Bill::example());
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
}

/// The SDK's paginators would end at such a token, and the days count as read.
#[tokio::test]
async fn a_token_that_names_the_same_page_again_ends_nothing_well() {
    let world = payer(Bill::example()).await;
    world.run("one").await;
    let before = stored(&world).await;
    let bill = Bill::example();
    world.aws.on("ce", OPERATION, move |call| {
        let mut body = answer_body(&bill, call);
        body["NextPageToken"] = "1".into();
        Reply::json(body)
    });
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("bug")),
        "{answer}"
    );
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("ce:GetCostAndUsage")
    );
    assert_eq!(stored(&world).await, before);
}

/// One day's groups, for answers that a test garbles.
fn answer_body(bill: &Bill, call: &Call) -> Value {
    let question = Question::of(call);
    let groups: Vec<Value> = bill
        .lines
        .iter()
        .map(|line| {
            let keys = match question.keys.len() {
                1 => vec![line.region.clone()],
                _ => vec![line.account.clone(), line.service.clone()],
            };
            group(&keys, "1", "1")
        })
        .collect();
    json!({ "ResultsByTime": [result(question.start, true, groups)] })
}

type Garble = fn(&mut Value);

#[tokio::test]
async fn what_is_no_answer_is_named_and_no_range_of_it_counts_as_read() {
    let cases: [(&str, Garble); 8] = [
        ("\"12,50\"", |group| {
            group["Metrics"]["UnblendedCost"]["Amount"] = "12,50".into()
        }),
        ("\"\"", |group| {
            group["Metrics"]["AmortizedCost"]["Amount"] = "".into()
        }),
        ("UnblendedCost", |group| {
            group["Metrics"]
                .as_object_mut()
                .unwrap()
                .remove("UnblendedCost");
        }),
        ("AmortizedCost", |group| {
            group["Metrics"]["AmortizedCost"] = json!({"Unit": "USD"})
        }),
        ("currency \"\"", |group| {
            group["Metrics"]["UnblendedCost"] = json!({"Amount": "1"})
        }),
        ("in USD, but AmortizedCost in EUR", |group| {
            group["Metrics"]["AmortizedCost"]["Unit"] = "EUR".into();
        }),
        ("the keys []", |group| group["Keys"] = json!([])),
        ("NaN", |group| {
            group["Metrics"]["UnblendedCost"]["Amount"] = "NaN".into()
        }),
    ];
    for (named, garble) in cases {
        let world = payer(Bill::example()).await;
        let bill = Bill::example();
        // The newest range is whole, the one before has one group that is not, on its second page.
        let mut newest = None;
        world.aws.on("ce", OPERATION, move |call| {
            let question = Question::of(call);
            let mut body = answer_body(&bill, call);
            if question.start != *newest.get_or_insert(question.start) {
                match question.page {
                    0 => body["NextPageToken"] = "1".into(),
                    _ => garble(&mut body["ResultsByTime"][0]["Groups"][2]),
                }
            }
            Reply::json(body)
        });
        let answer = world.run("one").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["error_class"].as_str()),
            (Some("failed"), Some("bug")),
            "{named}: {answer}"
        );
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.contains(named), "{named}: {reason}");
        assert_eq!(read_days(&world).await, ["account_service 7"], "{named}");
    }
}

#[tokio::test]
async fn a_day_that_was_not_asked_for_is_no_answer() {
    for start in ["2001-01-01", "", "yesterday"] {
        let world = payer(Bill::example()).await;
        let bill = Bill::example();
        world.aws.on("ce", OPERATION, move |call| {
            let mut body = answer_body(&bill, call);
            body["ResultsByTime"][0]["TimePeriod"]["Start"] = start.into();
            Reply::json(body)
        });
        let answer = world.run("one").await;
        assert_eq!(answer["error_class"], "bug", "{answer}");
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.contains(&format!("begins on {start:?}")), "{reason}");
        assert_eq!(stored(&world).await, (Vec::new(), 0));
    }
}

fn no_data() -> Reply {
    Reply::error(
        400,
        "DataUnavailableException",
        "Data is not available. Please try to adjust the time period. If just enabled Cost Explorer, data might not be \
         ingested yet",
    )
}

/// Cost Explorer was enabled today: there is nothing yet, which is neither an empty bill nor the end of it.
#[tokio::test]
async fn data_that_aws_does_not_have_yet_is_read_when_it_has() {
    let world = payer(Bill::example()).await;
    world.answers("ce", OPERATION, no_data());
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "failed", "{answer}");
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("Data is not available")
    );
    assert_eq!(calls(&world), 2, "older days are not asked for in vain");
    assert_eq!(stored(&world).await, (Vec::new(), 0));

    bills(&world, Bill::example());
    assert_eq!(world.run("two").await["outcome"], "complete");
    assert_eq!(read_days(&world).await.len(), 5);
}

/// A payer that is a week old: the days before it keep nothing else from being read.
#[tokio::test]
async fn days_before_the_payer_existed_are_in_nothing_elses_way() {
    let world = payer(Bill::example()).await;
    let bill = Bill::example();
    let mut newest = None;
    world.aws.on("ce", OPERATION, move |call| {
        let question = Question::of(call);
        if question.start == *newest.get_or_insert(question.start) {
            bill.answer(call)
        } else {
            no_data()
        }
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "failed", "{answer}");
    assert_eq!(
        read_days(&world).await,
        [
            "account_service 7",
            "account_service_region/eu-west-1 7",
            "account_service_region/global 7",
            "account_service_region/us-east-1 7",
            "region 7"
        ]
    );
}

#[tokio::test]
async fn a_region_that_aws_does_not_take_as_a_filter_hides_no_other() {
    let world = payer(Bill::example()).await;
    let bill = Bill::example();
    world.aws.on("ce", OPERATION, move |call| {
        if Question::of(call).region == "global" {
            return Reply::error(
                400,
                "ValidationException",
                "Invalid value for REGION: global",
            );
        }
        bill.answer(call)
    });
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("config")),
        "{answer}"
    );
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("Invalid value for REGION")
    );
    assert_eq!(
        read_days(&world).await,
        [
            "account_service 31",
            "account_service_region/eu-west-1 31",
            "account_service_region/us-east-1 31",
            "region 31"
        ]
    );
}
