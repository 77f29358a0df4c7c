//! Starting and ending.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::invoke::wait_for_end;
use crate::stack::{PROGRAM, Stack, fixtures};

/// Starts with this template, which must be refused; the sentence.
fn refused(template: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dev-polo.template.json"), template).unwrap();
    refused_in(folder.path())
}

fn refused_in(folder: &std::path::Path) -> String {
    let output = Command::new(PROGRAM)
        .args([
            "serve",
            "--aws-endpoint",
            "http://127.0.0.1:1",
            "--templates",
        ])
        .arg(folder)
        .arg("--log-dir")
        .arg(folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    sentence
}

/// The fixture with one value replaced.
fn fixture_with(pointer: &str, value: Value) -> String {
    let mut template: Value =
        serde_json::from_slice(&fs::read(fixtures().join("dev-polo.template.json")).unwrap())
            .unwrap();
    *template.pointer_mut(pointer).unwrap() = value;
    template.to_string()
}

#[test]
fn templates_that_cannot_be_honoured_refused_in_one_sentence() {
    let pattern = "/Resources/Collect/Properties/EventPattern/detail/collector";
    assert_eq!(
        refused(&fixture_with(
            pattern,
            json!([{"anything-but": {"wildcard": "a*"}}])
        )),
        "local-stack: the pattern of the rule dev-polo-collect-echo: the operator anything-but with wildcard inside (collector) is not supported by the local stack\n"
    );
    let target = "/Resources/Collect/Properties/Targets/0/Arn";
    assert!(
        refused(&fixture_with(
            target,
            json!("arn:aws:sqs:us-east-1:123456789012:q")
        ))
        .contains("only delivers to functions of the templates")
    );
    let bus = "/Resources/Collect/Properties/EventBusName";
    assert!(
        refused(&fixture_with(bus, json!("nobody")))
            .contains("its event bus nobody is in no template")
    );
    assert!(refused("{").contains("cannot read the template"));
    let empty = tempfile::tempdir().unwrap();
    assert!(refused_in(empty.path()).contains("run `make synth`"));
}

#[tokio::test]
async fn functions_end_with_the_server_however_it_ends() {
    let mut stack = Stack::start().await;
    let pid = stack.call("echo-function", json!({})).await["pid"].to_string();
    stack.child.kill().unwrap();
    wait_for_end(&pid).await;

    let mut stack = Stack::start().await;
    let pid = stack.call("echo-function", json!({})).await["pid"].to_string();
    drop(stack.child.stdin.take());
    assert_eq!(stack.child.wait().unwrap().code(), Some(0));
    wait_for_end(&pid).await;
}
