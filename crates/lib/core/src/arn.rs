//! Role ARNs, built from partition, account and name, so that no partition is ever written down.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::AccountId;

/// An AWS partition: `aws`, `aws-cn`, `aws-us-gov`, and whichever follow.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partition(String);

/// How AWS begins the names of regions, and the partition of each; a longer prefix before a shorter one.
///
/// Source: `partitions.json` of the AWS SDKs, and
/// <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>
const PARTITION_OF_PREFIX: [(&str, &str); 16] = [
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-de-", "aws-eusc"),
    ("cn-", "aws-cn"),
    ("us-", "aws"),
    ("eu-", "aws"),
    ("ap-", "aws"),
    ("sa-", "aws"),
    ("ca-", "aws"),
    ("me-", "aws"),
    ("af-", "aws"),
    ("il-", "aws"),
    ("mx-", "aws"),
];

impl Partition {
    /// The partition that an ARN names, if it is an ARN at all and AWS has that partition.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(3, ':');
        let (Some("arn"), Some(partition)) = (parts.next(), parts.next()) else {
            return None;
        };
        PARTITION_OF_PREFIX
            .iter()
            .any(|(_, name)| *name == partition)
            .then(|| Self(partition.to_owned()))
    }

    /// The partition in which a region lies, by the prefix that AWS gives its regions.
    pub fn of_region(region: &str) -> Self {
        Self(
            split_region(region)
                .map_or("aws", |(name, _)| name)
                .to_owned(),
        )
    }

    /// The partition's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A region's partition, and what follows the prefix that the partition's regions share.
pub(crate) fn split_region(region: &str) -> Option<(&'static str, &str)> {
    PARTITION_OF_PREFIX
        .iter()
        .find_map(|(prefix, name)| Some((*name, region.strip_prefix(prefix)?)))
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ARN of an IAM role: `arn:<partition>:iam::<account>:role/<path and name>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleArn {
    partition: Partition,
    account_id: AccountId,
    path_and_name: String,
}

/// The text is not the ARN of an IAM role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "role ARN {} {problem}: give it as arn:<partition>:iam::<12-digit account id>:role/<name>",
    crate::text::quoted(.text)
)]
pub struct InvalidRoleArn {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl RoleArn {
    /// The ARN of a role by its name, with its path if it has one (`team/reader`).
    pub fn new(partition: Partition, account_id: AccountId, path_and_name: &str) -> Self {
        Self {
            partition,
            account_id,
            path_and_name: path_and_name.trim_start_matches('/').to_owned(),
        }
    }

    /// The account in which the role lives.
    pub fn account_id(&self) -> &AccountId {
        &self.account_id
    }

    /// The partition of the account.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// The role's name without its path.
    pub fn name(&self) -> &str {
        self.path_and_name
            .rsplit('/')
            .next()
            .unwrap_or(&self.path_and_name)
    }
}

impl FromStr for RoleArn {
    type Err = InvalidRoleArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |problem| InvalidRoleArn {
            text: text.to_owned(),
            problem,
        };
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [_, _, service, region, account, resource] = parts[..] else {
            return Err(invalid("is not an ARN of six parts"));
        };
        let partition =
            Partition::of_arn(text).ok_or_else(|| invalid("names no partition of AWS"))?;
        if service != "iam" || !region.is_empty() {
            return Err(invalid("is not an IAM ARN"));
        }
        let account_id = account
            .parse()
            .map_err(|_| invalid("holds no 12-digit account id"))?;
        let path_and_name = resource
            .strip_prefix("role/")
            .ok_or_else(|| invalid("does not name a role"))?;
        let legal = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c);
        if path_and_name.is_empty()
            || path_and_name.ends_with('/')
            || !path_and_name.chars().all(legal)
            || path_and_name
                .rsplit('/')
                .next()
                .is_none_or(|name| name.len() > 64)
        {
            return Err(invalid(
                "has a role name that IAM does not allow (1 to 64 letters, digits and _+=,.@-)",
            ));
        }
        Ok(Self::new(partition, account_id, path_and_name))
    }
}

impl TryFrom<String> for RoleArn {
    type Error = InvalidRoleArn;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RoleArn> for String {
    fn from(arn: RoleArn) -> Self {
        arn.to_string()
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "arn:{}:iam::{}:role/{}",
            self.partition, self.account_id, self.path_and_name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_every_partition_and_path_survive_a_round_trip() {
        for text in [
            "arn:aws:iam::123456789012:role/dev-PoloReadRole",
            "arn:aws-cn:iam::012345678901:role/PoloReadRole",
            "arn:aws-us-gov:iam::123456789012:role/team/finops/reader",
        ] {
            let arn: RoleArn = text.parse().unwrap();
            assert_eq!(arn.to_string(), text);
        }
        let arn: RoleArn = "arn:aws:iam::123456789012:role/team/finops/reader"
            .parse()
            .unwrap();
        assert_eq!(arn.name(), "reader");
    }

    #[test]
    fn malformed_arns_are_refused_with_the_text_and_the_form() {
        for text in [
            "",
            "reader",
            "arn:aws:iam::12345678901:role/reader",
            "arn:aws:iam::123456789012:user/reader",
            "arn:aws:s3:::bucket",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a b",
            "arn:gcp:iam::123456789012:role/reader",
            "arn:aws-foo:iam::123456789012:role/reader",
            "arn:aws:iam::123456789012:role/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            let error = text.parse::<RoleArn>().unwrap_err().to_string();
            assert!(
                error.contains(&format!("{text:?}")) && error.contains("arn:<partition>:iam::"),
                "{error}"
            );
        }
    }

    #[test]
    fn partitions_follow_the_region() {
        assert_eq!(Partition::of_region("eu-central-1").as_str(), "aws");
        assert_eq!(Partition::of_region("cn-northwest-1").as_str(), "aws-cn");
        assert_eq!(Partition::of_region("us-gov-west-1").as_str(), "aws-us-gov");
        assert_eq!(
            Partition::of_region("us-isof-south-1").as_str(),
            "aws-iso-f"
        );
        assert_eq!(Partition::of_region("eusc-de-east-1").as_str(), "aws-eusc");
    }
}
