//! Assuming roles in member accounts.
//!
//! Invariants: checks get credentials of their own ([`Sessions::assume_fresh`]), collectors share them until five
//! minutes before they run out ([`Sessions::session_for`]); nobody gets credentials of another account than the one
//! asked for; every AssumeRole passes the token bucket first, repeated ones too.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use polo_core::{AccountId, ErrorClass, Partition, RoleArn, Timestamp};

use crate::config::{config_for, region_of, with_patience, without_retries};
use crate::rate::STS_CALLS_PER_SECOND;
use crate::{AwsFailure, Backoff, Clock, RateLimit, classify};

/// The action that every failure of this module names.
pub const ASSUME_ROLE: &str = "sts:AssumeRole";

/// Cached credentials are dropped this long before they expire.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// Roles whose credentials are kept before the expired ones are swept out.
const SWEEP_ABOVE: usize = 1_024;

/// How roles are assumed.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// The organization's external id, if its roles ask for one.
    pub external_id: Option<String>,
    /// AssumeRole calls a second.
    pub sts_calls_per_second: NonZeroU32,
    /// How a call that STS throttled, or that got no answer, is repeated.
    pub backoff: Backoff,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            external_id: None,
            sts_calls_per_second: STS_CALLS_PER_SECOND,
            backoff: Backoff::default(),
        }
    }
}

/// An assumed role.
#[derive(Debug, Clone)]
pub struct AssumedRole {
    /// Temporary credentials; their text never appears in logs, the type hides it.
    pub credentials: Credentials,
    /// `arn:<partition>:sts::<account>:assumed-role/<role>/<session>`.
    pub assumed_role_arn: String,
    /// When the credentials run out.
    pub expires_at: Timestamp,
}

/// The hub's sessions in member accounts. Clones share client, bucket and cache.
#[derive(Debug, Clone)]
pub struct Sessions {
    external_id: Option<String>,
    shared: Arc<Shared>,
}

type Slot = Arc<tokio::sync::Mutex<Option<AssumedRole>>>;

struct Shared {
    base: SdkConfig,
    sts: aws_sdk_sts::Client,
    rate: RateLimit,
    backoff: Backoff,
    clock: Clock,
    // One slot per role, locked while its credentials are fetched: many regions at once ask STS once.
    cache: Mutex<HashMap<RoleArn, Slot>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl Sessions {
    /// Sessions from the hub's own credentials, through the regional STS endpoint of the hub's region.
    pub fn new(base: &SdkConfig, settings: SessionSettings, clock: Clock) -> Self {
        Self {
            external_id: settings.external_id,
            shared: Arc::new(Shared {
                base: base.clone(),
                sts: aws_sdk_sts::Client::new(&without_retries(base)),
                rate: RateLimit::per_second(settings.sts_calls_per_second),
                backoff: settings.backoff,
                clock,
                cache: Mutex::default(),
            }),
        }
    }

    /// The same sessions with another organization's external id.
    pub fn with_external_id(&self, external_id: Option<String>) -> Self {
        Self {
            external_id,
            shared: Arc::clone(&self.shared),
        }
    }

    /// The hub's own configuration, from which those of the sessions derive.
    pub fn base(&self) -> &SdkConfig {
        &self.shared.base
    }

    /// The clock in use.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Assumes the role anew; nothing is read from the cache or put there.
    ///
    /// Limits: 600 calls a second for the hub's account and region; credentials last an hour, the default, since a
    /// Lambda's own role is a session already and chained roles get no more. Throttled and unanswered calls are
    /// repeated with full jitter.
    ///
    /// Errors: the failure's class; [`ErrorClass::WrongAccount`] where the answer names another account.
    /// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
    pub async fn assume_fresh(
        &self,
        role: &RoleArn,
        session_name: &str,
    ) -> Result<AssumedRole, AwsFailure> {
        let session_name = legal_session_name(session_name);
        self.shared
            .backoff
            .retry(|| self.assume_once(role, &session_name))
            .await
    }

    async fn assume_once(
        &self,
        role: &RoleArn,
        session_name: &str,
    ) -> Result<AssumedRole, AwsFailure> {
        self.shared.rate.ready().await;
        let answer = self
            .shared
            .sts
            .assume_role()
            .role_arn(role.to_string())
            .role_session_name(session_name)
            .set_external_id(self.external_id.clone())
            .send()
            .await
            .map_err(|error| classify(ASSUME_ROLE, None, &error))?;
        let unreadable =
            |what: &str| AwsFailure::new(ErrorClass::Bug, ASSUME_ROLE, "Unreadable", what);
        let user = answer
            .assumed_role_user
            .ok_or_else(|| unreadable("the answer holds no AssumedRoleUser"))?;
        let answered_for = account_of_arn(&user.arn)
            .ok_or_else(|| unreadable(&format!("AssumedRoleUser.Arn is {:?}", user.arn)))?;
        if answered_for != role.account_id().as_str() {
            return Err(AwsFailure::new(
                ErrorClass::WrongAccount,
                ASSUME_ROLE,
                "WrongAccount",
                format!(
                    "asked for {role}, the answer names account {answered_for} ({})",
                    user.arn
                ),
            ));
        }
        let credentials = answer
            .credentials
            .ok_or_else(|| unreadable("the answer holds no Credentials"))?;
        let expires_at = Timestamp::from_timestamp(
            credentials.expiration.secs(),
            credentials.expiration.subsec_nanos(),
        )
        .ok_or_else(|| unreadable("Credentials.Expiration is out of range"))?;
        Ok(AssumedRole {
            credentials: Credentials::new(
                credentials.access_key_id,
                credentials.secret_access_key,
                Some(credentials.session_token),
                Some(SystemTime::from(expires_at)),
                "AssumeRole",
            ),
            assumed_role_arn: user.arn,
            expires_at,
        })
    }

    /// A session in the role's account, from the cache where there is one.
    ///
    /// `session_name` names the session if it has to be opened; one that is open keeps the name it has.
    pub async fn session_for(
        &self,
        role: &RoleArn,
        session_name: &str,
    ) -> Result<AccountSession, AwsFailure> {
        let assumed = self.cached(role, session_name).await?;
        Ok(AccountSession {
            role: role.clone(),
            assumed_role_arn: assumed.assumed_role_arn,
            credentials: RoleCredentials {
                sessions: self.clone(),
                role: role.clone(),
                session_name: session_name.to_owned(),
            },
        })
    }

    /// The hub's configuration with the role's credentials in the place of its own. Nobody is asked yet: a role that
    /// cannot be assumed fails the first call, as `sts:AssumeRole`. The credentials come from the cache and renew
    /// themselves.
    pub fn config_through(&self, role: &RoleArn, session_name: &str) -> SdkConfig {
        let credentials = RoleCredentials {
            sessions: self.clone(),
            role: role.clone(),
            session_name: session_name.to_owned(),
        };
        config_for(self.base(), region_of(self.base()), credentials)
    }

    /// The role's credentials, good for at least five minutes more.
    async fn cached(&self, role: &RoleArn, session_name: &str) -> Result<AssumedRole, AwsFailure> {
        let slot = self.slot(role);
        let mut held = slot.lock().await;
        let now = self.shared.clock.now();
        if let Some(assumed) = held
            .as_ref()
            .filter(|assumed| now + MARGIN < assumed.expires_at)
        {
            return Ok(assumed.clone());
        }
        let assumed = self.assume_fresh(role, session_name).await?;
        *held = Some(assumed.clone());
        Ok(assumed)
    }

    fn slot(&self, role: &RoleArn) -> Slot {
        let mut cache = self
            .shared
            .cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= SWEEP_ABOVE && !cache.contains_key(role) {
            let now = self.shared.clock.now();
            cache.retain(|_, slot| match slot.try_lock() {
                Ok(held) => held
                    .as_ref()
                    .is_some_and(|assumed| now < assumed.expires_at),
                Err(_) => true,
            });
        }
        Arc::clone(cache.entry(role.clone()).or_default())
    }
}

/// An open session in a member account.
#[derive(Debug, Clone)]
pub struct AccountSession {
    role: RoleArn,
    assumed_role_arn: String,
    credentials: RoleCredentials,
}

impl AccountSession {
    /// The account.
    pub fn account_id(&self) -> &AccountId {
        self.role.account_id()
    }

