//! Requests that get a sentence, and the headers that every answer has.

use polo_aws::{AwsFailure, SecretError};
use polo_core::ErrorClass;
use polo_runtime::FunctionError;
use polo_store::StoreConfig;
use polo_testkit::clickhouse::{engine_url, fresh_config, fresh_store};
use status_page::{StatusPage, respond};

use crate::world::{over, request, told, without_database};

#[tokio::test]
async fn without_the_database_there_is_a_sentence_and_no_internals() {
    let page = without_database();
    for (target, is_json) in [
        ("/", false),
        ("/accounts/123456789012", false),
        ("/api/coverage", true),
    ] {
        let response = respond(&page, &request("GET", target)).await;
        let (status, text) = told(&response);
        assert_eq!(status, 503, "{text}");
        assert!(text.contains("database does not answer"), "{text}");
        for internal in [
            "127.0.0.1:",
            "reader",
            "a-password",
            "ClickHouse",
            "v_accounts",
        ] {
            assert!(!text.contains(internal), "{internal} in {text}");
        }
        assert_eq!(text.starts_with("{\"error\":"), is_json, "{text}");
    }
}

#[tokio::test]
async fn wrong_settings_are_told_without_their_values() {
    let page = polo_runtime::Warm::<StatusPage>::new(
        || {
            Box::pin(async {
                let lookup =
                    |name: &str| (name == "CLICKHOUSE_URL").then(|| "tcp://secret-host".to_owned());
                polo_runtime::Config::from_lookup(&lookup)?;
                Err(FunctionError::Refused("the settings were accepted".into()))
            })
        },
        StatusPage::new,
    );
    let response = respond(&page, &request("GET", "/")).await;
    let (status, text) = told(&response);
    assert_eq!(status, 503);
    assert!(
        text.contains("settings are wrong") && !text.contains("secret-host"),
        "{text}"
    );
}

/// A page whose database has a password in a secret that cannot be had.
fn without_password(error: fn() -> SecretError) -> polo_runtime::Warm<StatusPage> {
    polo_runtime::Warm::new(
        move || Box::pin(async move { Err(FunctionError::Secret(error())) }),
        StatusPage::new,
    )
}

#[tokio::test]
async fn a_password_that_cannot_be_read_now_is_no_wrong_setting() {
    fn failed(class: ErrorClass) -> SecretError {
        SecretError::Aws {
            secret_id: "a-secret-id".into(),
            source: Box::new(AwsFailure::new(
                class,
                "secretsmanager:GetSecretValue",
                "Code",
                "in the log",
            )),
        }
    }
    for (error, says, not) in [
        (
            (|| failed(ErrorClass::Throttled)) as fn() -> SecretError,
            "try again",
            "settings",
        ),
        (
            || failed(ErrorClass::Denied),
            "settings are wrong",
            "try again",
        ),
        (
            || SecretError::Empty {
                secret_id: "a-secret-id".into(),
            },
            "settings are wrong",
            "try again",
        ),
    ] {
        let response = respond(&without_password(error), &request("GET", "/")).await;
        let (status, text) = told(&response);
        assert_eq!(status, 503);
        assert!(text.contains(says) && !text.contains(not), "{text}");
        assert!(
            !text.contains("a-secret-id") && !text.contains("in the log"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn an_account_that_nobody_knows_is_not_found() {
    let store = fresh_store().await;
    let config = StoreConfig::new(engine_url(), Some(store.database()), None, None).unwrap();
    let page = over(config);
    for target in ["/accounts/999999999999", "/api/accounts/999999999999"] {
        let response = respond(&page, &request("GET", target)).await;
        let (status, text) = told(&response);
        assert_eq!(status, 404, "{text}");
        assert!(
            text.contains("ccount 999999999999 is not in the registry"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_schema_that_is_missing_is_told_with_what_to_do() {
    let page = over(fresh_config());
    let response = respond(&page, &request("GET", "/")).await;
    let (status, text) = told(&response);
    assert_eq!(status, 503);
    assert!(
        text.contains("polo migrate") && !text.contains("Code:"),
        "{text}"
    );
}

#[tokio::test]
async fn every_answer_forbids_scripts_frames_guessing_and_caches() {
    let page = without_database();
    for target in ["/", "/api/coverage", "/nothing", "/?x=1"] {
        let response = respond(&page, &request("GET", target)).await;
        let value = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let policy = value("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-")
                && policy.contains("img-src data:;")
                && policy.contains("form-action 'self'; frame-ancestors 'none'")
                && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(value("x-content-type-options"), "nosniff");
        assert_eq!(value("referrer-policy"), "no-referrer");
        assert_eq!(value("cache-control"), "no-store");
    }
}
