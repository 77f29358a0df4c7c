//! The wrong inputs of the command line, each with what has to be said of it. Invariant: no flag and no argument is left
//! out, because the table is made of the commands themselves.

use clap::{Arg, Command as Clap, CommandFactory as _, Parser as _};

use super::Cli;
use super::refusal::Refusal;
use crate::cli::Command;
use crate::cli::rollout::RolesCommand;
use crate::commands;
use crate::error::CliError;

/// Words of libraries that nobody should read.
const DUMPS: [&str; 8] = [
    "SdkBody",
    "ConnectorError",
    "hyper",
    "invalid type",
    "ParseIntError",
    "InvalidDigit",
    "Some(",
    "Error {",
];

const ACCOUNT: &str = "123456789012";

/// What a command line needs beside the input that is wrong.
const REQUIRED: [(&str, &[&str]); 8] = [
    ("polo accounts exclude", &["--reason=sold", "--author=ada"]),
    ("polo accounts include", &["--reason=back", "--author=ada"]),
    ("polo accounts set", &["--author=ada"]),
    (
        "polo collect",
        &["--account=123456789012", "--collector=config_ec2"],
    ),
    ("polo dispatch", &["--wait"]),
    ("polo roles template", ROLES),
    ("polo roles commands", ROLES),
    ("polo roles terraform", ROLES),
];

const ROLES: &[&str] = &[
    "--account=123456789012",
    "--hub-account=111111111111",
    "--external-id=polo-4f1c2a",
    "--action-role",
    "--oidc-provider=oidc.example.com/id/1",
    "--oidc-subject=system:x",
];

/// Wrong whatever the flag is about; the second is longer than anything may be, the others hold what steers a terminal.
fn hostile() -> [String; 4] {
    [
        String::new(),
        "9x".repeat(2_500),
        "\u{1b}[31mred\nline".to_owned(),
        "\u{202e}evil\u{9b}2J".to_owned(),
    ]
}

/// Inputs among them that mean something: the flag takes any text, or an empty one.
fn is_legal(command: &str, argument: &str, value: &str) -> bool {
    match (command, argument) {
        ("polo accounts set" | "polo accounts activate", "owner" | "role") => value.is_empty(),
        // Filters that match no account.
        ("polo accounts list", "owner") => true,
        ("polo accounts list", "name" | "ou") => !value.is_empty(),
        _ => false,
    }
}

/// The commands with their arguments, by what one types for them.
fn leaves(command: &Clap, path: &str) -> Vec<(String, Clap)> {
    let path = format!("{path}{}", command.get_name());
    let mut found = Vec::new();
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        found.extend(leaves(sub, &format!("{path} ")));
    }
    if found.is_empty() {
        found.push((path, command.clone()));
    }
    found
}

/// The command line that gives this value to this argument, and valid ones to what is required.
fn line(path: &str, command: &Clap, argument: &Arg, value: &str) -> Vec<String> {
    let mut words: Vec<String> = path.split(' ').map(str::to_owned).collect();
    let own_flag = argument.get_long().map(|long| format!("--{long}"));
    let required = REQUIRED.iter().find(|(known, _)| *known == path);
    let others = required.map_or(&[][..], |(_, required)| required).iter();
    let is_other = |word: &&&str| word.split('=').next() != own_flag.as_deref();
    words.extend(others.filter(is_other).map(|word| (*word).to_owned()));
    for positional in command.get_positionals() {
        let is_own = positional.get_id() == argument.get_id();
        words.push(if is_own { value } else { ACCOUNT }.to_owned());
    }
    words.extend(own_flag.map(|flag| format!("{flag}={value}")));
    words
}