    /// The account's partition.
    pub fn partition(&self) -> &Partition {
        self.role.partition()
    }

    /// The role.
    pub fn role(&self) -> &RoleArn {
        &self.role
    }

    /// Who the account sees: `arn:<partition>:sts::<account>:assumed-role/<role>/<session>`.
    pub fn assumed_role_arn(&self) -> &str {
        &self.assumed_role_arn
    }

    /// The hub's region, for global APIs.
    pub fn home_region(&self) -> &str {
        region_of(self.credentials.sessions.base())
    }

    /// A configuration for clients in this account and region, over the process's HTTP client. Its credentials renew
    /// themselves, so a long run doesn't outlive them, and a throttled call waits for the API's tokens to come back.
    pub fn config(&self, region: &str) -> SdkConfig {
        with_patience(&config_for(
            self.credentials.sessions.base(),
            region,
            self.credentials.clone(),
        ))
    }
}

/// Credentials of a role, renewed through the sessions' cache.
#[derive(Debug, Clone)]
struct RoleCredentials {
    sessions: Sessions,
    role: RoleArn,
    session_name: String,
}

impl ProvideCredentials for RoleCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            match self.sessions.cached(&self.role, &self.session_name).await {
                Ok(assumed) => Ok(assumed.credentials),
                // `classify` finds the failure inside again.
                Err(failure) => Err(CredentialsError::provider_error(failure)),
            }
        })
    }
}

/// The name of a session: `polo-<function>-<run>`, in STS's characters and 64 of them at most.
///
/// What doesn't fit is cut from the function, because the run is what one searches CloudTrail for.
pub fn session_name(function: &str, run: &str) -> String {
    const LONGEST: usize = 64;
    let run = legal_session_name(run);
    let room = LONGEST.saturating_sub("polo--".len() + run.len());
    let function: String = legal_session_name(function).chars().take(room).collect();
    legal_session_name(&format!("polo-{function}-{run}"))
}

/// The text with every character that STS refuses replaced, cut to 64.
///
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html> (`RoleSessionName`)
fn legal_session_name(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) {
                c
            } else {
                '-'
            }
        })
        .take(64)
        .collect()
}

fn account_of_arn(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_names_are_legal_and_keep_the_run() {
        let run = "0f8fad5b-d9cb-469f-a165-70867728950e";
        for function in [
            "account-discovery",
            "collection-dispatcher",
            "config_ec2",
            "a function / with: a very long name indeed",
        ] {
            let name = session_name(function, run);
            assert!(name.len() <= 64 && name.len() >= 2, "{name}");
            assert!(name.starts_with("polo-") && name.ends_with(run), "{name}");
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)),
                "{name}"
            );
        }
        assert_eq!(
            session_name("config_ec2", run),
            format!("polo-config_ec2-{run}")
        );
    }

    #[test]
    fn the_account_is_read_from_the_arn_of_the_session() {
        assert_eq!(
            account_of_arn("arn:aws-cn:sts::123456789012:assumed-role/r/s"),
            Some("123456789012")
        );
        assert_eq!(account_of_arn("nonsense"), None);
    }
}
