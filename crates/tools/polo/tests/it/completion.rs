//! What the shell's hook gets when it asks for completions.

use crate::support::{BROKEN, Database, SHOP, polo};

/// What completes the last of these words in bash.
async fn completed(database: &Database, words: &[&str]) -> Vec<String> {
    let index = words.len().to_string();
    let mut environment = database.environment().to_vec();
    for (name, value) in [
        ("POLO_COMPLETE", "bash"),
        ("_CLAP_IFS", "\n"),
        ("_CLAP_COMPLETE_INDEX", index.as_str()),
        ("_CLAP_COMPLETE_COMP_TYPE", "9"),
        ("_CLAP_COMPLETE_SPACE", "false"),
    ] {
        environment.push((name.to_owned(), value.to_owned()));
    }
    let arguments = [&["--", "polo"], words].concat();
    let ended = polo(&environment, &arguments).await.done();
    ended.stdout.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_collectors_and_words_are_completed() {
    let database = Database::with_accounts().await;
    let show = completed(&database, &["accounts", "show", ""]).await;
    for candidate in ["shop", "broken", SHOP, BROKEN] {
        assert!(
            show.iter().any(|one| one == candidate),
            "{candidate}: {show:?}"
        );
    }
    assert_eq!(
        completed(&database, &["accounts", "show", "sh"]).await,
        ["shop"]
    );
    for (words, candidate) in [
        (vec!["runs", "--account", ""], "shop"),
        (vec!["collect", "--collector", ""], "config_ec2"),
        (vec!["runs", "--collector", "config_e"], "config_ec2"),
        (vec!["accounts", "list", "--status", ""], "no_access"),
        (vec!["accounts", "list", "--reason", ""], "never_set_up"),
        (vec!["runs", "--outcome", ""], "crashed"),
        (vec!["acc"], "accounts"),
    ] {
        let candidates = completed(&database, &words).await;
        assert!(
            candidates.iter().any(|one| one == candidate),
            "{words:?}: {candidates:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_there_are_no_accounts_and_no_words() {
    let database = Database::empty()
        .await
        .with("CLICKHOUSE_URL", "http://127.0.0.1:9");
    let candidates = completed(&database, &["accounts", "show", ""]).await;
    assert!(
        candidates.iter().all(|one| one.starts_with('-')),
        "{candidates:?}"
    );
}
