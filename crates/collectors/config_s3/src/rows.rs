//! From S3's words to rows. Pure.
//!
//! Invariant: a bucket without a name is no bucket; everything else that AWS leaves out is left out of the row too,
//! and what could not be read is listed as `unreadable`.

use aws_sdk_s3::types::{Bucket, PublicAccessBlockConfiguration, ServerSideEncryptionRule};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use polo_runtime::{SeenResource, Target};
use serde_json::{Map, Value, json};

use crate::details::Details;
use crate::lifecycle;

/// What the SDK puts where AWS leaves out an element that it always gives.
const SDK_FILLER: &str = "no value was set";

/// A bucket: where it is, how it keeps versions, and what becomes of its objects.
pub(crate) fn bucket(target: &Target, bucket: &Bucket, details: &Details) -> Option<SeenResource> {
    let name = given(bucket.name())?;
    let attributes = Attributes::default()
        .text("region", details.region.as_deref())
        .time("created_at", bucket.creation_date())
        .text(
            "versioning",
            details.versioning.as_ref().map(|status| status.as_str()),
        )
        .text(
            "mfa_delete",
            details.mfa_delete.as_ref().map(|status| status.as_str()),
        )
        .value(
            "lifecycle",
            details.lifecycle.as_deref().map(lifecycle::summary),
        )
        .value("encryption", details.encryption.as_ref().map(encryption))
        .value(
            "public_access_block",
            details
                .public_access_block
                .as_ref()
                .map(public_access_block),
        )
        .value(
            "unreadable",
            (!details.unread.is_empty()).then(|| json!(details.unread)),
        );
    let mut tags: Vec<(String, String)> = details
        .tags
        .iter()
        .filter(|tag| !tag.key.is_empty())
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect();
    tags.sort();
    Some(SeenResource {
        resource_type: "s3_bucket",
        resource_id: name.to_owned(),
        // Names are unique in a partition: the ARN holds neither region nor account.
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
        arn: format!("arn:{}:s3:::{name}", target.partition()),
        name: name.to_owned(),
        state: String::new(),
        tags,
        attributes: attributes.object(),
    })
}

/// How new objects are encrypted that do not say it themselves. A bucket key saves calls of KMS, which are billed.
fn encryption(rule: &ServerSideEncryptionRule) -> Value {
    let algorithm = rule
        .apply_server_side_encryption_by_default()
        .map(|by_default| by_default.sse_algorithm().as_str())
        .filter(|algorithm| *algorithm != SDK_FILLER);
    Attributes::default()
        .text("algorithm", algorithm)
        .flag("bucket_key_enabled", rule.bucket_key_enabled())
        .object()
}

fn public_access_block(flags: &PublicAccessBlockConfiguration) -> Value {
    Attributes::default()
        .flag("block_public_acls", flags.block_public_acls())
        .flag("block_public_policy", flags.block_public_policy())
        .flag("ignore_public_acls", flags.ignore_public_acls())
        .flag("restrict_public_buckets", flags.restrict_public_buckets())
        .object()
}

/// What AWS really gave: an empty element says no more than an absent one.
pub(crate) fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Attributes that AWS gave.
#[derive(Default)]
struct Attributes(Map<String, Value>);

impl Attributes {
    fn value(mut self, name: &str, value: Option<Value>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    fn text(self, name: &str, text: Option<&str>) -> Self {
        self.value(name, given(text).map(Value::from))
    }

    fn flag(self, name: &str, flag: Option<bool>) -> Self {
        self.value(name, flag.map(Value::from))
    }

    fn time(self, name: &str, time: Option<&DateTime>) -> Self {
        let text = time.and_then(|time| time.fmt(Format::DateTime).ok());
        self.value(name, text.map(Value::from))
    }

    fn object(self) -> Value {
        Value::Object(self.0)
    }
}
