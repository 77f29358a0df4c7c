//! The listing of buckets, a page in memory at a time, and the calls about each bucket.
//!
//! Invariant: a bucket's calls follow one another, so what is under way at once is what [`BUCKETS_AT_ONCE`] says.

use aws_sdk_s3::config::Config;
use aws_sdk_s3::types::Bucket;
use futures::StreamExt;
use polo_collect::attributes::given;
use polo_collect::{CollectError, Sink, Target};

use crate::clients::Clients;
use crate::details::{Details, Ended};
use crate::rows;

const LIST: &str = "s3:ListAllMyBuckets";
const LOCATION: &str = "s3:GetBucketLocation";
const TAGGING: &str = "s3:GetBucketTagging";
const VERSIONING: &str = "s3:GetBucketVersioning";
const LIFECYCLE: &str = "s3:GetLifecycleConfiguration";
const ENCRYPTION: &str = "s3:GetEncryptionConfiguration";
const PUBLIC_ACCESS: &str = "s3:GetBucketPublicAccessBlock";

/// Of at most 10,000. A page that is asked for by size carries each bucket's region.
const PAGE: i32 = 1_000;

/// 10,000 buckets, an account's quota, at five calls of 100 ms each, are read in little more than five minutes; and
/// what is under way at once stays far below the rate at which S3 slows callers down.
const BUCKETS_AT_ONCE: usize = 16;

/// 10,000 a page at most. <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
pub(crate) async fn buckets(
    clients: &Clients,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    let call = |token| {
        let call = clients.home().list_buckets().max_buckets(PAGE);
        call.set_continuation_token(token).send()
    };
    let mut pages = target.pages(LIST, call, |page| page.continuation_token());
    while let Some(page) = pages.next().await? {
        let listed = page.buckets.unwrap_or_default();
        let mut reads = futures::stream::iter(listed)
            .map(|bucket| read(clients, bucket))
            .buffer_unordered(BUCKETS_AT_ONCE);
        while let Some(read) = reads.next().await {
            let (bucket, details) = match read {
                Ok(read) => read,
                Err(Ended::Gone) => continue,
                Err(Ended::Failed(failure)) => return Err(failure.into()),
            };
            sink.resources(rows::bucket(target, &bucket, &details))
                .await?;
            for failure in details.failures {
                sink.missing_detail(failure);
            }
        }
    }
    Ok(())
}

/// Everything about one bucket, asked where the bucket is.
async fn read(clients: &Clients, bucket: Bucket) -> Result<(Bucket, Details), Ended> {
    let mut details = Details::default();
    let Some(name) = given(bucket.name()) else {
        return Ok((bucket, details));
    };
    details.region = match given(bucket.bucket_region()) {
        Some(region) => Some(region.to_owned()),
        None => location(clients, name, &mut details).await?,
    };
    let Some(region) = details.region.clone() else {
        // Nobody knows where to ask.
        details
            .unread
            .extend([TAGGING, VERSIONING, LIFECYCLE, ENCRYPTION, PUBLIC_ACCESS]);
        return Ok((bucket, details));
    };
    let s3 = clients.of(&region);

    let answer = s3.get_bucket_tagging().bucket(name).send().await;
    details.tags = details
        .take(TAGGING, Some("NoSuchTagSet"), answer)?
        .map(|answer| answer.tag_set)
        .unwrap_or_default();

    let answer = s3.get_bucket_versioning().bucket(name).send().await;
    if let Some(answer) = details.take(VERSIONING, None, answer)? {
        details.versioning = answer.status;
        details.mfa_delete = answer.mfa_delete;
    }

    let answer = s3.get_bucket_lifecycle_configuration().bucket(name);
    let answer = answer.send().await;
    details.lifecycle = details
        .take(LIFECYCLE, Some("NoSuchLifecycleConfiguration"), answer)?
        .and_then(|answer| answer.rules);

    let answer = s3.get_bucket_encryption().bucket(name).send().await;
    let nothing = "ServerSideEncryptionConfigurationNotFoundError";
    details.encryption = details
        .take(ENCRYPTION, Some(nothing), answer)?
        .and_then(|answer| answer.server_side_encryption_configuration)
        .and_then(|configuration| configuration.rules.into_iter().next());

    let answer = s3.get_public_access_block().bucket(name).send().await;
    let nothing = "NoSuchPublicAccessBlockConfiguration";
    details.public_access_block = details
        .take(PUBLIC_ACCESS, Some(nothing), answer)?
        .and_then(|answer| answer.public_access_block_configuration);

    Ok((bucket, details))
}

/// The region of a bucket that the listing leaves out. This call may be made in any region, with the bucket in the
/// path: in the host's name it would lead to the bucket's region, for which the request is not signed.
///
/// Nothing stands for us-east-1 and `EU` for eu-west-1.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>
async fn location(
    clients: &Clients,
    name: &str,
    details: &mut Details,
) -> Result<Option<String>, Ended> {
    let answer = clients
        .home()
        .get_bucket_location()
        .bucket(name)
        .customize()
        .config_override(Config::builder().force_path_style(true))
        .send()
        .await;
    let Some(answer) = details.take(LOCATION, None, answer)? else {
        return Ok(None);
    };
    let constraint = answer
        .location_constraint
        .as_ref()
        .map(|constraint| constraint.as_str());
    Ok(Some(
        match given(constraint) {
            None => "us-east-1",
            Some("EU") => "eu-west-1",
            Some(region) => region,
        }
        .to_owned(),
    ))
}
