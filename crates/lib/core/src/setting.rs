//! What a setting must look like, whoever gives it: environment variable, command-line flag or decision.
//!
//! Invariant: the one place of these rules in Rust. The CDK app has the same ones; `tests/fixtures/setting-values.json`
//! is checked against both.

use crate::arn::split_region;
use crate::text::is_unprintable;

/// A kind of setting, with the rule that its values follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The environment's name, which prefixes functions and roles.
    EnvironmentName,
    /// The name of an IAM role, with its path if it has one (`team/reader`).
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
    RoleName,
    /// The external id that a role's trust policy asks for.
    ///
    /// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
    ExternalId,
    /// A region's name, in one of AWS's partitions.
    Region,
    /// An organization's id.
    OrganizationId,
    /// The id of an OU or of a root.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html>
    OuId,
    /// The name of a StackSet.
    ///
    /// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html>
    StackSetName,
    /// The name of an EventBridge bus.
    ///
    /// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html>
    EventBusName,
    /// A ClickHouse database.
    Database,
    /// A ClickHouse user.
    DatabaseUser,
    /// A secret's name or ARN in Secrets Manager.
    ///
    /// Source: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
    SecretId,
    /// How many days history is kept. Views look back 35 days, so a shorter time would change their answers.
    RetentionDays,
    /// Why an operator decided something.
    Reason,
    /// Who answers for an account, what it is for, or who decided.
    Name,
}

impl Setting {
    /// Checks a value.
    ///
    /// # Errors
    /// The rule, as a clause that says what to write.
    pub fn check(self, value: &str) -> Result<(), &'static str> {
        if self.accepts(value) {
            Ok(())
        } else {
            Err(self.rule())
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::EnvironmentName => {
                "write 1 to 20 lower-case letters, digits and inner hyphens, starting with a letter"
            }
            Self::RoleName => {
                "write the name of an IAM role (1 to 64 letters, digits and _+=,.@-), with its path if it has one, not an ARN"
            }
            Self::ExternalId => "write 2 to 1224 letters, digits and _+=,.@:/-",
            Self::Region => "write the name of an AWS region, such as eu-west-1",
            Self::OrganizationId => "write an organization id, such as o-a1b2c3d4e5",
            Self::OuId => {
                "write the id of an OU, such as ou-ab12-cdefgh34, or of a root, such as r-ab12"
            }
            Self::StackSetName => {
                "write the name of a StackSet: 1 to 128 letters, digits and hyphens, starting with a letter"
            }
            Self::EventBusName => {
                "write the name of an event bus: 1 to 256 letters, digits and _.-"
            }
            Self::Database => {
                "write a database name of 1 to 128 letters, digits and underscores, not starting with a digit"
            }
            Self::DatabaseUser => "write a user name of 1 to 128 characters without spaces",
            Self::SecretId => {
                "write the name or ARN of a secret in Secrets Manager: 1 to 2048 letters, digits and /_+=.@:-"
            }
            Self::RetentionDays => "write a whole number of days from 60 to 3650",
            Self::Reason => "write 1 to 500 characters, without control characters or line breaks",
            Self::Name => "write 1 to 128 characters, without control characters or line breaks",
        }
    }

    fn accepts(self, value: &str) -> bool {
        match self {
            Self::EnvironmentName => {
                value.len() <= 20
                    && value.starts_with(|c: char| c.is_ascii_lowercase())
                    && !value.ends_with('-')
                    && value.bytes().all(is_lower_or_digit_or_hyphen)
            }
            Self::RoleName => {
                let (path, name) = value
                    .rsplit_once('/')
                    .map_or(("", value), |(path, name)| (path, name));
                let legal = |part: &str| !part.is_empty() && part.bytes().all(is_role_character);
                legal(name)
                    && name.len() <= 64
                    && path.len() <= 510
                    && (path.is_empty() && !value.starts_with('/') || path.split('/').all(legal))
            }
            Self::ExternalId => {
                (2..=1224).contains(&value.len())
                    && value
                        .bytes()
                        .all(|b| is_role_character(b) || b == b':' || b == b'/')
            }
            Self::Region => is_region(value),
            Self::OrganizationId => value.strip_prefix("o-").is_some_and(|rest| {
                (10..=32).contains(&rest.len()) && rest.bytes().all(is_lower_or_digit)
            }),
            Self::OuId => is_ou(value),
            Self::StackSetName => {
                value.len() <= 128
                    && value.starts_with(|c: char| c.is_ascii_alphabetic())
                    && value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            }
            Self::EventBusName => {
                (1..=256).contains(&value.len())
                    && value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
            }
            Self::Database => {
                (1..=128).contains(&value.len())
                    && !value.starts_with(|c: char| c.is_ascii_digit())
                    && value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'_')
            }
            Self::DatabaseUser => {
                (1..=128).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic())
            }
            Self::SecretId => {
                (1..=2048).contains(&value.len())
                    && !value.contains("://")
                    && value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"/_+=.@:-".contains(&b))
            }
            Self::RetentionDays => {
                (2..=4).contains(&value.len())
                    && value.bytes().all(|b| b.is_ascii_digit())
                    && value
                        .parse()
                        .is_ok_and(|days: u32| (60..=3650).contains(&days))
            }
            Self::Reason => is_line(value, 500),
            Self::Name => is_line(value, 128),
        }
    }
}

