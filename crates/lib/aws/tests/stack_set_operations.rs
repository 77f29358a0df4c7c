//! The operations of a StackSet: what is asked on the wire, what is in the way, and how an operation ended.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

use polo_aws::{
    Backoff, Begun, CallAs, OperationTargets, StackSetOperationError, StackSetOperations,
};
use polo_core::ErrorClass;
use polo_testkit::aws::{FakeAws, Reply};

const OPERATION: &str = "0f8fad5b-d9cb-569f-a165-70867728950e";

fn operations(fake: &FakeAws) -> StackSetOperations {
    StackSetOperations::new(
        &fake.config(),
        "polo-roles",
        CallAs::DelegatedAdmin,
        Backoff::default(),
    )
}

fn targets() -> OperationTargets {
    OperationTargets {
        ou_ids: ["ou-ab12-prod".to_owned(), "r-ab12".to_owned()].into(),
        account_ids: vec![
            "111111111111".parse().unwrap(),
            "222222222222".parse().unwrap(),
        ],
        region: "eu-west-1".into(),
    }
}

fn answer(operation: &str, result: &str) -> Reply {
    Reply::ok(format!(
        "<{operation}Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
         <{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>fake-request-id</RequestId></ResponseMetadata></{operation}Response>"
    ))
}

fn taken(operation: &str) -> Reply {
    answer(
        operation,
        &format!("<OperationId>{OPERATION}</OperationId>"),
    )
}

#[tokio::test(start_paused = true)]
async fn only_the_named_accounts_of_the_ous_are_asked_for_and_the_id_is_the_callers() {
    let fake = FakeAws::new();
    for operation in ["CreateStackInstances", "UpdateStackInstances"] {
        fake.queue("cloudformation", operation, [taken(operation)]);
    }
    let operations = operations(&fake);
    let begun = operations
        .create_instances(OPERATION, &targets())
        .await
        .unwrap();
    assert_eq!(begun, Begun::Accepted);
    let begun = operations
        .update_instances(OPERATION, &targets())
        .await
        .unwrap();
    assert_eq!(begun, Begun::Accepted);

    let calls = fake.calls();
    assert_eq!(calls.len(), 2);
    for call in calls {
        for (name, value) in [
            ("StackSetName", "polo-roles"),
            ("CallAs", "DELEGATED_ADMIN"),
            ("OperationId", OPERATION),
            (
                "DeploymentTargets.OrganizationalUnitIds.member.1",
                "ou-ab12-prod",
            ),
            ("DeploymentTargets.OrganizationalUnitIds.member.2", "r-ab12"),
            ("DeploymentTargets.Accounts.member.1", "111111111111"),
            ("DeploymentTargets.Accounts.member.2", "222222222222"),
            ("DeploymentTargets.AccountFilterType", "INTERSECTION"),
            ("Regions.member.1", "eu-west-1"),
            ("Regions.member.2", ""),
            ("OperationPreferences.FailureTolerancePercentage", "100"),
            ("OperationPreferences.MaxConcurrentPercentage", "100"),
            // These would be of a self-managed StackSet, or would change the roles of one account.
            ("Accounts.member.1", ""),
            ("ParameterOverrides.member.1.ParameterKey", ""),
        ] {
            assert_eq!(call.parameter(name), value, "{} {name}", call.operation);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_in_the_way_is_told_and_not_repeated() {
    for code in ["OperationInProgressException", "StaleRequestException"] {
        let fake = FakeAws::new();
        fake.queue(
            "cloudformation",
            "CreateStackInstances",
            [Reply::error(
                409,
                code,
                "Another Operation on StackSet is in progress",
            )],
        );
        let begun = operations(&fake)
            .create_instances(OPERATION, &targets())
            .await
            .unwrap();
        assert!(
            matches!(&begun, Begun::Busy { message } if message.contains("in progress")),
            "{begun:?}"
        );
        assert_eq!(fake.calls().len(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again_and_is_the_same_operation() {
    let fake = FakeAws::new();
    fake.queue(
        "cloudformation",
        "UpdateStackInstances",
        [
            Reply::no_answer(),
            Reply::error(400, "Throttling", "Rate exceeded"),
            Reply::error(409, "OperationIdAlreadyExistsException", "it exists"),
        ],
    );
    let begun = operations(&fake)
        .update_instances(OPERATION, &targets())
        .await
        .unwrap();
    assert_eq!(begun, Begun::SeenBefore);
    let ids: Vec<String> = fake
        .calls()
        .iter()
        .map(|call| call.parameter("OperationId"))
        .collect();
    assert_eq!(ids, [OPERATION; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_begun_is_no_refusal() {
    let fault = || Reply::error(500, "InternalFailure", "fault");
    let denied = || Reply::error(403, "AccessDenied", "no");
    for (replies, class) in [
        (vec![Reply::ok("<html>")], ErrorClass::Bug),
        (vec![Reply::no_answer(), denied()], ErrorClass::Denied),
        // Even if the StackSet is gone by then.
        (
            vec![
                fault(),
                Reply::error(404, "StackSetNotFoundException", "no"),
            ],
            ErrorClass::NotFound,
        ),
        (
            (0..Backoff::default().attempts).map(|_| fault()).collect(),
            ErrorClass::Service,
        ),
    ] {
        let case = format!("{replies:?}");
        let fake = FakeAws::new();
        fake.queue("cloudformation", "CreateStackInstances", replies);
        let error = operations(&fake)
            .create_instances(OPERATION, &targets())
            .await
            .unwrap_err();
        assert!(
            matches!(&error, StackSetOperationError::Unanswered(failure) if failure.class == class),
            "{case}: {error:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_its_action_and_class() {
    for (status, code, message, class) in [
        (
            403,
            "AccessDenied",
            "User: x is not authorized to perform: cloudformation:CreateStackInstances",
            ErrorClass::Denied,
        ),
        (
            403,
            "AccessDenied",
            "with an explicit deny in a service control policy",
            ErrorClass::DeniedByScp,
        ),
        (
            400,
            "ValidationError",
            "OrganizationalUnit ou-ab12-prod does not exist in the organization",
            ErrorClass::Config,
        ),
        (
            409,
            "InvalidOperationException",
            "the operation is not valid",
            ErrorClass::Config,
        ),
    ] {
        let fake = FakeAws::new();
        fake.queue(
            "cloudformation",
            "CreateStackInstances",
            [Reply::error(status, code, message)],
        );
        let error = operations(&fake)
            .create_instances(OPERATION, &targets())
            .await
            .unwrap_err();
        let StackSetOperationError::Aws(failure) = error else {
            panic!("{error}");
        };
        assert_eq!(
            (failure.class, failure.action.as_str()),
            (class, "cloudformation:CreateStackInstances"),
            "{code}"
        );
        assert_eq!(fake.calls().len(), 1, "{code}");
    }
    let fake = FakeAws::new();
    fake.queue(
        "cloudformation",
        "CreateStackInstances",
        [Reply::error(404, "StackSetNotFoundException", "not found")],
    );
    let error = operations(&fake)
        .create_instances(OPERATION, &targets())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("\"polo-roles\""), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_has_ended_or_has_not_or_is_unknown() {
    for (status, ended) in [
        ("RUNNING", false),
        ("QUEUED", false),
        ("STOPPING", false),
        ("SOMETHING_NEW", false),
        ("SUCCEEDED", true),
        ("FAILED", true),
        ("STOPPED", true),
    ] {
        let fake = FakeAws::new();
        fake.queue(
            "cloudformation",
            "DescribeStackSetOperation",
            [answer(
                "DescribeStackSetOperation",
                &format!(
                    "<StackSetOperation><OperationId>{OPERATION}</OperationId><Action>CREATE</Action>\
                     <Status>{status}</Status><StatusReason>because</StatusReason></StackSetOperation>"
                ),
            )],
        );
        let operation = operations(&fake)
            .operation(OPERATION)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (
                operation.has_ended(),
                operation.status.as_str(),
                operation.status_reason.as_str()
            ),
            (ended, status, "because")
        );
    }
    let fake = FakeAws::new();
    fake.queue(
        "cloudformation",
        "DescribeStackSetOperation",
        [
            Reply::error(404, "OperationNotFoundException", "no such operation"),
            Reply::error(404, "StackSetNotFoundException", "no such StackSet"),
            answer("DescribeStackSetOperation", ""),
        ],
    );
    let operations = operations(&fake);
    assert_eq!(operations.operation(OPERATION).await.unwrap(), None);
    let missing = operations.operation(OPERATION).await.unwrap_err();
    assert!(matches!(
        missing,
        StackSetOperationError::StackSetNotFound { .. }
    ));
    let unreadable = operations.operation(OPERATION).await.unwrap_err();
    assert!(
        matches!(unreadable, StackSetOperationError::Aws(failure) if failure.class == ErrorClass::Bug)
    );
}

#[tokio::test(start_paused = true)]
async fn results_are_all_pages_or_a_failure() {
    let page = |members: &str, token: &str| {
        let token = if token.is_empty() {
            String::new()
        } else {
            format!("<NextToken>{token}</NextToken>")
        };
        answer(
            "ListStackSetOperationResults",
            &format!("<Summaries>{members}</Summaries>{token}"),
        )
    };
    let member = |account: &str, status: &str, reason: &str| {
        format!(
            "<member><Account>{account}</Account><Region>eu-west-1</Region><Status>{status}</Status>\
             <StatusReason>{reason}</StatusReason><OrganizationalUnitId>r-ab12</OrganizationalUnitId></member>"
        )
    };
    let fake = FakeAws::new();
    fake.queue(
        "cloudformation",
        "ListStackSetOperationResults",
        [
            page(&member("111111111111", "SUCCEEDED", ""), "2"),
            page("", "3"),
            Reply::error(400, "Throttling", "Rate exceeded"),
            page(
                &format!(
                    "{}{}<member><Status>FAILED</Status></member>",
                    member("", "FAILED", "nobody"),
                    member("222222222222", "FAILED", "Role already exists &amp; more")
                ),
                "",
            ),
            page(&member("111111111111", "SUCCEEDED", ""), "2"),
            Reply::error(403, "AccessDenied", "no"),
        ],
    );
    let operations = operations(&fake);
    let all = operations.results(OPERATION).await.unwrap();
    assert_eq!(all.without_account, 2);
    let told: Vec<(&str, &str, &str)> = all
        .results
        .iter()
        .map(|result| {
            (
                result.account_id.as_str(),
                result.status.as_str(),
                result.status_reason.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("111111111111", "SUCCEEDED", ""),
            ("222222222222", "FAILED", "Role already exists & more")
        ]
    );
    assert!(
        fake.calls()
            .iter()
            .all(|call| call.parameter("MaxResults") == "100"
                && call.parameter("OperationId") == OPERATION
                && call.parameter("CallAs") == "DELEGATED_ADMIN")
    );
    let denied = operations.results(OPERATION).await.unwrap_err();
    assert!(
        denied
            .to_string()
            .contains("cloudformation:ListStackSetOperationResults"),
        "{denied}"
    );
}