/// How a command line is refused; none if it is not. What is checked after parsing is run, as long as it asks nothing.
async fn refusal(words: &[String]) -> Option<String> {
    match Cli::try_parse_from(words) {
        Err(error) => Some(match Refusal::of(&error) {
            Refusal::Value(text) | Refusal::Lines(text) => text,
            Refusal::Plain => error.render().to_string(),
        }),
        Ok(cli) => {
            let asks_nothing = matches!(cli.command, Command::Roles(RolesCommand::Print(_)))
                || words
                    .iter()
                    .any(|word| word.starts_with("--until=") || word.starts_with("--since="));
            if !asks_nothing {
                return None;
            }
            match commands::run(cli).await {
                Err(error @ CliError::Usage(_)) => Some(error.sentence()),
                Err(error) => panic!("{words:?}: {}", error.sentence()),
                Ok(_) => None,
            }
        }
    }
}

fn assert_clear(words: &[String], name: &str, value: &str, text: &str) {
    let context = format!("{words:?}\n{text}");
    assert!(text.contains(name), "{name} is not named: {context}");
    let shown: String = value
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric())
        .take(20)
        .collect();
    let says_empty = ["empty", "\"\"", "none was supplied", "required"];
    if value.is_empty() {
        assert!(
            says_empty.iter().any(|word| text.contains(word)),
            "{context}"
        );
    } else {
        assert!(text.contains(&shown), "the value is not shown: {context}");
    }
    assert!(text.chars().count() <= 500, "{context}");
    assert!(text.trim_end().lines().count() <= 8, "{context}");
    assert!(
        !text
            .replace('\n', "")
            .contains(polo_core::text::is_unprintable),
        "{context}"
    );
    for dump in DUMPS {
        assert!(!text.contains(dump), "{dump}: {context}");
    }
}

#[tokio::test]
async fn hostile_values_of_every_flag_are_refused_clearly() {
    let mut tried = 0;
    for (path, command) in leaves(&Cli::command(), "") {
        let values = |argument: &&Arg| argument.get_action().takes_values();
        for argument in command.get_arguments().filter(values) {
            for value in hostile() {
                let words = line(&path, &command, argument, &value);
                let name = match argument.get_long() {
                    Some(long) => format!("--{long}"),
                    None => argument.get_id().as_str().to_uppercase(),
                };
                let refused = refusal(&words).await;
                if is_legal(&path, argument.get_id().as_str(), &value) {
                    assert_eq!(refused, None, "{words:?}");
                    continue;
                }
                let text = refused.unwrap_or_else(|| panic!("taken silently: {words:?}"));
                assert_clear(&words, &name, &value, &text);
                tried += 1;
            }
        }
    }
    assert!(tried > 150, "{tried}");
}

