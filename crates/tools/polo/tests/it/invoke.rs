//! `polo discover`, `verify`, `dispatch`, `collect`: one invocation each, of the right function with the right payload.

use serde_json::{Value, json};

use crate::support::{Answer, Database, Ended, Lambda, SHOP, STRANGER, polo};

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

/// An answer of each function in which everything went well.
fn good_answer(function: &str) -> Value {
    let statuses = json!({"status_changes": 0, "events_accepted": 0, "events_rejected": 0});
    match function {
        "account-discovery" => json!({
            "organizations": [{
                "organization_id": "o-a1b2c3d4e5", "accounts_seen": 20, "discovered": 0, "changed": 5, "left": 5,
                "unchanged": 15, "checks": 0, "tags_read": 0
            }],
            "told": {"account_events": 5, "account_events_accepted": 5, "statuses": statuses},
            "hierarchy_nodes_changed": 0
        }),
        "access-verifier" => verified("success", [1, 0, 0]),
        "collection-dispatcher" => json!({
            "sweep_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2", "asked": 9, "accepted": 9, "sent_before": 0
        }),
        "role-provisioner" => json!({"waiting": 0, "not_asked": {"active": 13}}),
        _ => collected("complete", ""),
    }
}

fn verified(verdict: &str, checks: [u32; 3]) -> Value {
    json!({
        "accounts": 1, "checks": {"success": checks[0], "denied": checks[1], "inconclusive": checks[2]},
        "checks_made_before": 0, "stack_instances": null, "payers": {"asked": 0, "failed": 0},
        "told": {"status_changes": 0, "events_accepted": 0, "events_rejected": 0},
        "account": {
            "account_id": SHOP, "polo_status": "active", "status_reason": "role_works", "polo_read_role": "",
            "verdict": verdict, "error_class": "", "message": ""
        }
    })
}

fn of_all_accounts(mut answer: Value) -> Value {
    answer["account"] = Value::Null;
    answer
}

