//! From S3's words to rows. Pure.
//!
//! Invariant: a bucket without a name is no bucket; everything else that AWS leaves out is left out of the row too,
//! and what could not be read is listed as `unreadable`.

use aws_sdk_s3::types::{Bucket, PublicAccessBlockConfiguration, ServerSideEncryptionRule};
use polo_collect::attributes::{self, given};
use polo_collect::{Attributes, SeenResource, Target};
use serde_json::Value;

use crate::details::Details;
use crate::lifecycle;

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
        .unreadable(&details.unread);
    let tags = details
        .tags
        .iter()
        .map(|tag| (Some(tag.key.as_str()), Some(tag.value.as_str())));
    Some(SeenResource {
        resource_type: "s3_bucket",
        resource_id: name.to_owned(),
        // Names are unique in a partition: the ARN holds neither region nor account.
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
        arn: format!("arn:{}:s3:::{name}", target.partition()),
        name: name.to_owned(),
        state: String::new(),
        tags: attributes::tags(tags),
        attributes: attributes.into_value(),
    })
}

/// How new objects are encrypted that do not say it themselves. A bucket key saves calls of KMS, which are billed.
fn encryption(rule: &ServerSideEncryptionRule) -> Value {
    let algorithm = rule
        .apply_server_side_encryption_by_default()
        .map(|by_default| by_default.sse_algorithm().as_str());
    Attributes::default()
        .text("algorithm", algorithm)
        .value("bucket_key_enabled", rule.bucket_key_enabled())
        .into_value()
}

fn public_access_block(flags: &PublicAccessBlockConfiguration) -> Value {
    Attributes::default()
        .value("block_public_acls", flags.block_public_acls())
        .value("block_public_policy", flags.block_public_policy())
        .value("ignore_public_acls", flags.ignore_public_acls())
        .value("restrict_public_buckets", flags.restrict_public_buckets())
        .into_value()
}
