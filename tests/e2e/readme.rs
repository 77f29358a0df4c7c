//! The first commands of the README, as a new user types them.

use std::fs;
use std::process::Command;

use polo_tests::{Stack, root};

/// They run as they stand there, on the example organization, and each shows what it is for.
#[tokio::test(flavor = "multi_thread")]
async fn first_commands_of_the_readme_work() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let section = readme.split("### Your first commands").nth(1);
    let commands = section.and_then(|section| section.split("```").nth(1));
    let commands: Vec<&str> = commands.expect("a block").trim().lines().collect();
    let shows = [
        "",
        "people-records",
        "resource control policy (RCP) denies it",
        "All ended: 1 complete.",
        "account_alias",
        "legacy-billing",
        "legacy-billing",
    ];
    assert_eq!(commands.len(), shows.len(), "{commands:?}");

    let stack = Stack::start().await;
    let example = stack.load_example();
    assert!(example["accounts"].is_array(), "{example}");
    stack.fire("hourly-discovery").await;
    let environment = stack.folder().join("env").display().to_string();
    for (command, shown) in commands.iter().zip(shows) {
        let script = format!("{}\n{command}", commands[0]).replace(".local/env", &environment);
        let output = Command::new("bash")
            .args(["-euc", &script])
            .current_dir(root())
            .env("USER", "ada")
            .output()
            .expect("bash runs");
        let said = String::from_utf8_lossy(&output.stdout);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            output.status.success() && said.contains(shown),
            "{command}: {said} {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    crate::volume::compare_a_day(&stack).await;
}
