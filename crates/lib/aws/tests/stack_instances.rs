//! A StackSet's instances: all pages or a failure.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

use polo_aws::{Backoff, CallAs, StackInstancesError, list_stack_instances};
use polo_core::ErrorClass;
use polo_testkit::aws::{FakeAws, Reply};

/// A `ListStackInstances` answer of these members.
fn page(members: &[String], next_token: Option<&str>) -> Reply {
    let token = next_token
        .map(|token| format!("<NextToken>{token}</NextToken>"))
        .unwrap_or_default();
    Reply::ok(format!(
        "<ListStackInstancesResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
         <ListStackInstancesResult><Summaries>{}</Summaries>{token}</ListStackInstancesResult>\
         <ResponseMetadata><RequestId>fake-request-id</RequestId></ResponseMetadata></ListStackInstancesResponse>",
        members.concat()
    ))
}

fn member(account: &str, status: &str, detailed: &str, reason: &str) -> String {
    format!(
        "<member><StackSetId>polo-roles:1234</StackSetId><Region>us-east-1</Region>{account}\
         <StackId>arn:aws:cloudformation:us-east-1:111111111112:stack/StackSet-polo-roles/1</StackId>\
         <Status>{status}</Status><StatusReason>{reason}</StatusReason>\
         <StackInstanceStatus><DetailedStatus>{detailed}</DetailedStatus></StackInstanceStatus>\
         <OrganizationalUnitId>ou-b-1</OrganizationalUnitId><DriftStatus>NOT_CHECKED</DriftStatus>\
         <LastOperationId>op-1</LastOperationId></member>"
    )
}

fn account(id: &str) -> String {
    format!("<Account>{id}</Account>")
}

#[tokio::test(start_paused = true)]
async fn two_pages_make_one_list() {
    let fake = FakeAws::new();
    fake.queue(
        "cloudformation",
        "ListStackInstances",
        [
            page(
                &[member(&account("111111111111"), "CURRENT", "SUCCEEDED", "")],
                Some("2"),
            ),
            page(&[], Some("3")),
            Reply::error(400, "Throttling", "Rate exceeded"),
            page(
                &[member(
                    "",
                    "OUTDATED",
                    "FAILED",
                    "Role already exists &amp; more",
                )],
                None,
            ),
        ],
    );
    let instances = list_stack_instances(
        &fake.config(),
        "polo-roles",
        CallAs::DelegatedAdmin,
        &Backoff::default(),
    )
    .await
    .unwrap();
    assert_eq!(instances.len(), 2);
    assert_eq!(
        (
            instances[0].account_id.as_str(),
            instances[0].status.as_str(),
            instances[0].detailed_status.as_str()
        ),
        ("111111111111", "CURRENT", "SUCCEEDED")
    );
    let failed = &instances[1];
    assert_eq!(
        failed.account_id.as_str(),
        "111111111112",
        "from the stack's ARN"
    );
    assert_eq!(
        (failed.status_reason.as_str(), failed.ou_id.as_str()),
        ("Role already exists & more", "ou-b-1")
    );
    assert_eq!(
        (failed.region.as_str(), failed.last_operation_id.as_str()),
        ("us-east-1", "op-1")
    );

    let calls = fake.calls();
    assert!(
        calls
            .iter()
            .all(|call| call.parameter("CallAs") == "DELEGATED_ADMIN"
                && call.parameter("MaxResults") == "100"
                && call.parameter("StackSetName") == "polo-roles")
    );
    let tokens: Vec<String> = calls.iter().map(|c| c.parameter("NextToken")).collect();
    assert_eq!(tokens, ["", "2", "3", "3"]);
}

#[tokio::test(start_paused = true)]
async fn a_failing_page_fails_the_listing() {
    let fake = FakeAws::new();
    fake.queue(
        "cloudformation",
        "ListStackInstances",
        [
            page(
                &[member(&account("111111111111"), "CURRENT", "SUCCEEDED", "")],
                Some("2"),
            ),
            Reply::error(
                403,
                "AccessDenied",
                "User: x is not authorized to perform: cloudformation:ListStackInstances",
            ),
        ],
    );
    let error = list_stack_instances(
        &fake.config(),
        "polo-roles",
        CallAs::Own,
        &Backoff::default(),
    )
    .await
    .unwrap_err();
    assert!(
        matches!(error, StackInstancesError::Aws(failure) if failure.class == ErrorClass::Denied)
    );
    assert_eq!(fake.calls()[0].parameter("CallAs"), "SELF");
}

#[tokio::test(start_paused = true)]
async fn a_missing_stack_set_is_named() {
    let fake = FakeAws::new();
    fake.queue(
        "cloudformation",
        "ListStackInstances",
        [Reply::error(
            404,
            "StackSetNotFoundException",
            "StackSet polo-roles not found",
        )],
    );
    let error = list_stack_instances(
        &fake.config(),
        "polo-roles",
        CallAs::Own,
        &Backoff::default(),
    )
    .await
    .unwrap_err();
    assert!(matches!(
        error,
        StackInstancesError::StackSetNotFound { .. }
    ));
    assert!(error.to_string().contains("\"polo-roles\""), "{error}");
}