/// Wrong in a way of their own: the command line behind `polo`, the name to be named, and the value.
const WRONG: &[(&[&str], &str, &str)] = &[
    (
        &["accounts", "show", "12345678901"],
        "ACCOUNT",
        "12345678901",
    ),
    (&["accounts", "show", "1234-5678-9012"], "ACCOUNT", "1234"),
    (
        &["accounts", "show", "１２３４５６７８９０１２"],
        "ACCOUNT",
        "",
    ),
    (
        &["accounts", "list", "--status", "aktive"],
        "--status",
        "aktive",
    ),
    (
        &["accounts", "list", "--reason", "no_reason"],
        "--reason",
        "no",
    ),
    (
        &["accounts", "exclude", ACCOUNT, "--reason", " "],
        "--reason",
        "",
    ),
    (
        &[
            "accounts",
            "exclude",
            ACCOUNT,
            "--reason",
            "x",
            "--until=tomorrow",
        ],
        "--until",
        "tomorrow",
    ),
    (
        &[
            "accounts",
            "exclude",
            ACCOUNT,
            "--reason",
            "x",
            "--until=2020-01-01",
        ],
        "--until",
        "2020",
    ),
    (
        &[
            "accounts",
            "exclude",
            ACCOUNT,
            "--reason",
            "x",
            "--until=7m",
        ],
        "--until",
        "7m",
    ),
    (
        &[
            "accounts",
            "exclude",
            ACCOUNT,
            "--reason",
            "x",
            "--until=-7d",
        ],
        "--until",
        "",
    ),
    (
        &[
            "accounts",
            "exclude",
            ACCOUNT,
            "--reason",
            "x",
            "--until=2027-02-30",
        ],
        "--until",
        "2027",
    ),
    (
        &[
            "accounts",
            "exclude",
            ACCOUNT,
            "--reason",
            "x",
            "--until=99999999999999999999d",
        ],
        "--until",
        "9999",
    ),
    (&["accounts", "exclude", ACCOUNT], "--reason", ""),
    (&["accounts", "exclude"], "--reason", ""),
    (
        &["accounts", "set", ACCOUNT, "--read-role-arn", "reader"],
        "--read-role-arn",
        "reader",
    ),
    (
        &[
            "accounts",
            "set",
            ACCOUNT,
            "--read-role-arn",
            "arn:aws-foo:iam::123456789012:role/reader",
        ],
        "--read-role-arn",
        "arn",
    ),
    (
        &[
            "accounts",
            "set",
            ACCOUNT,
            "--read-role-arn",
            "arn:aws:iam::123456789012:role/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ],
        "--read-role-arn",
        "arn",
    ),
    (
        &[
            "accounts",
            "set",
            ACCOUNT,
            "--action-role-arn",
            "arn:aws:iam::123456789012:user/ada",
        ],
        "--action-role-arn",
        "arn",
    ),
    (&["accounts", "set", ACCOUNT, "--ownr", "x"], "--ownr", ""),
    (&["accounts", "lst"], "lst", ""),
    (&["accounts"], "accounts", ""),
    (&["acounts"], "acounts", ""),
    (&["runs", "--limit", "0"], "--limit", "0"),
    (&["runs", "--limit", "-1"], "--limit", ""),
    (&["runs", "--limit", "1e3"], "--limit", "1e3"),
    (
        &["runs", "--limit", "99999999999"],
        "--limit",
        "99999999999",
    ),
    (&["runs", "--limt", "5"], "--limt", ""),
    (&["runs", "--outcome", "good"], "--outcome", "good"),
    (&["runs", "--collector", "ec2"], "--collector", "ec2"),
    (&["runs", "--since=yesterday"], "--since", "yesterday"),
    (
        &["discover", "--accept-removals", "all"],
        "--accept-removals",
        "all",
    ),
    (
        &["discover", "--accept-removals", "-1"],
        "--accept-removals",
        "",
    ),
    (
        &["discover", "--accept-removals", "1", "--account", ACCOUNT],
        "--accept-removals",
        "",
    ),
    (&["discover", "now"], "now", ""),
    (&["verify", "--account"], "--account", ""),
    (
        &["verify", "--account", ACCOUNT, "--account", ACCOUNT],
        "--account",
        "",
    ),
    (&["dispatch", "--collector", "ec2"], "--collector", "ec2"),
    (&["dispatch", "--wait-seconds", "5"], "--wait", ""),
    (
        &["dispatch", "--wait", "--wait-seconds", "-5"],
        "--wait-seconds",
        "",
    ),
    (
        &["dispatch", "--wait", "--wait-seconds", "5m"],
        "--wait-seconds",
        "5m",
    ),
    (&["collect"], "--account", ""),
    (&["collect", "--account", ACCOUNT], "--collector", ""),
    (
        &[
            "collect",
            "--account",
            ACCOUNT,
            "--collector",
            "config_ec2",
            "--region",
            "Ohio",
        ],
        "--region",
        "Ohio",
    ),
    (
        &[
            "collect",
            "--account",
            ACCOUNT,
            "--collector",
            "config_ec2",
            "--region",
            "mars-1",
        ],
        "--region",
        "mars",
    ),
    (
        &[
            "collect",
            "--account",
            ACCOUNT,
            "--collector",
            "config_ec2",
            "--region",
            "us-east-1,eu-west-1",
        ],
        "--region",
        "us",
    ),
    (&["migrate", "--cluster", "a`b"], "--cluster", "a"),
    (
        &["migrate", "--propagation-grace-seconds", "5m"],
        "--propagation-grace-seconds",
        "5m",
    ),
    (
        &["migrate", "--propagation-grace-seconds", "-1"],
        "--propagation-grace-seconds",
        "",
    ),
    (
        &["migrate", "--denial-confirmation-seconds", "1.5"],
        "--denial-confirmation-seconds",
        "1",
    ),
    (
        &["migrate", "--run-retention-days", "59"],
        "--run-retention-days",
        "59",
    ),
    (
        &["migrate", "--history-retention-days", "1 year"],
        "--history-retention-days",
        "1",
    ),
    (
        &["migrate", "--gone-retention-days", "3651"],
        "--gone-retention-days",
        "3651",
    ),
    (
        &["migrate", "--gone-retention-days", "-90"],
        "--gone-retention-days",
        "",
    ),
    (
        &["migrate", "--adopted-history", "drop"],
        "--adopted-history",
        "drop",
    ),
    (&["migrate", "--wait-seconds", "-1"], "--wait-seconds", ""),
    (&["page", "--port", "0"], "--port", "0"),
    (&["page", "--port", "70000"], "--port", "70000"),
    (&["page", "--port", "-1"], "--port", ""),
    (&["page", "--url", "http://example.com/"], "--url", "http"),
    (&["page", "--url", "https://a.on.aws/?x"], "--url", "https"),
    (
        &["page", "--url", "https://user:hunter2@a.on.aws/"],
        "--url",
        "",
    ),
    (&["roles"], "roles", ""),
    (
        &["roles", "terraform", "--account", "1234"],
        "--account",
        "1234",
    ),
    (&["roles", "commands"], "--account", ""),
    (
        &["roles", "commands", "--partition", "azure"],
        "--partition",
        "azure",
    ),
    (
        &["roles", "template", "--hub-account", "12"],
        "--hub-account",
        "12",
    ),
    (
        &["roles", "template", "--external-id", "x"],
        "--external-id",
        "x",
    ),
    (
        &["roles", "template", "--organization-id", "r-1"],
        "--organization-id",
        "r",
    ),
    (
        &["roles", "template", "--role-path", "platform"],
        "--role-path",
        "platform",
    ),
    (
        &["roles", "template", "--role-prefix", "a/"],
        "--role-prefix",
        "a",
    ),
    (
        &["roles", "template", "--deletable-bucket", "arn:a,arn:b"],
        "--deletable-bucket",
        "arn",
    ),
    (
        &["roles", "template", "--action-role-name", "actor"],
        "--action-role",
        "",
    ),
    (
        &["roles", "template", "--oidc-provider", "x.example.com"],
        "--oidc-subject",
        "",
    ),
    (
        &["roles", "deploy", "--account", "12345678901"],
        "--account",
        "12345678901",
    ),
    (&["completions", "tcsh"], "tcsh", ""),
    (&["completions"], "SHELL", ""),
    (&["--jsn"], "--jsn", ""),
];

#[tokio::test]
async fn wrong_values_are_refused_by_flag_and_value() {
    for (arguments, name, value) in WRONG {
        let words: Vec<String> = [&["polo"], *arguments]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let text = refusal(&words).await;
        let text = text.unwrap_or_else(|| panic!("taken silently: {words:?}"));
        assert!(!text.contains("hunter2"), "{words:?}: {text}");
        if value.is_empty() {
            assert!(
                text.to_uppercase().contains(&name.to_uppercase()),
                "{words:?}: {text}"
            );
            assert!(text.chars().count() <= 500, "{words:?}: {text}");
        } else {
            assert_clear(&words, name, value, &text);
        }
    }
}

#[test]
fn misspelt_flags_have_a_tip() {
    for (arguments, tip) in [
        (vec!["polo", "runs", "--limt", "5"], "'--limit'"),
        (vec!["polo", "acounts"], "'accounts'"),
    ] {
        let error = Cli::try_parse_from(arguments).unwrap_err();
        assert!(error.render().to_string().contains(tip), "{error}");
    }
}
