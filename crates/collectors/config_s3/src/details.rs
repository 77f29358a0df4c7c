//! What the calls about one bucket have answered.
//!
//! Invariant: that AWS has nothing and that it could not be asked are two things; what could not be asked is in
//! `unread`, with the failure that says why.

use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{
    BucketVersioningStatus, LifecycleRule, MfaDeleteStatus, PublicAccessBlockConfiguration,
    ServerSideEncryptionRule, Tag,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use polo_aws::{AwsFailure, classify};

/// The details of a bucket; none where it has none, and where it could not be read.
#[derive(Debug, Default)]
pub(crate) struct Details {
    pub(crate) region: Option<String>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) versioning: Option<BucketVersioningStatus>,
    pub(crate) mfa_delete: Option<MfaDeleteStatus>,
    pub(crate) lifecycle: Option<Vec<LifecycleRule>>,
    pub(crate) encryption: Option<ServerSideEncryptionRule>,
    pub(crate) public_access_block: Option<PublicAccessBlockConfiguration>,
    /// The actions whose answer is missing.
    pub(crate) unread: Vec<&'static str>,
    /// Why.
    pub(crate) failures: Vec<AwsFailure>,
}

/// Why a bucket has no details at all.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It was deleted after it had been listed.
    Gone,
    /// A failure that the next bucket would meet as well.
    Failed(AwsFailure),
}

impl Details {
    /// Takes the answer to one call. `nothing` is the code by which S3 says that the bucket has no such thing.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    pub(crate) fn take<T, E>(
        &mut self,
        action: &'static str,
        nothing: Option<&str>,
        answer: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Option<T>, Ended>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let error = match answer {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => error,
        };
        let failure = classify(action, self.region.as_deref(), &error);
        if nothing == Some(failure.code.as_str()) {
            return Ok(None);
        }
        if failure.code == "NoSuchBucket" {
            return Err(Ended::Gone);
        }
        if failure.class.awaits_every_call() {
            return Err(Ended::Failed(failure));
        }
        self.unread.push(action);
        self.failures.push(failure);
        Ok(None)
    }
}
