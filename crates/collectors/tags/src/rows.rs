//! From the tagging API's words to rows. Pure.
//!
//! Invariant: a resource without an ARN is no resource, and a tag without a key is no tag; a resource without tags is
//! one that had some before.

use aws_sdk_resourcegroupstagging::types::ResourceTagMapping;
use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_collect::{Target, attributes};
use polo_core::Version;
use polo_store::TableRow;
use serde::Serialize;
use uuid::Uuid;

/// A row of `tags_resources`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub struct TagsRow {
    account_id: String,
    region: String,
    arn: String,
    resource_type: String,
    tags: Vec<(String, String)>,
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    collected_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for TagsRow {
    const TABLE: &'static str = "tags_resources";

    fn bytes(&self) -> usize {
        let tags = self.tags.iter();
        let tags: usize = tags.map(|(key, value)| key.len() + value.len()).sum();
        size_of_val(self) + self.arn.len() + tags
    }
}

/// A resource and its tags.
pub fn resource(target: &Target, mapping: &ResourceTagMapping) -> Option<TagsRow> {
    let arn = mapping.resource_arn().filter(|arn| !arn.is_empty())?;
    let tags = mapping.tags().iter();
    let tags = attributes::tags(tags.map(|tag| (Some(tag.key()), Some(tag.value()))));
    let look = target.look();
    Some(TagsRow {
        account_id: target.account_id().to_string(),
        region: target.region().to_owned(),
        arn: arn.to_owned(),
        resource_type: resource_type(arn),
        tags,
        run_id: target.origin().run_id,
        collected_at: look.started_at(),
        _version: look.version,
    })
}

/// The type that an ARN names, as `ec2:instance`; the service alone where it names none, as `s3` of a bucket or `sns` of
/// a topic; nothing where the text is no ARN.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
pub fn resource_type(arn: &str) -> String {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _partition, service, _region, _account, resource] = parts[..] else {
        return String::new();
    };
    // API Gateway writes /restapis/<id>.
    let resource = resource.trim_start_matches('/');
    match resource.split_once(['/', ':']) {
        Some((kind, _)) => format!("{service}:{kind}"),
        None => service.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_what_the_arn_says_and_no_more() {
        for (arn, expected) in [
            (
                "arn:aws:ec2:us-east-1:123456789012:instance/i-1234567890abcdef0",
                "ec2:instance",
            ),
            (
                "arn:aws-cn:ec2:cn-north-1::snapshot/snap-1234567890abcdef0",
                "ec2:snapshot",
            ),
            (
                "arn:aws:lambda:us-east-1:123456789012:function:resize:1",
                "lambda:function",
            ),
            (
                "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/resize",
                "logs:log-group",
            ),
            (
                "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188",
                "elasticloadbalancing:loadbalancer",
            ),
            (
                "arn:aws:apigateway:us-east-1::/restapis/a1b2c3/stages/prod",
                "apigateway:restapis",
            ),
            ("arn:aws:iam::123456789012:policy/team/read", "iam:policy"),
            ("arn:aws:s3:::example-bucket", "s3"),
            ("arn:aws:sns:us-east-1:123456789012:alarms", "sns"),
            ("arn:aws:sqs:us-east-1:123456789012:jobs", "sqs"),
            ("arn:aws:ec2:us-east-1:123456789012", ""),
            ("not an arn", ""),
            ("", ""),
        ] {
            assert_eq!(resource_type(arn), expected, "{arn}");
        }
    }
}
