//! Wrong input to the commands.

use std::path::Path;
use std::process::{Command, Output};

use crate::stack::{PROGRAM, Stack};

fn local_stack(folder: &Path, arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    Command::new(PROGRAM)
        .arg("--root")
        .arg(root)
        .arg("--local")
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap()
}

/// Each names the value and what to give instead, and changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_refused_with_the_fix() {
    let stack = Stack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let env = format!("LAMBDA_ENDPOINT_URL={}\n", stack.url);
    std::fs::write(folder.path().join("env"), env).unwrap();
    for (arguments, code, value, fix) in [
        (vec!["fire"], 2, "<SCHEDULE>", "--help"),
        (vec!["fire", ""], 2, "''", "for example daily-sweep"),
        (
            vec!["fire", "x; echo hi"],
            2,
            "x; echo hi",
            "for example daily-sweep",
        ),
        (
            vec!["fire", "../status"],
            2,
            "../status",
            "for example daily-sweep",
        ),
        (vec!["fire", "daily"], 1, "daily", "the schedules are "),
        (
            vec!["fire", "tick", "--time", "yesterday"],
            2,
            "yesterday",
            "2026-11-29T03:00:00Z",
        ),
        (
            vec!["fire", "tick", "--time", "2026-11-29"],
            2,
            "2026-11-29",
            "2026-11-29T03:00:00Z",
        ),
        (vec!["fire", "tick", "--id", "7"], 2, "'7'", "give a UUID"),
        (vec!["settle", "--timeout-s", "-1"], 2, "-1", "--help"),
        (vec!["settle", "--timeout-s", "soon"], 2, "soon", "--help"),
        (
            vec!["watch-env", "--function", "nobody"],
            1,
            "nobody",
            "echo-function",
        ),
        (vec!["run", "--twice"], 2, "--twice", "--help"),
        (vec!["start"], 2, "start", "--help"),
        (
            vec![
                "serve",
                "--port",
                "70000",
                "--aws-endpoint",
                "http://127.0.0.1:1",
            ],
            2,
            "70000",
            "65535",
        ),
        (
            vec![
                "serve",
                "--concurrency",
                "0",
                "--aws-endpoint",
                "http://127.0.0.1:1",
            ],
            2,
            "'0'",
            "1..",
        ),
    ] {
        let output = local_stack(folder.path(), &arguments);
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {words}");
        assert!(
            words.contains(value) && words.contains(fix),
            "{arguments:?}: {words}"
        );
        assert!(words.len() <= 500, "{arguments:?}: {words}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
    assert_eq!(stack.client.status().await.unwrap().events, 0);
}

/// Without a stack each command says how to start one.
#[test]
fn commands_without_a_stack_say_how_to_start_one() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        vec!["fire", "daily-sweep"],
        vec!["status"],
        vec!["settle"],
        vec!["watch-env"],
        vec!["run", "--once"],
    ] {
        let output = local_stack(folder.path(), &arguments);
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {words}");
        assert!(
            words.contains("start it with `make up`"),
            "{arguments:?}: {words}"
        );
    }
    assert_eq!(local_stack(folder.path(), &["down"]).status.code(), Some(0));
    let elsewhere = Command::new(PROGRAM)
        .args(["--root", "/", "up"])
        .output()
        .unwrap();
    let words = String::from_utf8(elsewhere.stderr).unwrap();
    assert!(words.contains("no Polo project at or above /"), "{words}");
}
