//! `polo roles`: needs neither the database nor AWS, prints what can be rolled out, and refuses in one sentence.

use serde_json::{Value, json};

use crate::support::{Ended, polo};

const HUB: &str = "111111111111";
const MEMBER: &str = "222222222222";
const GIVEN: [&str; 6] = [
    "--account",
    MEMBER,
    "--hub-account",
    HUB,
    "--external-id",
    "polo-4f1c2a",
];

async fn roles(environment: &[(&str, &str)], form: &str, options: &[&[&str]]) -> Ended {
    let environment: Vec<(String, String)> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    polo(
        &environment,
        &[&["roles", form], &*options.concat()].concat(),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_template_stays_open_where_nothing_was_given() {
    let open = roles(&[], "template", &[]).await.done().json();
    let default =
        |template: &Value, name: &str| template["Parameters"][name].get("Default").cloned();
    for name in ["HubAccountId", "ExternalId"] {
        assert_eq!(default(&open, name), None, "{name}");
    }
    for (name, value) in [
        ("ReadRoleName", "dev-PoloReadRole"),
        ("ActionRoleName", "dev-polo-action-role"),
        ("ActionRoleTrustedNames", "dev-polo-access-verifier"),
        ("EnableActionRole", "false"),
    ] {
        assert_eq!(default(&open, name), Some(value.into()), "{name}");
    }
    let trusted = default(&open, "ReadRoleTrustedNames").unwrap();
    let trusted: Vec<&str> = trusted.as_str().unwrap().split(',').collect();
    assert!(trusted.starts_with(&["dev-polo-account-discovery", "dev-polo-access-verifier"]));
    assert!(trusted.contains(&"dev-polo-config_ec2"), "{trusted:?}");
    assert!(!open.to_string().contains("CollectorReadActions"));

    let options = [
        "--action-role",
        "--deletable-bucket",
        "arn:aws:s3:::one",
        "--deletable-bucket",
        "arn:aws:s3:::two",
    ];
    let closed = roles(&[], "template", &[&GIVEN, &options])
        .await
        .done()
        .json();
    for (name, value) in [
        ("HubAccountId", HUB),
        ("ExternalId", "polo-4f1c2a"),
        ("EnableActionRole", "true"),
        ("DeletableBucketArns", "arn:aws:s3:::one,arn:aws:s3:::two"),
    ] {
        assert_eq!(default(&closed, name), Some(value.into()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_reach_the_roles() {
    let options = [
        "--organization-id",
        "o-a1b2c3d4e5",
        "--read-role-name",
        "reader",
        "--action-role",
        "--deletable-bucket",
        "arn:aws-cn:s3:::old",
        "--extra-principal",
        "arn:aws-cn:iam::333333333333:user/one",
        "--extra-principal",
        "arn:aws-cn:iam::333333333333:role/two",
        "--oidc-provider",
        "oidc.example.com/id/1",
        "--oidc-subject",
        "system:x",
        "--oidc-audience",
        "polo",
        "--partition",
        "aws-cn",
    ];
    let printed = roles(&[], "terraform", &[&GIVEN, &options])
        .await
        .done()
        .json();
    let blocks = &printed["resource"]["aws_iam_role"];
    assert_eq!(blocks["read_role"]["name"], "reader");
    assert_eq!(blocks["action_role"]["name"], "dev-polo-action-role");
    let trust = blocks["read_role"]["assume_role_policy"].as_str().unwrap();
    let trust: Value = serde_json::from_str(trust).unwrap();
    let statements = &trust["Statement"];
    assert_eq!(
        statements[0]["Principal"]["AWS"],
        format!("arn:aws-cn:iam::{HUB}:root")
    );
    assert_eq!(
        statements[0]["Condition"]["StringEquals"],
        json!({"sts:ExternalId": "polo-4f1c2a", "aws:PrincipalOrgID": "o-a1b2c3d4e5"})
    );
    assert_eq!(
        statements[1]["Principal"]["AWS"],
        json!([
            "arn:aws-cn:iam::333333333333:user/one",
            "arn:aws-cn:iam::333333333333:role/two"
        ])
    );
    assert_eq!(
        statements[2]["Condition"]["StringEquals"],
        json!({"oidc.example.com/id/1:aud": "polo", "oidc.example.com/id/1:sub": "system:x"})
    );
    let policies = &printed["resource"]["aws_iam_role_policy"];
    let objects = policies["action_role_polo_delete_objects"]["policy"]
        .as_str()
        .unwrap();
    assert!(objects.contains("arn:aws-cn:s3:::old/*"), "{objects}");

    let script = roles(&[], "commands", &[&GIVEN, &options])
        .await
        .done()
        .stdout;
    assert_eq!(script.matches("aws iam create-role").count(), 2, "{script}");
    assert!(
        script.contains("--role-name='reader'") && script.contains(MEMBER),
        "{script}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_comes_from_the_functions_variables() {
    let environment = [
        ("POLO_ENV", "prod"),
        ("POLO_HUB_ACCOUNT_ID", HUB),
        ("POLO_EXTERNAL_ID", "from-the-environment"),
        ("POLO_READ_ROLE_NAME", "reader"),
        ("POLO_ACTION_ROLE_NAME", "actor"),
    ];
    let account = ["--account", MEMBER, "--action-role"];
    let script = roles(&environment, "commands", &[&account])
        .await
        .done()
        .stdout;
    for part in [
        "--role-name='reader'",
        "--role-name='actor'",
        "from-the-environment",
        "role/prod-polo-tags\"",
        HUB,
    ] {
        assert!(script.contains(part), "{part}: {script}");
    }
    let options = ["--external-id", "given", "--read-role-name", "other"];
    let script = roles(&environment, "commands", &[&account, &options])
        .await
        .done()
        .stdout;
    assert!(
        script.contains("--role-name='other'") && script.contains("\"given\""),
        "{script}"
    );
    assert!(
        !script.contains("from-the-environment") && !script.contains("'reader'"),
        "{script}"
    );
    // A prefix decides over the variables' names, and the path is no part of a name.
    let prefixed = ["--role-prefix", "none", "--action-role-name", "acting"];
    let script = roles(&environment, "commands", &[&account, &prefixed])
        .await
        .done()
        .stdout;
    assert!(
        script.contains("--role-name='PoloReadRole'") && script.contains("--role-name='acting'"),
        "{script}"
    );
    let script = roles(&environment[1..3], "commands", &[&account])
        .await
        .done()
        .stdout;
    assert!(
        script.contains("--role-name='dev-PoloReadRole'"),
        "{script}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_comes_with_the_functions_variables_or_an_option() {
    let environment = [
        ("POLO_READ_ROLE_NAME", "platform/finops/reader"),
        ("POLO_ACTION_ROLE_NAME", "platform/finops/actor"),
    ];
    let names = |printed: &Value| {
        let blocks = &printed["resource"]["aws_iam_role"];
        ["read_role", "action_role"].map(|role| {
            let text = |field: &str| blocks[role][field].as_str().unwrap().to_owned();
            (text("path"), text("name"))
        })
    };
    let at = |path: &str| [(path, "reader"), (path, "actor")].map(|(p, n)| (p.into(), n.into()));
    let given: [&[&str]; 2] = [&GIVEN, &["--action-role"]];
    let printed = roles(&environment, "terraform", &given).await.done().json();
    assert_eq!(names(&printed), at("/platform/finops/"));
    for (options, path) in [
        (["--role-path", "/other/"], "/other/"),
        (["--role-path", "/"], "/"),
    ] {
        let given = [given[0], given[1], &options];
        let printed = roles(&environment, "terraform", &given).await.done().json();
        assert_eq!(names(&printed), at(path));
    }
    let printed = roles(&environment[1..], "template", &[&["--action-role"]])
        .await
        .done()
        .json();
    for (name, value) in [
        ("RolePath", "/platform/finops/"),
        ("ReadRoleName", "dev-PoloReadRole"),
        ("ActionRoleName", "actor"),
    ] {
        assert_eq!(printed["Parameters"][name]["Default"], value, "{name}");
    }
    let two = [
        ("POLO_READ_ROLE_NAME", "platform/reader"),
        ("POLO_ACTION_ROLE_NAME", "actor"),
    ];
    let ended = roles(&two, "template", &[]).await;
    assert!(
        ended.refused(1).contains(
            "POLO_READ_ROLE_NAME has the path /platform/ and POLO_ACTION_ROLE_NAME the path /"
        ),
        "{ended:?}"
    );
    roles(&two, "template", &[&["--role-path", "/platform/"]])
        .await
        .done();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_one_sentence_with_name_value_and_fix() {
    for (options, expected) in [
        (
            vec!["--hub-account", "12"],
            "--hub-account is \"12\": it must be an account id of 12 digits",
        ),
        (
            vec!["--external-id", "x"],
            "--external-id is \"x\": it must have 2 to 1224",
        ),
        (
            vec!["--external-id", ""],
            "--external-id is \"\": it must have 2 to 1224",
        ),
        (
            vec!["--organization-id", "r-1"],
            "--organization-id is \"r-1\": it must be an organization id",
        ),
        (
            vec!["--read-role-name", "a/b"],
            "--read-role-name is \"a/b\": it must be a role name",
        ),
        (
            vec!["--role-path", "platform"],
            "--role-path is \"platform\": it must begin and end with a slash",
        ),
        (
            vec!["--role-prefix", "a/"],
            "--role-prefix makes the name \"a/polo-action-role\": it must be a role name",
        ),
        (vec!["--role-prefix", ""], "the prefix is empty: write none"),
        (
            vec!["--action-role-name", "actor"],
            "--action-role-name is given without --action-role",
        ),
        (
            vec!["--action-role", "--deletable-bucket", "old"],
            "--deletable-bucket is \"old\": it must list bucket ARNs",
        ),
        (
            vec!["--deletable-bucket", "arn:aws:s3:::old"],
            "without --action-role",
        ),
        (
            vec!["--extra-principal", "arn:aws:iam::333333333333:root"],
            "--extra-principal is \"arn:aws:iam::333333333333:root\": it must list",
        ),
        (vec!["--extra-principal", ""], "\"\" is not one ARN"),
        (
            vec!["--oidc-provider", "https://x", "--oidc-subject", "y"],
            "--oidc-provider is \"https://x\": it must be an address without https://",
        ),
        (
            vec!["--oidc-provider", "x.example.com"],
            "without --oidc-subject",
        ),
        (vec!["--oidc-subject", "x"], "without --oidc-provider"),
        (vec!["--oidc-audience", "x"], "without --oidc-provider"),
        (vec!["--partition", "AWS"], "partition \"AWS\""),
    ] {
        for form in ["template", "commands", "terraform"] {
            // The first of an option given twice would be a usage error of its own.
            let others: Vec<&str> = GIVEN
                .chunks(2)
                .filter(|pair| !options.contains(&pair[0]))
                .flatten()
                .copied()
                .collect();
            let ended = roles(&[], form, &[&others, &options]).await;
            assert!(
                ended.refused(2).contains(expected),
                "{form} {options:?}: {ended:?}"
            );
        }
    }
    for (left_out, expected) in [
        ("--account", "--account is missing"),
        (
            "--hub-account",
            "--hub-account is missing: give it or set POLO_HUB_ACCOUNT_ID",
        ),
        (
            "--external-id",
            "--external-id is missing: give it or set POLO_EXTERNAL_ID",
        ),
    ] {
        for form in ["commands", "terraform"] {
            let pairs = GIVEN.chunks(2).filter(|pair| pair[0] != left_out);
            let ended = roles(&[], form, &pairs.collect::<Vec<_>>()).await;
            assert!(ended.refused(2).contains(expected), "{ended:?}");
        }
    }
    let long = "x".repeat(60);
    for (variable, value, expected) in [
        (
            "POLO_HUB_ACCOUNT_ID",
            "12",
            "POLO_HUB_ACCOUNT_ID is \"12\": it must be an account id",
        ),
        (
            "POLO_EXTERNAL_ID",
            "x",
            "POLO_EXTERNAL_ID is \"x\": it must have",
        ),
        (
            "POLO_READ_ROLE_NAME",
            "a/b c",
            "POLO_READ_ROLE_NAME is \"b c\": it must be a role name",
        ),
        (
            "POLO_READ_ROLE_NAME",
            "a//b",
            "POLO_READ_ROLE_NAME is \"/a//\": it must begin and end with a slash",
        ),
        ("POLO_ENV", "a b", "POLO_ENV is \"a b\""),
        ("POLO_ENV", long.as_str(), "POLO_ENV is \"xxx"),
    ] {
        let ended = roles(&[(variable, value)], "template", &[]).await;
        assert!(ended.refused(1).contains(expected), "{ended:?}");
    }
}
