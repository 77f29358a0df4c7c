//! The same for programs.

use serde_json::{Value, json};

use crate::world::{BROKEN, PARTLY, SHOP, STANDALONE, World};

fn ids(list: &Value) -> Vec<&str> {
    let accounts = list.as_array().unwrap();
    accounts
        .iter()
        .map(|account| account["account_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn coverage_counts_what_the_page_counts() {
    let world = World::organization().await;
    let coverage = world.json("/api/coverage").await;
    assert_eq!(
        (
            &coverage["accounts"],
            &coverage["not_visible"],
            &coverage["with_gaps"]
        ),
        (&json!(5), &json!(2), &json!(1))
    );
    assert_eq!(
        coverage["counts"],
        json!({"active": 2, "excluded": 1, "no_access": 1, "pending_setup": 1})
    );
    // The view's own rows: an account with a gap in one region was scanned all the same.
    assert_eq!(ids(&coverage["uncovered"]), [BROKEN, STANDALONE]);
    assert_eq!(coverage["uncovered"][0]["hours_since_scan"], Value::Null);
    assert!(coverage["as_of"].as_str().unwrap().ends_with('Z'));
    let rest = world.json(&format!("/api/coverage?after={BROKEN}")).await;
    assert_eq!(ids(&rest["uncovered"]), [STANDALONE]);
}

#[tokio::test]
async fn accounts_are_listed_by_id_and_status() {
    let world = World::organization().await;
    let all = world.json("/api/accounts").await;
    assert_eq!(ids(&all["accounts"]).len(), 5);
    assert_eq!(
        (&all["counts"]["active"], all.get("next")),
        (&json!(2), None)
    );
    let active = world
        .json(&format!("/api/accounts?status=active&after={SHOP}"))
        .await;
    assert_eq!(ids(&active["accounts"]), [PARTLY]);
    let found = world.json("/api/accounts?q=TEAM+%3Cb%3E").await;
    assert_eq!(ids(&found["accounts"]), [SHOP]);
    assert_eq!(active["counts"]["no_access"], 1);
}

#[tokio::test]
async fn an_account_has_its_history() {
    let world = World::organization().await;
    let account = world.json(&format!("/api/accounts/{BROKEN}")).await;
    assert_eq!(
        (&account["polo_status"], &account["status_reason"]),
        (&json!("no_access"), &json!("denied_after_success"))
    );
    assert_eq!(account["access_checks"].as_array().unwrap().len(), 3);
    let partly = world.json(&format!("/api/accounts/{PARTLY}")).await;
    let runs = partly["runs"].as_array().unwrap();
    assert!(
        runs.iter()
            .any(|run| run["target_outcomes"][0]["outcome"] == "denied"),
        "{runs:?}"
    );
}
