//! What AWS refuses or garbles: recorded as what it is, and never as nothing.

use polo_testkit::aws::Reply;
use polo_testkit::sql;
use serde_json::{Value, json};

use crate::world::*;

fn denied(action: &str) -> Reply {
    Reply::error(
        400,
        "AccessDeniedException",
        &format!(
            "User: arn:aws:sts::{ACCOUNT}:assumed-role/dev-PoloReadRole/polo is not authorized to perform: {action} \
             because no identity-based policy allows the {action} action"
        ),
    )
}

fn all_calls() -> [(&'static str, &'static str, &'static str); 4] {
    [
        ("savingsplans", PLANS, "global"),
        ("ce", UTILIZATION, "payer"),
        ("ce", COVERAGE, "payer"),
        ("ce", DETAILS, "payer"),
    ]
}

#[tokio::test]
async fn a_denied_call_ends_its_target_and_takes_nothing_away() {
    let stored = "SELECT concat(toString((SELECT count() FROM v_resources)), ' ', toString((SELECT count() FROM v_savings_plans_plan_utilization)))";
    for (service, operation, target) in all_calls() {
        let world = with_a_plan().await;
        world.run("one").await;
        let before = sql::text(&world.store, stored).await;
        let action = format!("{service}:{operation}");
        world.answers(service, operation, denied(&action));
        let answer = world.run("two").await;
        assert_eq!(answer["outcome"], "partial", "{answer}");
        let targets = world.targets().await;
        assert_eq!(targets.len(), 4);
        assert!(
            targets.contains(&format!("{target} denied(denied) {action}")),
            "{targets:?}"
        );
        assert_eq!(sql::text(&world.store, stored).await, before, "{operation}");
    }
}

#[tokio::test]
async fn a_throttled_call_is_made_again() {
    for (service, operation, _) in all_calls() {
        let world = with_a_plan().await;
        let mut throttled = false;
        world.aws.on(service, operation, move |call| {
            if !std::mem::replace(&mut throttled, true) {
                return Reply::error(400, "LimitExceededException", "Rate exceeded");
            }
            let days: Vec<Value> = match call.operation.as_str() {
                PLANS | DETAILS => Vec::new(),
                _ => days(call)
                    .map(|day| json!({ "TimePeriod": period(day) }))
                    .collect(),
            };
            match call.operation.as_str() {
                PLANS => plans_page(&[plan("sp-1")], None),
                DETAILS => details_page(call, &[detail("sp-1", "30")], None),
                UTILIZATION => Reply::json(json!({ "SavingsPlansUtilizationsByTime": days })),
                _ => Reply::json(json!({ "SavingsPlansCoverages": days })),
            }
        });
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        assert_eq!(world.ids().await, ["sp-1"]);
    }
}

#[tokio::test]
async fn throttled_for_good_is_retried_by_lambda_where_nothing_else_was_read() {
    let world = with_a_plan().await;
    world.answers("savingsplans", PLANS, Reply::throttled());
    world.answers("ce", UTILIZATION, Reply::throttled());
    let error = world.try_run("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    has_plans(&world, &[plan("sp-1")]);
    uses(&world, &[("sp-1", "30")]);
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
}

#[tokio::test]
async fn a_service_that_the_account_never_subscribed_to_is_an_answer() {
    for code in ["OptInRequired", "SubscriptionRequiredException"] {
        let world = with_a_plan().await;
        for (service, operation, _) in all_calls() {
            world.answers(
                service,
                operation,
                Reply::error(400, code, "not subscribed"),
            );
        }
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{answer}");
        assert_eq!(
            world.targets().await,
            ["global not_enabled", "payer not_enabled"]
        );
        assert_eq!(world.ids().await, Vec::<String>::new());
    }
}

/// A plan of which something is garbled is there all the same, and the run says what is wrong with it.
#[tokio::test]
async fn what_is_no_amount_and_no_time_is_left_out_and_named() {
    for (field, text, attribute) in [
        ("commitment", "2,50", "commitment_per_hour"),
        ("upfrontPaymentAmount", "free", "upfront_payment_amount"),
        ("end", "next year", "end_at"),
    ] {
        let world = with_a_plan().await;
        let mut garbled = plan("sp-1");
        garbled[field] = text.into();
        has_plans(&world, &[garbled, plan("sp-2")]);
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "partial", "{answer}");
        let reason = answer["reason"].as_str().unwrap();
        assert!(
            reason.contains(attribute)
                && reason.contains(&format!("{text:?}"))
                && reason.contains("sp-1"),
            "{reason}"
        );
        let resources = world.resources().await;
        assert_eq!(world.ids().await, ["sp-1", "sp-2"]);
        assert_eq!(resources[0]["attributes"].get(attribute), None);
        assert_eq!(resources[0]["attributes"]["currency"], "USD");
    }
}

#[tokio::test]
async fn figures_that_are_none_are_named_and_their_day_counts_as_not_read() {
    let of_totals = |figure: &str, text: &str| {
        let day = json!({ "Utilization": { figure: text }, "Coverage": { figure: text } });
        (day, format!("{text:?}"))
    };
    for (operation, figure) in [(UTILIZATION, "UsedCommitment"), (COVERAGE, "OnDemandCost")] {
        let world = with_a_plan().await;
        let (garbled, named) = of_totals(figure, "a lot");
        world.aws.on("ce", operation, move |call| {
            let all: Vec<Value> = days(call)
                .map(|day| {
                    let mut told = garbled.clone();
                    told["TimePeriod"] = period(day);
                    told
                })
                .collect();
            Reply::json(
                json!({ "SavingsPlansUtilizationsByTime": all, "SavingsPlansCoverages": all }),
            )
        });
        check_bug(&world, operation, &[figure, &named]).await;
    }

    let world = with_a_plan().await;
    world.aws.on("ce", DETAILS, |call| {
        details_page(call, &[detail("sp-1", "3O")], None)
    });
    check_bug(
        &world,
        DETAILS,
        &["UsedCommitment", "\"3O\"", "savingsplan/sp-1"],
    )
    .await;
    assert_eq!(read_days(&world).await, ["coverage 31", "utilization 31"]);

    let world = with_a_plan().await;
    world.aws.on("ce", DETAILS, |call| {
        details_page(
            call,
            &[json!({ "Utilization": { "UsedCommitment": "1" } })],
            None,
        )
    });
    check_bug(&world, DETAILS, &["name no plan"]).await;

    for operation in [UTILIZATION, COVERAGE] {
        let world = with_a_plan().await;
        let told = json!([{ "TimePeriod": { "Start": "2001-01-01", "End": "2001-01-02" }, "Utilization": {} }]);
        world.answers(
            "ce",
            operation,
            Reply::json(
                json!({ "SavingsPlansUtilizationsByTime": told, "SavingsPlansCoverages": told }),
            ),
        );
        check_bug(&world, operation, &["2001-01-01"]).await;
    }
}

async fn check_bug(world: &World, operation: &str, named: &[&str]) {
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    let target = format!("payer failed(bug) ce:{operation}");
    assert!(world.targets().await.contains(&target), "{answer}");
    let reason = answer["reason"].as_str().unwrap();
    for named in named {
        assert!(reason.contains(named), "{named}: {reason}");
    }
}
