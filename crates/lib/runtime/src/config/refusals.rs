//! Environments that cannot be right, one line each: refused with the variable, the value and the fix.

use super::*;

const ARN: &str = "arn:aws:iam::123456789012:role/x";
const EXPLICIT: (&str, &str) = ("POLO_MODE", "explicit");
const STACK_SET: (&str, &str) = ("POLO_STACK_SET_NAME", "polo-roles");
const ROLE_REGION: (&str, &str) = ("POLO_ROLE_REGION", "us-east-1");

/// The refusal of an environment that is right but for these variables.
fn refusal(variables: &[(&str, &str)]) -> String {
    let lookup = |name: &str| {
        let given = variables.iter().find(|(key, _)| *key == name);
        let url = ("CLICKHOUSE_URL", "http://localhost:8123");
        let given = given.or_else(|| Some(&url).filter(|(key, _)| *key == name));
        given.map(|(_, value)| (*value).to_owned())
    };
    match Config::from_lookup(&lookup) {
        Ok(_) => panic!("taken: {variables:?}"),
        Err(error) => crate::FunctionError::from(error).chain(),
    }
}

/// The first variable is wrong; the others are what it needs to be looked at.
#[test]
fn wrong_variables_are_named_with_value_and_fix() {
    let long = "x".repeat(200);
    let longer = "x".repeat(2_000);
    let cases: Vec<Vec<(&str, &str)>> = vec![
        vec![("CLICKHOUSE_URL", "localhost")],
        vec![("CLICKHOUSE_URL", "localhost:8123")],
        vec![("CLICKHOUSE_URL", "tcp://localhost:9000")],
        vec![("CLICKHOUSE_URL", "http://")],
        vec![("CLICKHOUSE_URL", "http://a b:8123")],
        vec![("CLICKHOUSE_URL", "http://localhost:port")],
        vec![("CLICKHOUSE_URL", "http://localhost:70000")],
        vec![("CLICKHOUSE_DATABASE", "a b")],
        vec![("CLICKHOUSE_DATABASE", "polo; DROP")],
        vec![("CLICKHOUSE_DATABASE", "1polo")],
        vec![("CLICKHOUSE_DATABASE", &long)],
        vec![("CLICKHOUSE_USER", "a b")],
        vec![("CLICKHOUSE_USER", "pölo")],
        vec![("CLICKHOUSE_CLUSTER", "main`")],
        vec![("POLO_RUN_RETENTION_DAYS", "59")],
        vec![("POLO_RUN_RETENTION_DAYS", "-90")],
        vec![("POLO_HISTORY_RETENTION_DAYS", "forever")],
        vec![("POLO_HISTORY_RETENTION_DAYS", "400d")],
        vec![("POLO_GONE_RETENTION_DAYS", "3651")],
        vec![("POLO_ADOPTED_HISTORY", "true")],
        vec![("POLO_ENV", "x y")],
        vec![("POLO_ENV", "prod/..")],
        vec![("POLO_ENV", "ü")],
        vec![("POLO_ENV", "Prod")],
        vec![("POLO_ENV", "-prod")],
        vec![("POLO_ENV", &long)],
        vec![("POLO_READ_ROLE_NAME", ARN)],
        vec![("POLO_READ_ROLE_NAME", "a b")],
        vec![("POLO_READ_ROLE_NAME", "/team/reader")],
        vec![("POLO_READ_ROLE_NAME", &long)],
        vec![("POLO_ACTION_ROLE_NAME", ARN)],
        vec![("POLO_ACTION_ROLE_NAME", "reader/")],
        vec![("POLO_EXTERNAL_ID", "x")],
        vec![("POLO_EXTERNAL_ID", "üüüüü")],
        vec![("POLO_EXTERNAL_ID", "a b")],
        vec![("POLO_EXTERNAL_ID", &longer)],
        vec![("POLO_MODE", "all")],
        vec![("POLO_MODE", "Organization")],
        vec![("POLO_ORGANIZATIONS", "{}")],
        vec![("POLO_ORGANIZATIONS", "{")],
        vec![("POLO_ORGANIZATIONS", "[]")],
        vec![("POLO_ORGANIZATIONS", "[1]")],
        vec![("POLO_ORGANIZATIONS", "o-aaaaaaaaaa")],
        vec![("POLO_ORGANIZATIONS", r#"[{"exclude_ous": ["Sandbox"]}]"#)],
        vec![("POLO_ORGANIZATIONS", r#"[{"include_ous": ["ou-1"]}]"#)],
        vec![("POLO_ORGANIZATIONS", r#"[{"include_ous": "r-ab12"}]"#)],
        vec![("POLO_ORGANIZATIONS", r#"[{"ous": []}]"#)],
        vec![("POLO_ORGANIZATIONS", r#"[{"id": "o-a"}]"#)],
        vec![("POLO_ORGANIZATIONS", r#"[{"id": "o-aaaaaaaaaa"}, {}]"#)],
        vec![(
            "POLO_ORGANIZATIONS",
            r#"[{"id": "o-aaaaaaaaaa"}, {"id": "o-aaaaaaaaaa"}]"#,
        )],
        vec![("POLO_ORGANIZATIONS", r#"[{"external_id": "x"}]"#)],
        vec![("POLO_ORGANIZATIONS", r#"[{"role_arn": "reader"}]"#)],
        vec![(
            "POLO_ORGANIZATION_ROLE_ARN",
            "arn:aws:iam::12345678901:role/lister",
        )],
        vec![(
            "POLO_ORGANIZATION_ROLE_ARN",
            "arn:aws-foo:iam::123456789012:role/lister",
        )],
        vec![
            ("POLO_ORGANIZATION_ROLE_ARN", ARN),
            ("POLO_ORGANIZATIONS", "[{}]"),
        ],
        vec![("POLO_ORGANIZATION_ROLE_ARN", ARN), EXPLICIT],
        vec![("POLO_ORGANIZATIONS", "[{}]"), EXPLICIT],
        vec![("POLO_ACCOUNTS", "12345678901"), EXPLICIT],
        vec![("POLO_ACCOUNTS", "arn:aws:iam::1:role/x"), EXPLICIT],
        vec![("POLO_ACCOUNTS", "123456789012,123456789012"), EXPLICIT],
        vec![("POLO_ACCOUNTS", ","), EXPLICIT],
        vec![("POLO_ACCOUNTS", "123456789012")],
        vec![("POLO_ACCOUNTS", ""), EXPLICIT],
        vec![("POLO_HUB_ACCOUNT_ID", "1234"), ("POLO_MODE", "single")],
        vec![("POLO_HUB_ACCOUNT_ID", ""), ("POLO_MODE", "single")],
        vec![("POLO_STACK_SET_NAME", "polo roles")],
        vec![("POLO_STACK_SET_NAME", "1roles")],
        vec![
            ("POLO_STACK_SET_ROLE_ARN", "organization-reader"),
            STACK_SET,
        ],
        vec![("POLO_STACK_SET_ROLE_ARN", ARN)],
        vec![("POLO_STACK_SET_CALL_AS", "self"), STACK_SET],
        vec![("POLO_STACK_SET_CALL_AS", "SELF")],
        vec![("POLO_ROLE_REGION", ""), ("POLO_ROLLOUT_OUS", "r-ab12")],
        vec![("POLO_ROLLOUT_OUS", "Workloads"), ROLE_REGION],
        vec![("POLO_ROLLOUT_OUS", ","), ROLE_REGION],
        vec![("POLO_ROLE_REGION", "mars"), ("POLO_ROLLOUT_OUS", "r-ab12")],
        vec![
            ("POLO_ROLE_REGION", "us-east-1,eu-west-1"),
            ("POLO_ROLLOUT_OUS", "r-ab12"),
        ],
        vec![("POLO_PROVISIONING_ROLE_ARN", "provisioner"), ROLE_REGION],
        vec![("POLO_EVENT_BUS", "a/b")],
        vec![("POLO_EVENT_BUS", "dev polo")],
        vec![("POLO_CHECK_CONCURRENCY", "0")],
        vec![("POLO_CHECK_CONCURRENCY", "-1")],
        vec![("POLO_CHECK_CONCURRENCY", "1.5")],
        vec![("POLO_CHECK_CONCURRENCY", "1001")],
        vec![("POLO_CHECK_CONCURRENCY", "1000000")],
        vec![("POLO_STS_CALLS_PER_SECOND", "fast")],
        vec![("POLO_STS_CALLS_PER_SECOND", "10001")],
        vec![("POLO_PUT_EVENTS_PER_SECOND", "0x10")],
        vec![("POLO_REGIONS", "mars")],
        vec![("POLO_REGIONS", "us-east-1;eu-west-1")],
        vec![("POLO_REGIONS", "us-east-1,us-east-1")],
        vec![("POLO_REGIONS", "us-east-1,EU-WEST-1")],
        vec![("POLO_REGIONS", ",")],
        vec![("POLO_DAY_USD_AT_MOST", "-1")],
        vec![("POLO_DAY_USD_AT_MOST", "1,50")],
        vec![("POLO_DAY_USD_AT_MOST", "1 USD")],
        vec![("POLO_DAY_USD_AT_MOST", "1e3")],
        vec![("POLO_STATUS_PAGE_URL", "polo.example.com")],
        vec![("POLO_STATUS_PAGE_URL", "https://polo.example.com/>|")],
        vec![("POLO_STATUS_PAGE_URL", "https://")],
    ];
    for case in &cases {
        let (name, value) = case[0];
        let sentence = refusal(case);
        assert!(sentence.starts_with(name), "{case:?}: {sentence}");
        assert!(
            sentence.chars().count() <= 500 && !sentence.contains('\n'),
            "{sentence}"
        );
        for dump in ["invalid type", "struct ", "Some(", "Error {"] {
            assert!(!sentence.contains(dump), "{case:?}: {sentence}");
        }
        let shown: String = value.chars().take(20).collect();
        let quoted = quoted(&shown);
        let is_named = sentence.contains(quoted.trim_matches('"'))
            // What contradicts another variable is right as such, and what is empty is not set.
            || sentence.contains(" is set and ")
            || sentence.contains(" is not set")
            || value.split(',').any(|part| !part.is_empty() && sentence.contains(part))
            || value.starts_with('[');
        assert!(is_named, "{case:?}: {sentence}");
    }
}

#[test]
fn what_may_be_a_secret_is_not_shown() {
    for (name, value) in [
        ("CLICKHOUSE_URL", "http://polo:hunter2@localhost:8123"),
        ("CLICKHOUSE_URL", "http://localhost:8123/?password=hunter2"),
        ("CLICKHOUSE_URL", "hunter2@localhost"),
        ("CLICKHOUSE_PASSWORD_SECRET_ID", "the password is hunter2"),
        (
            "POLO_SLACK_WEBHOOK_SECRET_ID",
            "https://hooks.slack.com/services/hunter2",
        ),
    ] {
        let sentence = refusal(&[(name, value)]);
        assert!(
            sentence.starts_with(name) && !sentence.contains("hunter2"),
            "{sentence}"
        );
    }
    let both = refusal(&[
        ("CLICKHOUSE_PASSWORD", "hunter2"),
        ("CLICKHOUSE_PASSWORD_SECRET_ID", "polo"),
    ]);
    assert!(
        both.starts_with("CLICKHOUSE_PASSWORD") && !both.contains("hunter2"),
        "{both}"
    );
}
