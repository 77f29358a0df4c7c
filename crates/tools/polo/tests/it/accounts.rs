//! `polo accounts …`: shown as the view says, decided as asked, and nothing written where the input is wrong.

use serde_json::{Value, json};

use crate::support::{Answer, BROKEN, Database, Lambda, SHOP, STRANGER, SUSPENDED, check};

#[tokio::test(flavor = "multi_thread")]
async fn the_list_shows_every_account_with_its_reason() {
    let database = Database::with_accounts().await;
    database
        .sql(&format!(
            "INSERT INTO resources (account_id, region, resource_type, resource_id, gone_at) VALUES
             ('{SHOP}', 'us-east-1', 'ec2_instance', 'i-1', NULL), ('{SHOP}', 'us-east-1', 'ec2_instance', 'i-2', NULL),
             ('{SHOP}', 'us-east-1', 'ec2_instance', 'i-3', now64(3))"
        ))
        .await;
    let list = database.polo(&["accounts", "list"]).await.done();
    insta::assert_snapshot!(list.stdout);

    let json = database
        .polo(&["accounts", "list", "--status", "active", "--json"])
        .await
        .done()
        .json();
    assert_eq!(
        json["counts"],
        json!({"active": 1, "excluded": 1, "no_access": 0, "pending_setup": 1})
    );
    assert_eq!(json["accounts"].as_array().unwrap().len(), 1);
    let shop = &json["accounts"][0];
    assert_eq!(
        (
            &shop["account_id"],
            &shop["polo_status"],
            &shop["resources"],
            &shop["last_successful_scan"]
        ),
        (&json!(SHOP), &json!("active"), &json!(2), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn list_filters_choose_accounts() {
    let database = Database::with_accounts().await;
    database
        .polo(&["accounts", "set", BROKEN, "--owner", "Team Shop"])
        .await
        .done();
    let all = [SHOP, BROKEN, SUSPENDED];
    for (filters, expected) in [
        (vec![], &all[..]),
        (
            vec!["--status", "active", "--status", "excluded"],
            &[SHOP, SUSPENDED],
        ),
        (vec!["--status", "active,excluded"], &[SHOP, SUSPENDED]),
        (vec!["--reason", "never_set_up"], &[BROKEN]),
        (
            vec!["--reason", "never_set_up,suspended", "--status", "excluded"],
            &[SUSPENDED],
        ),
        (vec!["--ou", "ou-ab12-prod"], &all),
        (vec!["--ou", "Root/Production", "--name", "SHO"], &[SHOP]),
        (vec!["--ou", "ou-ab12-test"], &[]),
        (vec!["--owner", "team shop"], &[BROKEN]),
        (vec!["--owner", ""], &[SHOP, SUSPENDED]),
    ] {
        let arguments = [&["accounts", "list", "--json"], filters.as_slice()].concat();
        let json = database.polo(&arguments).await.done().json();
        let shown: Vec<&str> = json["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|account| account["account_id"].as_str().unwrap())
            .collect();
        assert_eq!(shown, expected, "{filters:?}");
        assert_eq!(json["counts"]["active"], 1, "{filters:?}");
    }
    let none = database
        .polo(&["accounts", "list", "--name", "nobody"])
        .await
        .done();
    assert_eq!(
        none.stdout,
        "0 of 3 accounts match. All 3: 1 active, 1 excluded, 0 no_access, 1 pending_setup\n"
    );
}

/// Nothing may be wider, also without a terminal.
#[tokio::test(flavor = "multi_thread")]
async fn columns_is_the_width_of_everything() {
    let database = Database::with_accounts().await;
    for columns in ["40", "69", "70", "80", ""] {
        let limit = columns.parse().unwrap_or(200);
        let database = database.clone().with("COLUMNS", columns);
        for arguments in [
            vec!["accounts", "list"],
            vec!["accounts", "show", BROKEN],
            vec!["roles", "status"],
            vec!["runs"],
            vec!["--help"],
            vec!["accounts", "list", "--help"],
            vec!["runs", "--help"],
            vec!["roles", "template", "--help"],
        ] {
            let ended = database.polo(&arguments).await.done();
            for line in ended.stdout.lines() {
                let width = line.chars().count();
                assert!(width <= limit, "{arguments:?}: {width} > {limit}: {line}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn control_characters_of_the_database_are_escaped() {
    let database = Database::with_accounts().await;
    database
        .sql(&format!(
            "INSERT INTO account_settings (account_id, setting, value, reason, author, updated_at, _version)
             VALUES ('{SHOP}', 'excluded', 'true', 'a\\nb\\x1b[31mred\u{202e}', 'mallory', now64(3), 1)"
        ))
        .await;
    for arguments in [
        vec!["accounts", "list"],
        vec!["accounts", "show", SHOP],
        vec!["accounts", "set", SHOP, "--role", "testing"],
        vec!["accounts", "show", SHOP, "--json"],
    ] {
        let shown = database.polo(&arguments).await.done().stdout;
        let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!shown.contains(raw), "{arguments:?}: {shown:?}");
        assert!(
            !shown.lines().any(|line| line.starts_with("b\\u")),
            "{shown:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_registry_says_what_to_do() {
    let database = Database::empty().await;
    assert!(
        database
            .polo(&["accounts", "list"])
            .await
            .done()
            .stdout
            .contains("polo discover")
    );
    let json = database
        .polo(&["accounts", "list", "--json"])
        .await
        .done()
        .json();
    assert_eq!(json["accounts"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_shown_whole() {
    let database = Database::with_accounts().await;
    database
        .polo(&[
            "accounts",
            "set",
            BROKEN,
            "--owner",
            "team shop",
            "--role",
            "customer",
        ])
        .await
        .done();
    let shown = database
        .polo(&["accounts", "show", BROKEN])
        .await
        .done()
        .stdout;
    for part in [
        BROKEN,
        "broken@example.com",
        "pending_setup (never_set_up)",
        "team shop",
        "customer",
        "Root/Production",
        "2024-01-02 03:04 UTC",
        "sts:AssumeRole",
        "ACCESS CHECKS",
        "DECISIONS",
    ] {
        assert!(shown.contains(part), "{part} is missing\n{shown}");
    }
    let json = database
        .polo(&["accounts", "show", BROKEN, "--json"])
        .await
        .done()
        .json();
    assert_eq!(json["joined_at"], "2024-01-02T03:04:05Z");
    assert_eq!(json["access_checks"][0]["error_code"], "AccessDenied");
    assert_eq!(json["settings"][1]["setting"], "owner");
    assert_eq!(json["runs"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exclusion_is_stored_with_reason_author_and_end() {
    let database = Database::with_accounts().await;
    let ended = database
        .polo(&[
            "accounts",
            "exclude",
            SHOP,
            "--reason",
            "sold to 'them'",
            "--until",
            "2099-01-31",
            "--author",
            "grace",
        ])
        .await
        .done();
    assert_eq!(
        ended.stdout,
        "111111111111 (shop) is excluded (excluded_by_operator) until 2099-01-31 00:00 UTC: sold to 'them'\n"
    );
    assert_eq!(
        database.settings().await,
        [format!("{SHOP} excluded=true|sold to 'them'|grace")]
    );
    let shown = database
        .polo(&["accounts", "show", SHOP])
        .await
        .done()
        .stdout;
    assert!(
        shown.contains("EXCLUSION")
            && shown.contains("grace")
            && shown.contains("2099-01-31 00:00 UTC"),
        "{shown}"
    );
    let json = database
        .polo(&["accounts", "show", SHOP, "--json"])
        .await
        .done()
        .json();
    assert_eq!(
        (&json["excluded_by_operator"], &json["excluded_until"]),
        (&json!(true), &json!("2099-01-31T00:00:00Z"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_one_sentence_and_writes_nothing() {
    let database = Database::with_accounts().await;
    let foreign = format!("arn:aws:iam::{BROKEN}:role/reader");
    let exclude = |more: &[&'static str]| {
        [
            vec!["accounts", "exclude", SHOP, "--reason", "x"],
            more.to_vec(),
        ]
        .concat()
    };
    for (arguments, code, parts) in [
        (
            vec!["accounts", "show", "12345678901"],
            2,
            vec!["\"12345678901\"", "12 digits"],
        ),
        (
            vec!["accounts", "show", STRANGER],
            1,
            vec![STRANGER, "polo discover"],
        ),
        (
            vec!["accounts", "exclude", STRANGER, "--reason", "x"],
            1,
            vec![STRANGER, "polo discover"],
        ),
        (
            vec!["accounts", "exclude", SHOP, "--reason", " "],
            2,
            vec!["empty"],
        ),
        (
            exclude(&["--until", "2020-01-01"]),
            2,
            vec!["2020-01-01", "past"],
        ),
        (
            exclude(&["--until", "tomorrow"]),
            2,
            vec!["\"tomorrow\"", "7d"],
        ),
        (vec!["accounts", "set", SHOP], 2, vec!["--owner"]),
        (
            vec!["accounts", "set", SHOP, "--read-role-arn", "reader"],
            2,
            vec!["\"reader\"", "arn:<partition>", "default"],
        ),
        (
            vec![
                "accounts",
                "set",
                SHOP,
                "--owner",
                "x",
                "--read-role-arn",
                &foreign,
            ],
            2,
            vec![&foreign, BROKEN, SHOP],
        ),
        (
            vec!["accounts", "activate", SHOP, "--action-role-arn", &foreign],
            2,
            vec!["--action-role-arn", BROKEN],
        ),
        (
            vec!["accounts", "activate", SUSPENDED, "--owner", "x"],
            1,
            vec![SUSPENDED, "suspended"],
        ),
        (
            vec!["accounts", "include", SUSPENDED, "--reason", "x"],
            1,
            vec![SUSPENDED, "suspended"],
        ),
        (
            vec!["accounts", "include", STRANGER, "--reason", "x"],
            1,
            vec![STRANGER],
        ),
        (
            vec!["accounts", "list", "--status", "aktive"],
            2,
            vec!["--status", "\"aktive\"", "pending_setup"],
        ),
        (
            vec!["accounts", "list", "--reason", "broken"],
            2,
            vec!["--reason", "\"broken\"", "never_set_up"],
        ),
        (
            vec!["runs", "--outcome", "succeeded"],
            2,
            vec!["--outcome", "\"succeeded\"", "complete", "crashed"],
        ),
        (
            vec!["runs", "--collector", "ec2"],
            2,
            vec!["--collector", "\"ec2\"", "config_ec2"],
        ),
        (
            vec!["runs", "--since", "tomorrow"],
            2,
            vec!["--since", "\"tomorrow\"", "24h"],
        ),
        (vec!["runs", "--account", STRANGER], 1, vec![STRANGER]),
    ] {
        let ended = database.polo(&arguments).await;
        let sentence = ended.refused(code);
        assert!(
            parts.iter().all(|part| sentence.contains(part)),
            "{arguments:?}: {sentence}"
        );
    }
    assert_eq!(database.settings().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_stored_and_taken_back() {
    let database = Database::with_accounts().await;
    let arn = format!("arn:aws:iam::{SHOP}:role/team/reader");
    let set = database
        .polo(&[
            "accounts",
            "set",
            SHOP,
            "--read-role-arn",
            &arn,
            "--role",
            "testing",
            "--json",
        ])
        .await
        .done()
        .json();
    assert_eq!(
        (&set["polo_read_role"], &set["account_role"]),
        (&json!(arn), &json!("testing"))
    );
    let back = database
        .polo(&[
            "accounts",
            "set",
            SHOP,
            "--read-role-arn",
            "default",
            "--json",
        ])
        .await
        .done()
        .json();
    assert_eq!(
        back["polo_read_role"],
        format!("arn:aws:iam::{SHOP}:role/dev-PoloReadRole")
    );
    assert_eq!(back["account_role"], "testing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inclusion_checks_access_at_once() {
    let database = Database::with_accounts().await;
    database
        .polo(&[
            "accounts", "exclude", SHOP, "--reason", "x", "--until", "7d",
        ])
        .await
        .done();
    let answer = Answer::ok(json!({})).after(check(SHOP, "success", ""));
    let lambda = Lambda::start(answer, Some(&database.store)).await;
    let database = database.with("AWS_ENDPOINT_URL_LAMBDA", &lambda.url);
    let ended = database
        .polo(&["accounts", "include", SHOP, "--reason", "back again"])
        .await
        .done();
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("111111111111 (shop) is active (role_works)\n", "")
    );
    assert_eq!(
        lambda.calls(),
        [(
            "dev-polo-access-verifier".to_owned(),
            json!({"account_id": SHOP})
        )]
    );
    assert_eq!(
        database.settings().await,
        [format!("{SHOP} excluded=false|back again|ada")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inclusion_holds_where_the_verifier_cannot_be_reached() {
    let database = Database::with_accounts().await;
    database
        .polo(&["accounts", "exclude", SHOP, "--reason", "x"])
        .await
        .done();
    let ended = database
        .polo(&["accounts", "include", SHOP, "--reason", "back"])
        .await
        .done();
    assert!(
        ended.stderr.contains("warning") && ended.stderr.contains("within five minutes"),
        "{ended:?}"
    );
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert_eq!(database.status(SHOP).await.0, "pending_setup");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inclusion_without_need_takes_nothing_away() {
    let database = Database::with_accounts().await;
    let ended = database
        .polo(&["accounts", "include", SHOP, "--reason", "to be sure"])
        .await
        .done();
    assert!(ended.stderr.contains("nothing to include"), "{ended:?}");
    assert_eq!(
        database.status(SHOP).await,
        ("active".to_owned(), "role_works".to_owned())
    );
    assert_eq!(database.settings().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_stores_the_role_and_tells_the_verdict() {
    let database = Database::with_accounts().await;
    let arn = format!("arn:aws:iam::{BROKEN}:role/reader");
    let answer = Answer::ok(json!({})).after(check(BROKEN, "success", ""));
    let lambda = Lambda::start(answer, Some(&database.store)).await;
    let database = database
        .with("AWS_ENDPOINT_URL_LAMBDA", &lambda.url)
        .with("POLO_ENV", "prod");
    let ended = database
        .polo(&["accounts", "activate", BROKEN, "--read-role-arn", &arn])
        .await
        .done();
    assert!(
        ended.stdout.contains(": success\n") && ended.stdout.ends_with("is active (role_works)\n"),
        "{ended:?}"
    );
    assert_eq!(
        lambda.calls(),
        [(
            "prod-polo-access-verifier".to_owned(),
            json!({"account_id": BROKEN})
        )]
    );
    assert_eq!(
        database.settings().await,
        [format!("{BROKEN} read_role_arn={arn}||ada")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_that_is_denied_fails_and_says_why() {
    let database = Database::with_accounts().await;
    let answer = Answer::ok(json!({})).after(check(BROKEN, "denied", "not authorized"));
    let lambda = Lambda::start(answer, Some(&database.store)).await;
    let database = database.with("AWS_ENDPOINT_URL_LAMBDA", &lambda.url);
    let ended = database.polo(&["accounts", "activate", BROKEN]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("denied (denied: AccessDenied: not authorized)"),
        "{ended:?}"
    );
    assert!(
        ended.stdout.contains("is pending_setup (never_set_up)"),
        "{ended:?}"
    );
    let json = database
        .polo(&["accounts", "activate", BROKEN, "--json"])
        .await
        .json();
    assert_eq!(
        (
            &json["account"]["polo_status"],
            &json["checks"][0]["verdict"]
        ),
        (&json!("pending_setup"), &json!("denied"))
    );
    assert_eq!(json["checks"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_without_the_verifier_says_what_is_stored() {
    let database = Database::with_accounts().await;
    let ended = database
        .polo(&["accounts", "activate", BROKEN, "--owner", "ada"])
        .await;
    let sentence = ended.refused(1);
    assert!(
        sentence.contains("overrides are stored") && sentence.contains("http://127.0.0.1:9"),
        "{sentence}"
    );
}
