//! ClickHouse's password from Secrets Manager, read with the operator's own credentials.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use polo_testkit::login::Login;
use serde_json::{Value, json};

use crate::support::Database;

const SECRET: &str = "dev-polo/clickhouse-password";
const PASSWORD: &str = "correct-horse";

/// A Secrets Manager that gives every request the same answer.
async fn secrets_manager(status: u16, answer: Value) -> String {
    let routes = Router::new().route(
        "/",
        post(move |headers: HeaderMap, body: String| async move {
            assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
            let asked: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(asked["SecretId"], SECRET);
            (StatusCode::from_u16(status).unwrap(), answer.to_string())
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    url
}

/// A database behind a login whose password is in the secret.
async fn locked(secrets_manager: &str) -> Database {
    let login = Login::to_engine("polo", PASSWORD);
    Database::with_accounts()
        .await
        .with("CLICKHOUSE_URL", &login.url())
        .with("CLICKHOUSE_USER", "polo")
        .with("CLICKHOUSE_PASSWORD_SECRET_ID", SECRET)
        .with("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_manager)
        .with("AWS_EC2_METADATA_DISABLED", "true")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_read_from_its_secret() {
    let field = json!({"username": "polo", "password": PASSWORD}).to_string();
    for text in [PASSWORD.to_owned(), field] {
        let url = secrets_manager(200, json!({"Name": SECRET, "SecretString": text})).await;
        let ended = locked(&url).await.polo(&["accounts", "list"]).await.done();
        assert!(ended.stdout.contains("shop"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_secret_is_one_sentence_that_does_not_show_it() {
    for (status, answer, told) in [
        (
            200,
            json!({"SecretString": "another-password"}),
            "CLICKHOUSE_PASSWORD_SECRET_ID names",
        ),
        (
            200,
            json!({"SecretString": "{\"secret\": \"another-password\"}"}),
            "without a text field \"password\"",
        ),
        (
            400,
            json!({"__type": "ResourceNotFoundException", "message": "no"}),
            "there is no secret",
        ),
        (
            400,
            json!({"__type": "AccessDeniedException", "message": "you may not"}),
            "secretsmanager:GetSecretValue failed (denied): AccessDeniedException: you may not",
        ),
    ] {
        let url = secrets_manager(status, answer).await;
        let ended = locked(&url).await.polo(&["accounts", "list"]).await;
        let sentence = ended.refused(1);
        assert!(sentence.contains(told), "{sentence}");
        assert!(
            sentence.contains("CLICKHOUSE_PASSWORD_SECRET_ID"),
            "{sentence}"
        );
        assert!(
            !sentence.contains("another-password") && !sentence.contains(PASSWORD),
            "{sentence}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_the_secret_from_being_read_is_told_with_its_fix() {
    // Nothing listens there.
    let nowhere = "http://127.0.0.1:9";
    let ended = locked(nowhere).await.polo(&["runs"]).await;
    let sentence = ended.refused(1);
    assert!(
        sentence.contains("Secrets Manager cannot be reached") && sentence.contains(SECRET),
        "{sentence}"
    );

    let nobody = locked(nowhere)
        .await
        .with("AWS_ACCESS_KEY_ID", "")
        .with("AWS_SECRET_ACCESS_KEY", "");
    let ended = nobody.polo(&["runs"]).await;
    let sentence = ended.refused(1);
    assert!(sentence.contains("set AWS_PROFILE"), "{sentence}");

    let both = locked(nowhere).await.with("CLICKHOUSE_PASSWORD", "hunter2");
    let ended = both.polo(&["runs"]).await;
    let sentence = ended.refused(1);
    assert!(
        sentence.contains("both set") && !sentence.contains("hunter2"),
        "{sentence}"
    );
}
