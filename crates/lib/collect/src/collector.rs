//! What a collector is: a manifest, and one function that reads one place.
//!
//! Invariant: a collector may give up with `?` anywhere. Only the run loop says how a place ended, from the error alone.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;
use polo_aws::{AccountSession, Pages};
use polo_core::{AccountId, Place, Region};
use polo_store::resources::{Look, Origin};

use crate::error::CollectError;
use crate::sink::Sink;

/// Reads one service in one account.
pub trait Collector: Send + Sync + 'static {
    /// Folder, package, binary, table prefix and `detail.collector`.
    const ID: &'static str;
    /// The text of its `collector.json`.
    const MANIFEST: &'static str;

    /// Reads every page of one place into the sink.
    fn collect(
        &self,
        target: &Target,
        sink: &mut Sink<'_>,
    ) -> impl Future<Output = Result<(), CollectError>> + Send;

    /// Made once, at the cold start.
    fn new() -> Self;
}

/// One place of one account in one run.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) session: AccountSession,
    pub(crate) origin: Origin,
    pub(crate) aws: SdkConfig,
    pub(crate) look: Arc<Look>,
}

impl Target {
    /// The account.
    pub fn account_id(&self) -> &AccountId {
        self.session.account_id()
    }

    /// The place: the account itself, one region of it, or all that it pays for.
    pub fn place(&self) -> &Place {
        &self.look.place
    }

    /// The region; `global` or `payer` for APIs without regions.
    pub fn region(&self) -> &str {
        self.look.place.as_str()
    }

    /// A listing at this place, page by page. `call` asks for the page with this token, `token_of` reads the token of the
    /// next one.
    pub fn pages<'a, P, F, X>(
        &'a self,
        action: &'static str,
        call: impl FnMut(Option<String>) -> F + Send + 'a,
        token_of: fn(&P) -> Option<&str>,
    ) -> Pages<'a, P>
    where
        P: Send + 'a,
        F: Future<Output = Result<P, SdkError<X, HttpResponse>>> + Send + 'a,
        X: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let region = self.place().region().map(Region::as_str);
        Pages::of_calls(action, region, call, token_of)
    }

    /// The configuration for clients: the account's credentials, this region, the process's HTTP client.
    pub fn aws(&self) -> &SdkConfig {
        &self.aws
    }

    /// The look under which rows are stored: its place and version.
    pub fn look(&self) -> &Look {
        &self.look
    }

    /// The run.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The partition, as `aws` or `aws-cn`.
    pub fn partition(&self) -> &str {
        self.session.partition().as_str()
    }

    /// An ARN in this account and region, as `arn:<partition>:ec2:<region>:<account>:instance/i-…`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{resource}",
            self.session.partition(),
            self.region(),
            self.session.account_id()
        )
    }
}
