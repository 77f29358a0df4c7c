//! What the process's environment decides: region, trust roots, and the shared HTTP client.
//!
//! The environment belongs to the whole process, so each case runs this binary again with one of its own.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

use std::process::Command;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use polo_aws::http::shared_http_client;
use polo_aws::{Backoff, list_regions, load_config};
use polo_core::ErrorClass;

/// Runs the ignored test `case` in an environment that has only these variables; its output.
fn run_again(case: &str, variables: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", case, "--nocapture"])
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
#[ignore = "run by the other tests, with an environment of its own"]
async fn print_configuration() {
    match shared_http_client() {
        Err(error) => println!("trust roots: {error}"),
        Ok(http) => match load_config(http).await {
            Err(error) => println!("configuration: {error}"),
            Ok(config) => println!("region: {}", config.region().unwrap()),
        },
    }
}

#[test]
fn a_missing_region_is_one_sentence_with_the_fix() {
    let said = run_again("print_configuration", &[]);
    assert!(
        said.contains("configuration: no AWS region is configured: set AWS_REGION"),
        "{said}"
    );
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        let said = run_again("print_configuration", &[(variable, "eu-central-1")]);
        assert!(said.contains("region: eu-central-1"), "{said}");
    }
}

#[test]
fn an_unusable_bundle_of_trust_roots_is_one_sentence() {
    let said = run_again(
        "print_configuration",
        &[
            ("AWS_REGION", "us-east-1"),
            ("AWS_CA_BUNDLE", "/nowhere/roots.pem"),
        ],
    );
    assert!(
        said.contains(
            "trust roots: AWS_CA_BUNDLE names \"/nowhere/roots.pem\", which cannot be read"
        ),
        "{said}"
    );
}

#[tokio::test]
async fn the_shared_client_takes_its_compiled_in_roots_and_reports_a_refused_connection() {
    // The first connection is where the SDK reads the trust roots, and where it would panic at a bad one.
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "AKIA", "secret", None, None, "test",
        )))
        .http_client(shared_http_client().unwrap())
        .endpoint_url("https://127.0.0.1:1")
        .build();
    let once = Backoff {
        attempts: 1,
        ..Backoff::default()
    };
    let failure = list_regions(&config, &once).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Network, "{failure}");
}
