//! PutEvents, rules, schedules, redelivery.

use serde_json::{Value, json};

use crate::stack::Stack;

fn collect(detail: &Value) -> Value {
    json!({"Source": "polo.collection-dispatcher", "DetailType": "Collect Account", "Detail": detail.to_string(), "EventBusName": "dev-polo"})
}

#[tokio::test]
async fn matching_event_transformed_and_delivered() {
    let stack = Stack::start().await;
    let mut entry = collect(
        &json!({"account_id": "012345678901", "collector": "echo", "count": 3, "more": "unseen"}),
    );
    entry["Time"] = json!(1_700_000_000.25);
    let (status, answer) = stack
        .put_events(json!([entry, collect(&json!({"collector": "other"}))]))
        .await;
    assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(0)));
    let event_id = answer["Entries"][0]["EventId"].clone();
    stack.settled().await;

    let attempts = stack.attempts("echo-function");
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        attempts[0].1,
        json!({"id": event_id, "source": "polo.collection-dispatcher", "detail-type": "Collect Account", "detail": {"account_id": "012345678901", "count": 3}})
    );
    let log = stack.client.get("/polo-local/events").await.unwrap();
    assert_eq!(log["next"], 2);
    let event = &log["events"][0];
    assert_eq!(event["deliveries"][0]["rule"], "dev-polo-collect-echo");
    assert_eq!(event["deliveries"][0]["request_id"], attempts[0].0);
    assert_eq!(
        event["event"],
        json!({
            "version": "0", "id": event_id, "detail-type": "Collect Account", "source": "polo.collection-dispatcher", "account": "123456789012",
            "time": "2023-11-14T22:13:20Z", "region": "us-east-1", "resources": [],
            "detail": {"account_id": "012345678901", "collector": "echo", "count": 3, "more": "unseen"},
        })
    );
    assert_eq!(log["events"][1]["deliveries"], json!([]));
    assert_eq!(
        stack
            .client
            .get("/polo-local/events?since=2")
            .await
            .unwrap()["events"],
        json!([])
    );
}

#[tokio::test]
async fn refused_entries_do_not_spoil_their_neighbours() {
    let stack = Stack::start().await;
    let good = collect(&json!({"collector": "echo"}));
    let with = |key: &str, value: &str| {
        let mut entry = good.clone();
        entry[key] = value.into();
        entry
    };
    let entries = [
        with("Detail", "{"),
        with("Detail", "[1]"),
        with("Source", ""),
        with("Source", "aws.ec2"),
        with("EventBusName", "nobody"),
        good.clone(),
    ];
    let (_, answer) = stack.put_events(json!(entries)).await;
    assert_eq!(answer["FailedEntryCount"], 5);
    let codes: Vec<_> = answer["Entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["ErrorCode"].as_str().unwrap_or("accepted"))
        .collect();
    assert_eq!(
        codes,
        [
            "MalformedDetail",
            "MalformedDetail",
            "InvalidArgument",
            "NotAuthorizedForSourceException",
            "ResourceNotFoundException",
            "accepted"
        ]
    );
    assert_eq!(stack.settled().await.events, 1);

    for entries in [json!([]), json!(vec![good; 11])] {
        let (status, answer) = stack.put_events(entries).await;
        assert_eq!(
            (status, answer["__type"].as_str()),
            (400, Some("ValidationException"))
        );
    }
}

#[tokio::test]
async fn asked_for_faults_happen_so_often() {
    let stack = Stack::start().await;
    let fault = json!({"times": 1, "code": "ThrottlingException", "entries": "first"});
    stack
        .client
        .post("/polo-local/put-events-faults", &fault)
        .await
        .unwrap();
    let entries = json!([collect(&json!({})), collect(&json!({}))]);
    let (_, answer) = stack.put_events(entries.clone()).await;
    assert_eq!(
        (
            &answer["FailedEntryCount"],
            &answer["Entries"][0]["ErrorCode"]
        ),
        (&json!(1), &json!("ThrottlingException"))
    );
    assert_eq!(stack.put_events(entries).await.1["FailedEntryCount"], 0);
}

#[tokio::test]
async fn schedule_fired_by_short_and_full_name() {
    let stack = Stack::start().await;
    let (time, id) = (
        "2026-01-02T03:00:00Z",
        "6f2c8a60-0000-4000-8000-000000000001",
    );
    let fired = stack
        .client
        .fire("daily-sweep", Some(time), Some(id))
        .await
        .unwrap();
    assert_eq!(
        (&fired["event_id"], &fired["time"], &fired["rule"]),
        (&json!(id), &json!(time), &json!("dev-polo-daily-sweep"))
    );
    stack
        .client
        .fire("dev-polo-daily-sweep", Some(time), Some(id))
        .await
        .unwrap();
    stack.client.fire("daily-sweep", None, None).await.unwrap();
    stack.settled().await;

    let mut payloads: Vec<Value> = stack
        .attempts("echo-function")
        .into_iter()
        .map(|(_, payload)| payload)
        .collect();
    let same = json!({"id": id, "time": time, "rule": "daily-sweep", "detail": {"mode": "sweep", "schedule": "daily"}});
    payloads.sort_by_key(|payload| *payload != same);
    assert_eq!(payloads[..2], [same.clone(), same]);
    assert_ne!(payloads[2]["id"], id);

    let unknown = stack.client.fire("nightly", None, None).await.unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "there is no schedule \"nightly\": the schedules are daily-sweep, disabled-sweep"
    );
    let disabled = stack
        .client
        .fire("disabled-sweep", None, None)
        .await
        .unwrap_err();
    assert_eq!(
        disabled.to_string(),
        "the rule dev-polo-disabled-sweep is disabled in its template"
    );
}

#[tokio::test]
async fn redelivery_sends_the_same_event_as_another_invocation() {
    let stack = Stack::start().await;
    let (_, answer) = stack
        .put_events(json!([collect(
            &json!({"account_id": "1", "collector": "echo", "count": 1})
        )]))
        .await;
    let event_id = answer["Entries"][0]["EventId"].as_str().unwrap();
    for _ in 0..2 {
        // One delivery each time: also after several, each rule is delivered to once.
        let again = stack.client.redeliver(event_id).await.unwrap();
        assert_eq!(again["deliveries"].as_array().unwrap().len(), 1);
    }
    stack.settled().await;
    let attempts = stack.attempts("echo-function");
    assert_eq!(attempts.len(), 3);
    assert!(
        attempts
            .iter()
            .all(|(_, payload)| *payload == attempts[0].1)
    );
    assert_ne!(attempts[0].0, attempts[1].0);

    let unknown = stack.client.redeliver("nobody").await.unwrap_err();
    assert!(
        unknown
            .to_string()
            .starts_with("there is no event nobody in the log"),
        "{unknown}"
    );
}

#[tokio::test]
async fn rule_without_permission_ends_in_the_dead_letters() {
    let stack = Stack::start().await;
    stack.put_events(json!([{"Source": "polo.forbidden", "DetailType": "T", "Detail": "{}", "EventBusName": "dev-polo"}])).await;
    let letters = stack.dead_letters().await;
    assert_eq!(
        (&letters[0]["queue"], &letters[0]["condition"]),
        (&json!("dev-polo-dead-letters"), &json!("NO_PERMISSIONS"))
    );
    assert_eq!(letters[0]["body"]["event"]["source"], "polo.forbidden");
    assert_eq!(
        stack.settled().await.functions["echo-function"].invocations,
        0
    );
}
