//! Secrets: whole texts only, and never shown.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

use polo_aws::{Backoff, Secret, SecretError, read_secret};
use polo_core::{ErrorClass, error_chain};
use polo_testkit::aws::{FakeAws, Reply};
use serde_json::json;

const ID: &str = "dev-polo/clickhouse-password";
const TEXT: &str = "correct-horse";

async fn read(replies: impl IntoIterator<Item = Reply>) -> (Result<Secret, SecretError>, FakeAws) {
    let fake = FakeAws::new();
    fake.queue("secretsmanager", "GetSecretValue", replies);
    let secret = read_secret(&fake.config(), ID, &Backoff::default()).await;
    (secret, fake)
}

fn holds(text: &str) -> Reply {
    Reply::json(json!({"Name": ID, "VersionStages": ["AWSCURRENT"], "SecretString": text}))
}

#[tokio::test(start_paused = true)]
async fn the_text_is_handed_on_and_never_shown() {
    let (secret, fake) = read([
        Reply::error(400, "ThrottlingException", "Rate exceeded"),
        Reply::error(
            500,
            "InternalServiceError",
            "An error occurred on the server side.",
        ),
        holds(TEXT),
    ])
    .await;
    let secret = secret.unwrap();
    assert_eq!(secret.expose(), TEXT);
    let shown = format!("{secret:?}");
    assert!(shown.contains(ID) && !shown.contains(TEXT), "{shown}");
    let calls = fake.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.json["SecretId"] == ID));
}

#[tokio::test]
async fn a_password_is_the_text_or_a_field_of_it() {
    for (text, password) in [
        (TEXT, TEXT),
        ("correct-horse\n", TEXT),
        ("correct-horse\r\n", TEXT),
        (" spaces belong to it ", " spaces belong to it "),
        (r#"{"username": "polo", "password": "correct-horse"}"#, TEXT),
        // By chance JSON, or nearly.
        ("123456", "123456"),
        ("\"quoted\"", "\"quoted\""),
        ("{not json", "{not json"),
        ("[1]", "[1]"),
    ] {
        let (secret, _) = read([holds(text)]).await;
        assert_eq!(secret.unwrap().password().unwrap(), password, "{text:?}");
    }
    for (text, told) in [
        (
            r#"{"username": "polo"}"#,
            "without a text field \"password\"",
        ),
        (r#"{"password": 1}"#, "without a text field \"password\""),
        (r#"{"password": ""}"#, "is empty"),
        ("\n", "is empty"),
    ] {
        let (secret, _) = read([holds(text)]).await;
        let error = secret.unwrap().password().unwrap_err().to_string();
        assert!(error.contains(ID) && error.contains(told), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_used_is_told_with_the_secrets_name() {
    use ErrorClass::{Config, Denied, Service};
    for (reply, told, class) in [
        (
            Reply::error(
                400,
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            ),
            "there is no secret",
            None,
        ),
        (
            Reply::json(json!({"Name": ID, "SecretBinary": "aGVsbG8="})),
            "holds bytes",
            None,
        ),
        (Reply::json(json!({"Name": ID})), "holds bytes", None),
        (holds(""), "is empty", None),
        (
            Reply::error(400, "AccessDeniedException", "Access to KMS is not allowed"),
            "secretsmanager:GetSecretValue",
            Some(Denied),
        ),
        (
            Reply::error(400, "DecryptionFailure", "can't decrypt"),
            "DecryptionFailure",
            Some(Config),
        ),
        (
            Reply::error(400, "InvalidRequestException", "it was marked for deletion"),
            "marked for deletion",
            Some(Config),
        ),
        (
            Reply::error(
                500,
                "InternalServiceError",
                "An error occurred on the server side.",
            ),
            "InternalServiceError",
            Some(Service),
        ),
    ] {
        let fake = FakeAws::new();
        fake.on("secretsmanager", "GetSecretValue", move |_| reply.clone());
        let error = read_secret(&fake.config(), ID, &Backoff::default())
            .await
            .unwrap_err();
        let sentence = error_chain(&error);
        assert!(
            sentence.contains(&format!("{ID:?}")) && sentence.contains(told),
            "{sentence}"
        );
        let found = match &error {
            SecretError::Aws { source, .. } => Some(source.class),
            _ => None,
        };
        assert_eq!(found, class, "{sentence}");
        assert_eq!(
            error.retryable(),
            class.is_some_and(ErrorClass::retryable),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_does_not_show_what_it_held() {
    let broken = format!("{{\"Name\": \"{ID}\", \"SecretString\": \"{TEXT}\", ");
    let (secret, _) = read([Reply::ok(broken)]).await;
    let error = secret.unwrap_err();
    for shown in [error_chain(&error), format!("{error:?}")] {
        assert!(
            shown.contains("cannot be read") && !shown.contains(TEXT),
            "{shown}"
        );
    }
}
