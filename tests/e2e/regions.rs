//! Pages and regions that fail, and resources that are really gone.

use polo_tests::{Account, Organization, Stack};
use serde_json::json;

const FAILING: &str = "eu-central-1";

/// A second page that fails removes nothing, in its region or another; nor does a manual run over one region. What was
/// deleted is gone after the next complete look, once.
#[tokio::test(flavor = "multi_thread")]
async fn resource_is_gone_only_after_a_complete_look_at_its_region() {
    let (stack, loaded) = Stack::with(
        &Organization::default().account(
            Account::working("alpha")
                .instances("us-east-1", 2)
                .instances(FAILING, 7),
        ),
    )
    .await;
    let account = loaded.account("alpha");
    stack
        .control(
            reqwest::Method::POST,
            "options",
            json!({"ec2_page_limit": 5}),
        )
        .await;
    stack.fire("hourly-discovery").await;
    let all = standing(&stack).await;
    assert_eq!(
        stack
            .rows("SELECT region, count() FROM v_resources WHERE resource_type = 'ec2_instance' GROUP BY region ORDER BY region")
            .await,
        [format!("{FAILING}\t7"), "us-east-1\t2".to_owned()]
    );

    // An address that nobody uses, in the region that is about to fail: collected once, then released.
    let allocated = stack.aws(json!([{
        "service": "ec2", "operation": "allocate_address", "account_id": account, "region": FAILING, "arguments": {"Domain": "vpc"}
    }]));
    let address = allocated[0]["AllocationId"]
        .as_str()
        .expect("an id")
        .to_owned();
    stack.fire("daily-sweep").await;
    assert_eq!(standing(&stack).await.len(), all.len() + 1);
    stack.aws(json!([{
        "service": "ec2", "operation": "release_address", "account_id": account, "region": FAILING, "arguments": {"AllocationId": address}
    }]));

    // The first page comes, no other does, however often it is asked for.
    stack
        .fault(json!({
            "service": "ec2", "operation": "DescribeInstances", "region": FAILING, "status": 500,
            "code": "InternalError", "message": "An internal error has occurred", "skip": 1
        }))
        .await;
    let started = last_run(&stack, "started_at").await;
    stack.fire("daily-sweep").await;
    assert_ne!(last_run(&stack, "started_at").await, started);
    assert_eq!(last_run(&stack, "outcome").await, "partial");
    assert_eq!(
        stack
            .rows(
                "SELECT region, outcome FROM run_targets FINAL
                WHERE run_id = (SELECT argMax(run_id, started_at) FROM collector_runs FINAL WHERE collector = 'config_ec2') ORDER BY region"
            )
            .await,
        [format!("{FAILING}\tfailed"), "us-east-1\tcomplete".to_owned()]
    );
    assert_eq!(gone(&stack).await, Vec::<String>::new());
    assert_eq!(standing(&stack).await.len(), all.len() + 1);

    // A manual run over the other region leaves this one alone.
    let answer = stack
        .invoke(
            "config_ec2",
            json!({"account_id": account, "regions": ["us-east-1"]}),
        )
        .await
        .expect("a run");
    assert_eq!(
        (&answer["outcome"], &answer["targets"]),
        (&json!("complete"), &json!(1))
    );
    assert_eq!(gone(&stack).await, Vec::<String>::new());
    assert!(
        stack
            .sql(&format!(
                "SELECT last_scan_error FROM v_accounts WHERE account_id = '{account}'"
            ))
            .await
            .starts_with(&format!("config_ec2/{FAILING}: ")),
        "the failed region is still an open gap"
    );

    stack.clear_faults().await;
    stack.fire("daily-sweep").await;
    assert_eq!(last_run(&stack, "outcome").await, "complete");
    assert_eq!(gone(&stack).await, [format!("{FAILING}\t{address}")]);
    assert_eq!(standing(&stack).await, all);
    assert_eq!(
        stack
            .sql(&format!(
                "SELECT last_scan_error FROM v_accounts WHERE account_id = '{account}'"
            ))
            .await,
        ""
    );

    stack.fire("daily-sweep").await;
    assert_eq!(
        stack
            .rows(&format!("SELECT change FROM resource_changes WHERE resource_id = '{address}' ORDER BY changed_at"))
            .await,
        ["appeared", "gone"]
    );
}

/// A region that is denied as a whole: what is known of it stays, and the function does not fail for it.
#[tokio::test(flavor = "multi_thread")]
async fn denied_region_is_recorded_and_empties_nothing() {
    let (stack, _) = Stack::with(
        &Organization::default().account(
            Account::working("alpha")
                .instances("us-east-1", 1)
                .instances(FAILING, 1),
        ),
    )
    .await;
    stack.fire("hourly-discovery").await;
    let all = standing(&stack).await;
    stack
        .fault(json!({
            "service": "ec2", "operation": "*", "region": FAILING, "status": 403,
            "code": "UnauthorizedOperation", "message": "You are not authorized to perform this operation."
        }))
        .await;

    let status = stack.fire("daily-sweep").await;

    assert_eq!(last_run(&stack, "outcome").await, "partial");
    assert_eq!(
        status.functions["config_ec2"].errors, 0,
        "a recorded denial is no failed invocation"
    );
    assert_eq!(standing(&stack).await, all);
    assert_eq!(gone(&stack).await, Vec::<String>::new());
}

async fn standing(stack: &Stack) -> Vec<String> {
    stack
        .rows("SELECT region, resource_id FROM v_resources ORDER BY ALL")
        .await
}

async fn gone(stack: &Stack) -> Vec<String> {
    stack
        .rows("SELECT region, resource_id FROM resources FINAL WHERE gone_at IS NOT NULL ORDER BY ALL")
        .await
}

async fn last_run(stack: &Stack, column: &str) -> String {
    stack
        .sql(&format!(
            "SELECT {column} FROM collector_runs FINAL WHERE collector = 'config_ec2' ORDER BY started_at DESC LIMIT 1"
        ))
        .await
}