/// `eu-west-1`: the prefix of a partition, one word and a number, as the AWS SDKs recognize regions younger than they are.
fn is_region(value: &str) -> bool {
    let rest = split_region(value).and_then(|(_, rest)| rest.rsplit_once('-'));
    rest.is_some_and(|(word, number)| {
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_lowercase())
            && (1..=2).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

fn is_ou(value: &str) -> bool {
    let legal = |part: &str, shortest: usize| {
        (shortest..=32).contains(&part.len()) && part.bytes().all(is_lower_or_digit)
    };
    if let Some(root) = value.strip_prefix("r-") {
        return legal(root, 4);
    }
    let parts = value
        .strip_prefix("ou-")
        .and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(root, ou)| legal(root, 4) && legal(ou, 8))
}

fn is_line(value: &str, characters: usize) -> bool {
    !value.trim().is_empty()
        && value.chars().nth(characters).is_none()
        && !value.contains(is_unprintable)
}

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_lower_or_digit_or_hyphen(byte: u8) -> bool {
    is_lower_or_digit(byte) || byte == b'-'
}

fn is_role_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_shared_fixture_are_told_apart() {
        let cases: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../tests/fixtures/setting-values.json")).unwrap();
        assert!(cases.len() > 60);
        for case in cases {
            let kind = match case["setting"].as_str().unwrap() {
                "env" => Setting::EnvironmentName,
                "readRole" => Setting::RoleName,
                "externalId" => Setting::ExternalId,
                "region" => Setting::Region,
                "organizationId" => Setting::OrganizationId,
                "ou" => Setting::OuId,
                "stackSetName" => Setting::StackSetName,
                "clickhouseDatabase" => Setting::Database,
                "clickhouseUser" => Setting::DatabaseUser,
                "retentionDays" => Setting::RetentionDays,
                other => panic!("{other}"),
            };
            let value = case["value"].as_str().unwrap();
            let valid = case["valid"].as_bool().unwrap();
            assert_eq!(kind.check(value).is_ok(), valid, "{case}");
        }
    }

    #[test]
    fn texts_of_people_are_bounded_lines() {
        for (kind, characters) in [(Setting::Reason, 500), (Setting::Name, 128)] {
            assert!(kind.check(&"ü".repeat(characters)).is_ok());
            assert!(kind.check(&"ü".repeat(characters + 1)).is_err());
            for wrong in ["", "  ", "a\nb", "\u{1b}[31mred", "\u{202e}evil"] {
                assert!(kind.check(wrong).is_err(), "{wrong:?}");
            }
        }
    }
}