fn collected(outcome: &str, error_class: &str) -> Value {
    json!({
        "run_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2", "attempt": 1, "account_id": SHOP, "collector": "config_ec2",
        "outcome": outcome, "error_class": error_class, "reason": "", "targets": 2, "targets_conclusive": 1,
        "resources_seen": 7, "rows_written": 9, "repeated_delivery": false
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_invokes_its_function_once() {
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
        let lambda = Lambda::start(Answer::ok(good_answer(function)), None).await;
        let ended = against(&lambda.url, &arguments).await.done();
        assert!(ended.stdout.ends_with(".\n"), "{arguments:?}: {ended:?}");
        assert_eq!(ended.stderr, "", "{arguments:?}");
        assert_eq!(
            lambda.calls(),
            [(format!("dev-polo-{function}"), payload)],
            "{arguments:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_say_whether_it_was_done() {
    let collect = || vec!["collect", "--account", SHOP, "--collector", "config_ec2"];
    let verify_one = || vec!["verify", "--account", SHOP];
    let operation = json!({"operation_id": "op", "accounts": [SHOP], "left": 0});
    let provisioned = |busy: Value, create: Value| json!({"waiting": 1, "not_asked": {}, "settled": {}, "create": create, "update": null, "busy": busy});
    let asked =
        |count: u32| json!({"sweep_id": "x", "asked": count, "accepted": count, "sent_before": 0});
    for (arguments, answer, code) in [
        (collect(), collected("complete", ""), 0),
        (collect(), collected("partial", ""), 1),
        (collect(), collected("failed", "denied_by_scp"), 1),
        (collect(), collected("skipped", ""), 1),
        (collect(), collected("running", ""), 1),
        (verify_one(), verified("success", [1, 0, 0]), 0),
        (verify_one(), verified("denied", [0, 1, 0]), 1),
        (verify_one(), verified("inconclusive", [0, 0, 1]), 1),
        (vec!["verify"], of_all_accounts(verified("", [5, 2, 0])), 0),
        (vec!["verify"], of_all_accounts(verified("", [5, 0, 2])), 1),
        (vec!["discover"], good_answer("account-discovery"), 0),
        (vec!["dispatch"], asked(9), 0),
        (vec!["dispatch"], asked(0), 1),
        (
            vec!["roles", "deploy"],
            provisioned(Value::Null, operation),
            0,
        ),
        (
            vec!["roles", "deploy"],
            provisioned("an operation is in progress".into(), Value::Null),
            1,
        ),
    ] {
        let lambda = Lambda::start(Answer::ok(answer.clone()), None).await;
        let ended = against(&lambda.url, &arguments).await;
        assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
        let ended = against(&lambda.url, &[arguments.clone(), vec!["--json"]].concat()).await;
        assert_eq!(ended.code, code, "{arguments:?} --json: {ended:?}");
        assert_eq!(ended.json(), answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_form_is_shown_and_no_success() {
    let answer = json!({"accounts": 20, "nested": {"a": [1, null]}});
    let lambda = Lambda::start(Answer::ok(answer.clone()), None).await;
    for arguments in [vec!["verify"], vec!["verify", "--json"]] {
        let ended = against(&lambda.url, &arguments).await;
        assert_eq!((ended.code, ended.json()), (1, answer.clone()));
        assert!(
            ended
                .stderr
                .contains("a form that this version does not know"),
            "{ended:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_found_by_name() {
    let database = Database::with_accounts().await;
    let lambda = Lambda::start(Answer::ok(verified("success", [1, 0, 0])), None).await;
    let database = database.with("AWS_ENDPOINT_URL_LAMBDA", &lambda.url);
    database.polo(&["verify", "--account", "shop"]).await.done();
    let asked = (
        "dev-polo-access-verifier".to_owned(),
        json!({"account_id": SHOP}),
    );
    assert_eq!(lambda.calls(), [asked]);
    let set = ["accounts", "set", "shop", "--owner", "maria"];
    assert_eq!(
        database.polo(&set).await.done().stdout,
        "The owner is now maria (before: none).\n111111111111 (shop) is active (role_works)\n"
    );
    let role = format!("arn:aws:iam::{SHOP}:role/reader");
    for (arguments, says) in [
        (
            vec!["verify", "--account", "shpo"],
            "no account is called \"shpo\": did you mean shop (111111111111)?",
        ),
        (
            vec!["accounts", "show", "zzz"],
            "no account is called \"zzz\": `polo accounts list`",
        ),
        (
            vec!["runs", "--account", "SHOP"],
            "did you mean shop (111111111111)?",
        ),
        (
            vec!["dispatch", "--account", "sho"],
            "did you mean shop (111111111111)?",
        ),
    ] {
        let ended = database.polo(&arguments).await;
        assert!(ended.refused(1).contains(says), "{ended:?}");
    }
    let foreign = database
        .polo(&["accounts", "set", "broken", "--read-role-arn", &role])
        .await;
    assert!(
        foreign.refused(2).contains("--read-role-arn"),
        "{foreign:?}"
    );

    database
        .sql(&format!(
            "INSERT INTO account_facts SELECT * REPLACE ('{STRANGER}' AS account_id)
             FROM account_facts AS facts FINAL WHERE facts.account_id = '{SHOP}'"
        ))
        .await;
    let ended = database.polo(&["verify", "--account", "shop"]).await;
    let sentence = ended.refused(1);
    assert!(
        sentence.contains("2 accounts are called \"shop\"")
            && sentence.contains("111111111111 (active)")
            && sentence.contains(STRANGER),
        "{sentence}"
    );
    assert_eq!(lambda.calls().len(), 1);
}

/// The INSERT of the runs that a dispatch begins.
fn runs(sweep_id: &str, outcomes: &[&str]) -> String {
    let rows: Vec<String> = outcomes
        .iter()
        .enumerate()
        .map(|(index, outcome)| {
            let ended = if outcome.is_empty() { "NULL" } else { "now64(3)" };
            let class = if *outcome == "failed" { "denied" } else { "" };
            format!(
                "(generateUUIDv4(), 1, '{sweep_id}', '{SHOP}', 'collector_{index}', 'manual', now64(3),
                  now64(3) + INTERVAL 15 MINUTE, {ended}, '{outcome}', '{class}', '', 1, 1, 0, 0, 1)"
            )
        })
        .collect();
    format!(
        "INSERT INTO collector_runs (run_id, attempt, sweep_id, account_id, collector, trigger, started_at, deadline_at,
            finished_at, outcome, error_class, reason, targets, targets_conclusive, resources_seen, rows_written, _version)
         VALUES {}",
        rows.join(", ")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn dispatch_waits_for_its_runs() {
    let mut database = Database::with_accounts().await;
    for (sweep, outcomes, code, says) in [
        (
            "00000000-0000-0000-0000-000000000001",
            ["complete", "complete"],
            0,
            "Asked for 2 runs; `polo runs` shows them.\nAll ended: 2 complete.\n",
        ),
        (
            "00000000-0000-0000-0000-000000000002",
            ["complete", "failed"],
            1,
            "All ended: 1 complete, 1 failed.\n111111111111 collector_1 failed: denied\n",
        ),
        (
            "00000000-0000-0000-0000-000000000003",
            ["complete", ""],
            1,
            "After 0 s: 1 complete, and 1 run still to come.\n",
        ),
    ] {
        let answer = json!({"sweep_id": sweep, "asked": 2, "accepted": 2, "sent_before": 0});
        let answer = Answer::ok(answer).after(runs(sweep, &outcomes));
        let lambda = Lambda::start(answer, Some(&database.store)).await;
        database = database.with("AWS_ENDPOINT_URL_LAMBDA", &lambda.url);
        let dispatch = ["dispatch", "--wait", "--wait-seconds", "0"];
        let ended = database.polo(&dispatch).await;
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(ended.stdout.ends_with(says), "{says}: {ended:?}");
    }
    let sweep = "00000000-0000-0000-0000-000000000004";
    let answer = json!({"sweep_id": sweep, "asked": 2, "accepted": 2, "sent_before": 0});
    let answer = Answer::ok(answer).after(runs(sweep, &["complete", "failed"]));
    let lambda = Lambda::start(answer, Some(&database.store)).await;
    let database = database.with("AWS_ENDPOINT_URL_LAMBDA", &lambda.url);
    let ended = database.polo(&["dispatch", "--wait", "--json"]).await;
    let runs = &ended.json()["runs"];
    let outcomes = [&runs[0]["outcome"], &runs[1]["outcome"]];
    assert_eq!(
        (ended.code, outcomes),
        (1, [&json!("complete"), &json!("failed")])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_an_invocation_with_130() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let ended = tokio::task::spawn_blocking(move || {
        let program = std::process::Command::new(env!("CARGO_BIN_EXE_polo"))
            .arg("verify")
            .env_clear()
            .envs([
                ("AWS_ENDPOINT_URL_LAMBDA", url.as_str()),
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
            ])
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // The function never answers.
        let connection = listener.accept().unwrap();
        let id = program.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-INT", &id])
            .status();
        assert!(sent.unwrap().success());
        let output = program.wait_with_output().unwrap();
        drop(connection);
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    });
    let (code, stderr) = ended.await.unwrap();
    assert_eq!(code, Some(130), "{stderr}");
    assert!(
        stderr.starts_with("polo: interrupted: ") && stderr.trim_end().lines().count() == 1,
        "{stderr}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn function_errors_keep_type_and_sentence() {
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
async fn lambda_refusals_name_their_fix_and_are_not_repeated() {
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
async fn a_missing_region_names_its_variable() {
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
            "give one of account_alias, ",
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
            "eu-west-1",
        ),
        (
            vec!["discover", "--accept-removals", "0"],
            "--accept-removals: \"0\" is not a count",
        ),
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
