//! Wrong environments, each with what has to be said of it: one short sentence that names the variable, shows the value
//! unless it may be a secret, and holds no library's dump.

use std::time::Instant;

use polo_testkit::clickhouse::engine_url;
use polo_testkit::login::Login;
use serde_json::json;

use crate::support::{Answer, Database, Lambda, SHOP};

/// Words of libraries that nobody should read.
const DUMPS: [&str; 12] = [
    "SdkBody",
    "ConnectorError",
    "hyper",
    "invalid type",
    "InvalidUri",
    "ProviderError",
    "DispatchFailure",
    "Some(",
    "Error {",
    "client error (Connect)",
    "users.xml",
    "WARN",
];

const VERIFY: &[&str] = &["verify"];
const LIST: &[&str] = &["accounts", "list"];
const EXCLUDE: &[&str] = &["accounts", "exclude", SHOP, "--reason", "sold"];
const PAGE: &[&str] = &["page"];
const TEMPLATE: &[&str] = &["roles", "template"];

/// A command, the variables that are wrong, and what has to be said.
type Row<'a> = (&'a [&'a str], Vec<(&'a str, &'a str)>, Vec<&'a str>);

#[tokio::test(flavor = "multi_thread")]
async fn wrong_environments_are_refused_by_variable_and_value() {
    let database = Database::with_accounts().await;
    let no_lambda = Lambda::start(Answer::ok(json!({})), None).await;
    let login = Login::to_engine("polo", "another");
    let locked = login.url();
    let long = "x".repeat(5_000);
    let tls = engine_url().replace("http://", "https://");
    let lambda_tls = no_lambda.url.replace("http://", "https://");
    // An API that answers, but none of Lambda's or ClickHouse's.
    let other_api = format!("{}/nothing", no_lambda.url);
    let rows: Vec<Row<'_>> = vec![
        (
            LIST,
            vec![("CLICKHOUSE_URL", "")],
            vec!["CLICKHOUSE_URL is not set"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", "localhost:8123")],
            vec!["CLICKHOUSE_URL is \"localhost:8123\""],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", "tcp://x:9000")],
            vec!["CLICKHOUSE_URL is \"tcp://x:9000\""],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", "http://")],
            vec!["CLICKHOUSE_URL is \"http://\""],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", "http://x:99999")],
            vec!["CLICKHOUSE_URL is"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", "http://x y")],
            vec!["CLICKHOUSE_URL is"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", "http://\u{1b}[31mred")],
            vec!["CLICKHOUSE_URL is"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", &long)],
            vec!["CLICKHOUSE_URL is \"xxx"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", "http://ada:hunter2@h:1")],
            vec!["CLICKHOUSE_URL", "without user"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", "http://h:1/?password=hunter2")],
            vec!["CLICKHOUSE_URL", "without user"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", "http://127.0.0.1:9")],
            vec!["http://127.0.0.1:9", "CLICKHOUSE_URL"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", &tls)],
            vec![&tls, "CLICKHOUSE_URL", "TLS"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_URL", &other_api)],
            vec!["ClickHouse"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_DATABASE", "a-b")],
            vec!["CLICKHOUSE_DATABASE is \"a-b\""],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_DATABASE", "1x")],
            vec!["CLICKHOUSE_DATABASE is \"1x\""],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_DATABASE", &long)],
            vec!["CLICKHOUSE_DATABASE is \"xxx"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_DATABASE", "a\u{1b}[31m")],
            vec!["CLICKHOUSE_DATABASE is"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_DATABASE", "missing")],
            vec!["polo migrate"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_USER", "a b")],
            vec!["CLICKHOUSE_USER is \"a b\""],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_USER", &long)],
            vec!["CLICKHOUSE_USER is \"xxx"],
        ),
        (
            LIST,
            vec![("CLICKHOUSE_USER", "stranger")],
            vec!["CLICKHOUSE_USER"],
        ),
        (
            LIST,
            vec![
                ("CLICKHOUSE_URL", &locked),
                ("CLICKHOUSE_USER", "polo"),
                ("CLICKHOUSE_PASSWORD", "hunter2"),
            ],
            vec!["CLICKHOUSE_USER", "CLICKHOUSE_PASSWORD"],
        ),
        (
            LIST,
            vec![
                ("CLICKHOUSE_PASSWORD", "hunter2"),
                ("CLICKHOUSE_PASSWORD_SECRET_ID", "s"),
            ],
            vec!["CLICKHOUSE_PASSWORD and CLICKHOUSE_PASSWORD_SECRET_ID"],
        ),
        (
            LIST,
            vec![
                ("CLICKHOUSE_PASSWORD_SECRET_ID", "no-secret"),
                ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "nonsense"),
            ],
            vec!["AWS_ENDPOINT_URL_SECRETS_MANAGER is \"nonsense\""],
        ),
        (
            LIST,
            vec![
                ("CLICKHOUSE_PASSWORD_SECRET_ID", "no-secret"),
                ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:9"),
            ],
            vec!["CLICKHOUSE_PASSWORD_SECRET_ID", "\"no-secret\""],
        ),
        (
            VERIFY,
            vec![("POLO_ENV", "x y")],
            vec!["POLO_ENV is \"x y\""],
        ),
        (
            VERIFY,
            vec![("POLO_ENV", "prod/..")],
            vec!["POLO_ENV is \"prod/..\""],
        ),
        (VERIFY, vec![("POLO_ENV", "ü")], vec!["POLO_ENV is \"ü\""]),
        (
            VERIFY,
            vec![("POLO_ENV", "prod-")],
            vec!["POLO_ENV is \"prod-\""],
        ),
        (VERIFY, vec![("POLO_ENV", &long)], vec!["POLO_ENV is \"xxx"]),
        (
            VERIFY,
            vec![("POLO_ENV", "a\u{1b}[31m")],
            vec!["POLO_ENV is"],
        ),
        (VERIFY, vec![("AWS_REGION", "")], vec!["set AWS_REGION"]),
        (
            VERIFY,
            vec![("AWS_REGION", "us east 1")],
            vec!["AWS_REGION is \"us east 1\""],
        ),
        (
            VERIFY,
            vec![("AWS_REGION", "mars-1")],
            vec!["AWS_REGION is \"mars-1\""],
        ),
        (
            VERIFY,
            vec![("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "x")],
            vec!["AWS_DEFAULT_REGION is \"x\""],
        ),
        (
            VERIFY,
            vec![("AWS_REGION", &long)],
            vec!["AWS_REGION is \"xxx"],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL_LAMBDA", "nonsense")],
            vec!["AWS_ENDPOINT_URL_LAMBDA is \"nonsense\""],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL_LAMBDA", "http://")],
            vec!["AWS_ENDPOINT_URL_LAMBDA is \"http://\""],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL_LAMBDA", "ftp://h")],
            vec!["AWS_ENDPOINT_URL_LAMBDA is \"ftp://h\""],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL_LAMBDA", "http://h:99999")],
            vec!["AWS_ENDPOINT_URL_LAMBDA is"],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL_LAMBDA", "http://h:x")],
            vec!["AWS_ENDPOINT_URL_LAMBDA is"],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL_LAMBDA", "http://a b")],
            vec!["AWS_ENDPOINT_URL_LAMBDA is"],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL_LAMBDA", &long)],
            vec!["AWS_ENDPOINT_URL_LAMBDA is \"xxx"],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL_LAMBDA", "http://u:hunter2@h")],
            vec!["AWS_ENDPOINT_URL_LAMBDA"],
        ),
        (
            PAGE,
            vec![("AWS_ENDPOINT_URL_LAMBDA", "http://u:hunter2@h")],
            vec!["AWS_ENDPOINT_URL_LAMBDA"],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL", "nonsense")],
            vec!["AWS_ENDPOINT_URL is \"nonsense\""],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL", "https://u:hunter2@h")],
            vec!["AWS_ENDPOINT_URL"],
        ),
        (
            VERIFY,
            vec![],
            vec![
                "http://127.0.0.1:9 (AWS_ENDPOINT_URL_LAMBDA)",
                "connection refused",
            ],
        ),
        (
            PAGE,
            vec![],
            vec![
                "http://127.0.0.1:9 (AWS_ENDPOINT_URL_LAMBDA)",
                "connection refused",
            ],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL_LAMBDA", &lambda_tls)],
            vec!["AWS_ENDPOINT_URL_LAMBDA", "TLS"],
        ),
        (
            VERIFY,
            vec![("AWS_ENDPOINT_URL_LAMBDA", &other_api)],
            vec!["HTTP status 404"],
        ),
        (
            VERIFY,
            vec![("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")],
            vec!["AWS_ACCESS_KEY_ID"],
        ),
        (
            VERIFY,
            vec![("AWS_SECRET_ACCESS_KEY", "")],
            vec!["AWS_SECRET_ACCESS_KEY"],
        ),
        (
            VERIFY,
            vec![
                ("AWS_ACCESS_KEY_ID", ""),
                ("AWS_SECRET_ACCESS_KEY", ""),
                ("AWS_PROFILE", "nobody"),
            ],
            vec!["\"nobody\" (AWS_PROFILE)"],
        ),
        (
            PAGE,
            vec![("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")],
            vec!["AWS_ACCESS_KEY_ID"],
        ),
        (
            VERIFY,
            vec![("AWS_ACCESS_KEY_ID", "hunter2\u{1b}[31m")],
            vec!["AWS_ACCESS_KEY_ID holds a character"],
        ),
        (
            PAGE,
            vec![("AWS_SESSION_TOKEN", "hunter2\nx")],
            vec!["AWS_SESSION_TOKEN holds a character"],
        ),
        (
            VERIFY,
            vec![("AWS_CA_BUNDLE", "/nowhere/bundle.pem")],
            vec!["AWS_CA_BUNDLE", "/nowhere/bundle.pem"],
        ),
        (
            VERIFY,
            vec![("SSL_CERT_FILE", "/dev/null")],
            vec!["SSL_CERT_FILE", "/dev/null"],
        ),
        (
            VERIFY,
            vec![("RUST_LOG", "polo=loud=er")],
            vec!["RUST_LOG is \"polo=loud=er\""],
        ),
        (EXCLUDE, vec![("USER", "")], vec!["--author NAME"]),
        (
            EXCLUDE,
            vec![("USER", ""), ("LOGNAME", "a\nb")],
            vec!["LOGNAME is \"a\\nb\"", "--author"],
        ),
        (
            EXCLUDE,
            vec![("USER", "\u{1b}[31mada")],
            vec!["USER is", "--author"],
        ),
        (
            EXCLUDE,
            vec![("USER", &long)],
            vec!["USER is \"xxx", "--author"],
        ),
        (
            TEMPLATE,
            vec![("POLO_HUB_ACCOUNT_ID", "12")],
            vec!["POLO_HUB_ACCOUNT_ID is \"12\""],
        ),
        (
            TEMPLATE,
            vec![("POLO_EXTERNAL_ID", "x")],
            vec!["POLO_EXTERNAL_ID is \"x\""],
        ),
        (
            TEMPLATE,
            vec![("POLO_EXTERNAL_ID", &long)],
            vec!["POLO_EXTERNAL_ID is \"xxx"],
        ),
        (
            TEMPLATE,
            vec![("POLO_READ_ROLE_NAME", "a/b c")],
            vec!["POLO_READ_ROLE_NAME is \"b c\""],
        ),
        (
            TEMPLATE,
            vec![("POLO_READ_ROLE_NAME", &long)],
            vec!["POLO_READ_ROLE_NAME is \"xxx"],
        ),
        (
            TEMPLATE,
            vec![("POLO_ACTION_ROLE_NAME", "a\u{1b}")],
            vec!["POLO_ACTION_ROLE_NAME is"],
        ),
        (
            TEMPLATE,
            vec![("POLO_ENV", "a b")],
            vec!["POLO_ENV is \"a b\""],
        ),
    ];
    let mut database = database
        .with("AWS_EC2_METADATA_DISABLED", "true")
        .with("HOME", "/nonexistent");
    let started = Instant::now();
    for (arguments, variables, expected) in &rows {
        let before = database.environment().to_vec();
        for (name, value) in variables {
            database = database.with(name, value);
        }
        let ended = database.polo(arguments).await;
        database = database.with_environment(before);
        let context = format!("{arguments:?} {:.200}: {ended:?}", format!("{variables:?}"));
        let sentence = ended.stderr.trim_end();
        assert!(
            [1, 2].contains(&ended.code) && ended.stdout.is_empty(),
            "{context}"
        );
        assert!(
            sentence.starts_with("polo: ") && !sentence.contains('\n'),
            "{context}"
        );
        assert!(sentence.chars().count() <= 500, "{context}");
        assert!(
            !sentence.contains(polo_core::text::is_unprintable),
            "{context}"
        );
        assert!(!sentence.contains("hunter2"), "{context}");
        for part in expected {
            assert!(sentence.contains(part), "{part} is missing: {context}");
        }
        for dump in DUMPS {
            assert!(!sentence.contains(dump), "{dump}: {context}");
        }
    }
    println!("{} environments in {:?}", rows.len(), started.elapsed());
    assert_eq!(database.settings().await, [""; 0]);
}
