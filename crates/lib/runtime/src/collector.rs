//! What a collector is: a manifest, and one function that reads one target.
//!
//! Invariant: a collector may give up with `?` anywhere. It cannot end a target as short: only the run loop says how a
//! target ended, and an error ends it as what the error is.

use std::future::Future;

use aws_types::SdkConfig;
use polo_aws::{AccountSession, AwsFailure};
use polo_core::{AccountId, ErrorClass, Scope};
use polo_store::StoreError;
use polo_store::resources::Look;

use crate::Sink;

/// Reads one service in one account.
pub trait Collector: Send + Sync + 'static {
    /// Folder, package, binary, table prefix and `detail.collector`.
    const ID: &'static str;
    /// The text of its `collector.json`.
    const MANIFEST: &'static str;

    /// Reads one target to its end, every page, into the sink.
    fn collect(
        &self,
        target: &Target,
        sink: &mut Sink<'_>,
    ) -> impl Future<Output = Result<(), CollectError>> + Send;

    /// Made once, at the cold start.
    fn new() -> Self;
}

/// Why a target could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// AWS: ends this target, the others go on.
    #[error(transparent)]
    Aws(#[from] AwsFailure),
    /// The database: ends the attempt, because nothing more can be recorded.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The tokens of one listing, watched from page to page.
///
/// The SDK's paginators end without a word where an answer names the page that was just asked for as the next one. A
/// listing that ends short would pass for a whole one, and what lies behind it for gone.
#[derive(Debug)]
pub struct PageTokens {
    action: &'static str,
    last: Option<String>,
}

impl PageTokens {
    /// Of a listing that has not begun.
    pub fn of(action: &'static str) -> Self {
        Self { action, last: None }
    }

    /// Takes the token of the page after the one that was just read.
    ///
    /// # Errors
    /// [`ErrorClass::Bug`] where it is the token of the page that was just read.
    pub fn next(&mut self, token: Option<&str>) -> Result<(), AwsFailure> {
        let token = token.filter(|token| !token.is_empty());
        if token.is_some() && token == self.last.as_deref() {
            return Err(AwsFailure::new(
                ErrorClass::Bug,
                self.action,
                "RepeatedNextToken",
                "the answer names the page that was just read as the next one",
            ));
        }
        self.last = token.map(str::to_owned);
        Ok(())
    }
}

/// One region of one account in one run; for global APIs the account as a whole, or all that it pays for.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) session: AccountSession,
    pub(crate) region: String,
    pub(crate) scope: Scope,
    pub(crate) aws: SdkConfig,
    pub(crate) look: Look,
}

impl Target {
    /// The account.
    pub fn account_id(&self) -> &AccountId {
        self.session.account_id()
    }

    /// What is to be read: the account's own, one region of it, or what it knows as the payer.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The region; `global` or `payer` for APIs without regions.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The configuration for clients: the account's credentials, this region, the process's HTTP client.
    pub fn aws(&self) -> &SdkConfig {
        &self.aws
    }

    /// The look under which rows are stored: run, version and time.
    pub fn look(&self) -> &Look {
        &self.look
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
            self.region,
            self.session.account_id()
        )
    }
}
