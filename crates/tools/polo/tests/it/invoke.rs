//! `polo discover`, `verify`, `dispatch`, `collect`: one invocation each, of the right function with the right payload.

use serde_json::{Value, json};

use crate::support::{Answer, Ended, Lambda, SHOP, polo};

/// Runs the program against a Lambda API; no database is configured, because none is needed.
async fn against(lambda: &str, arguments: &[&str]) -> Ended {
    let environment = [
        ("AWS_ENDPOINT_URL_LAMBDA", lambda),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ];
    polo(
        &environment.map(|(name, value)| (name.to_owned(), value.to_owned())),
        arguments,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_invokes_its_function_once_with_what_was_asked() {
    for (arguments, function, payload) in [
        (vec!["discover"], "account-discovery", json!({})),
        (
            vec!["discover", "--account", SHOP],
            "account-discovery",
            json!({"account_id": SHOP}),
        ),
        (
            vec!["discover", "--accept-removals=5"],
            "account-discovery",
            json!({"accept_removals": 5}),
        ),
        (vec!["verify"], "access-verifier", json!({})),
        (
            vec!["verify", "--account", SHOP],
            "access-verifier",
            json!({"account_id": SHOP}),
        ),
        (vec!["roles", "deploy"], "role-provisioner", json!({})),
        (
            vec!["roles", "deploy", "--account", SHOP],
            "role-provisioner",
            json!({"account_id": SHOP}),
        ),
        (vec!["dispatch"], "collection-dispatcher", json!({})),
        (
            vec!["dispatch", "--account", SHOP, "--collector", "config_ec2"],
            "collection-dispatcher",
            json!({"account_id": SHOP, "collector": "config_ec2"}),
        ),
        (
            vec!["collect", "--account", SHOP, "--collector", "account_alias"],
            "account_alias",
            json!({"account_id": SHOP}),
        ),
        (
            vec![
                "collect",
                "--account",
                SHOP,
                "--collector",
                "config_ec2",
                "--region",
                "us-east-1",
                "--region",
                "eu-west-1",
            ],
            "config_ec2",
            json!({"account_id": SHOP, "regions": ["us-east-1", "eu-west-1"]}),
        ),
    ] {
        let lambda =
            Lambda::start(Answer::ok(json!({"accounts": 20, "complete": true})), None).await;
        let ended = against(&lambda.url, &arguments).await.done();
        assert_eq!(ended.stdout, "accounts  20\ncomplete  yes\n");
        assert_eq!(
            lambda.calls(),
            [(format!("dev-polo-{function}"), payload)],
            "{arguments:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_the_functions_own_answer() {
    let answer = json!({"accounts": 20, "nested": {"a": [1, null]}});
    let lambda = Lambda::start(Answer::ok(answer.clone()), None).await;
    assert_eq!(
        against(&lambda.url, &["verify", "--json"])
            .await
            .done()
            .json(),
        answer
    );
    let nothing = Lambda::start(Answer::ok(Value::Null), None).await;
    assert_eq!(
        against(&nothing.url, &["verify"]).await.done().stdout,
        "Done.\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_functions_error_is_told_with_type_and_sentence() {
    let lambda = Lambda::start(
        Answer::function_error("RequestRefused", "account 111111111111 is excluded"),
        None,
    )
    .await;
    let ended = against(&lambda.url, &["verify", "--account", SHOP]).await;
    assert_eq!(
        ended.refused(1),
        "polo: dev-polo-access-verifier failed (RequestRefused): account 111111111111 is excluded"
    );
    assert_eq!(lambda.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lambda_refuses_is_told_with_its_fix_and_not_repeated() {
    for (status, code, parts) in [
        (
            404,
            "ResourceNotFoundException",
            vec!["no function dev-polo-access-verifier", "POLO_ENV"],
        ),
        (403, "AccessDeniedException", vec!["lambda:InvokeFunction"]),
        (403, "ExpiredTokenException", vec!["renew"]),
        (
            429,
            "TooManyRequestsException",
            vec!["TooManyRequestsException"],
        ),
        (500, "ServiceException", vec!["ServiceException"]),
    ] {
        let lambda = Lambda::start(Answer::refusal(status, code, "no luck"), None).await;
        let ended = against(&lambda.url, &["verify"]).await;
        let sentence = ended.refused(1);
        assert!(
            parts.iter().all(|part| sentence.contains(part)),
            "{sentence}"
        );
        assert!(!sentence.contains("hunter2"), "{sentence}");
        assert_eq!(lambda.calls().len(), 1, "{code} was repeated");
    }
    let ended = against("http://127.0.0.1:9", &["verify"]).await;
    let sentence = ended.refused(1);
    assert!(
        sentence.contains("http://127.0.0.1:9") && sentence.contains("AWS_ENDPOINT_URL_LAMBDA"),
        "{sentence}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_region_is_told_by_its_variable() {
    for region in [vec![], vec![("AWS_REGION".to_owned(), String::new())]] {
        let ended = polo(&region, &["verify"]).await;
        assert!(ended.refused(1).contains("AWS_REGION"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_values_invoke_nothing() {
    let lambda = Lambda::start(Answer::ok(json!({})), None).await;
    for (arguments, part) in [
        (vec!["verify", "--account", "12345678901"], "12 digits"),
        (
            vec!["roles", "deploy", "--account", "12345678901"],
            "12 digits",
        ),
        (
            vec!["dispatch", "--collector", "ec2"],
            "it is one of account_alias, ",
        ),
        (
            vec![
                "collect",
                "--account",
                SHOP,
                "--collector",
                "config_ec2",
                "--region",
                "Ohio",
            ],
            "us-east-1",
        ),
        (vec!["discover", "--accept-removals", "0"], "above zero"),
    ] {
        let ended = against(&lambda.url, &arguments).await;
        assert!(ended.refused(2).contains(part), "{ended:?}");
    }
    assert_eq!(
        against(&lambda.url, &["collect", "--account", SHOP])
            .await
            .code,
        2
    );
    assert_eq!(lambda.calls(), []);
}
