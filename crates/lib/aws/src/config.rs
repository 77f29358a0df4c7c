//! SDK configuration: the hub's own, and those for assumed credentials derived from it.
//!
//! Invariant: the only place that calls `aws_config`. Every derived configuration shares the hub's HTTP client, since
//! a client of its own would open a TLS connection per account.

use std::time::Duration;

use aws_config::AppName;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::identity::IdentityCache;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// A connection that isn't there after this is a network failure, not patience.
const CONNECT: Duration = Duration::from_secs(3);
/// The largest answers (a thousand instances) take some seconds.
const READ: Duration = Duration::from_secs(30);
const ATTEMPT: Duration = Duration::from_secs(45);
const OPERATION: Duration = Duration::from_secs(120);

/// A collector's call meets the limits of its account's API, whose tokens come back within seconds: the SDK's pauses
/// (1 s, doubled each time, with jitter) before the sixth attempt add up to half a minute.
const COLLECTING_ATTEMPTS: u32 = 6;

/// Few attempts: bulk calls pass a token bucket first, and a run that fails is made again as a whole.
const ATTEMPTS: u32 = 3;

/// The environment lacks something that every AWS call needs.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No region.
    #[error("no AWS region is configured: set AWS_REGION, for example AWS_REGION=us-east-1")]
    NoRegion,
    /// Trust roots that cannot be used.
    #[error("the HTTP client cannot be built")]
    TrustRoots(#[from] crate::http::TrustRootError),
}

/// The hub's configuration: region and credentials of the environment, endpoints from `AWS_ENDPOINT_URL*`.
///
/// The region comes from `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile; the instance metadata service isn't asked,
/// because waiting for it is all that a laptop would notice of it.
pub async fn load_config(http: SharedHttpClient) -> Result<SdkConfig, ConfigError> {
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .region()
        .await
        // A variable that is set to nothing names no region either.
        .filter(|region| !region.as_ref().is_empty())
        .ok_or(ConfigError::NoRegion)?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    Ok(aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts)
        .app_name(AppName::new("polo").expect("letters are a legal name"))
        .load()
        .await)
}

/// The configuration for another region and other credentials, over the same HTTP client and endpoints.
///
/// The SDK's identity cache is left out: what comes from [`Sessions`](crate::Sessions) is cached there already, once
/// per role instead of once per client.
pub fn config_for(
    base: &SdkConfig,
    region: &str,
    credentials: impl ProvideCredentials + 'static,
) -> SdkConfig {
    base.to_builder()
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(IdentityCache::no_cache())
        .build()
}

/// The same configuration for the calls of collectors, which are worth waiting for.
pub(crate) fn with_patience(config: &SdkConfig) -> SdkConfig {
    let retries = config.retry_config().cloned();
    let retries = retries.unwrap_or_else(RetryConfig::standard);
    config
        .to_builder()
        .retry_config(retries.with_max_attempts(COLLECTING_ATTEMPTS))
        .build()
}

/// The same configuration with the SDK's retries off, for calls that [`Backoff`](crate::Backoff) repeats.
pub(crate) fn without_retries(config: &SdkConfig) -> SdkConfig {
    config
        .to_builder()
        .retry_config(RetryConfig::disabled())
        .build()
}

/// The region of a configuration; empty if it has none.
pub(crate) fn region_of(config: &SdkConfig) -> &str {
    config.region().map_or("", AsRef::as_ref)
}
