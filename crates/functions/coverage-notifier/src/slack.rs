//! Slack's incoming webhook: its address, which is a secret, and what Slack answers to a message.
//!
//! Invariants: the address is in no log, error or answer. Only HTTP 200 means that Slack has the message. If no answer
//! came, Slack may have it, so Lambda's retries of the same invocation do not post it again: the next tick does.
//!
//! Source: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>

use std::time::Duration;

use chrono::TimeDelta;
use polo_aws::secrets::SecretError;
use polo_aws::{Address, Https, HttpsAnswer, HttpsFailure, InvalidAddress, read_secret};
use polo_core::text::{clip, printable};
use polo_core::{ErrorClass, Timestamp, error_chain};
use polo_report::times::utc;
use polo_runtime::{Context, FunctionError};
use serde_json::Value;
use tokio::sync::Mutex;

/// Slack answers within a second or two; a function that waits longer only costs.
const LIMIT: Duration = Duration::from_secs(10);

/// An error is at most this long, whatever AWS or Slack say.
const ERROR_CHARACTERS: usize = 500;

/// Where messages go.
pub(crate) struct Slack {
    https: Https,
    secret_id: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    throttle: Option<Throttle>,
    /// The invocation whose message had no answer, and why.
    unanswered: Option<(String, HttpsFailure)>,
}

#[derive(Clone, Copy)]
struct Throttle {
    not_before: Timestamp,
    /// Slack throttled the message, and the next one after the pause that it asked for.
    repeated: bool,
}

/// Slack does not have the message, or could not get one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlackFailure {
    /// The secret cannot be read, or holds no text.
    #[error("Slack's webhook address is unavailable")]
    Secret(#[source] SecretError),
    /// The secret is missing, or was created without a value.
    #[error(
        "secret {secret_id:?} does not exist or is empty: store the address of Slack's incoming webhook in it with `aws \
         secretsmanager put-secret-value`"
    )]
    NoAddress {
        /// The secret.
        secret_id: String,
    },
    /// The secret holds something else.
    #[error("secret {secret_id:?} does not hold the address of Slack's incoming webhook")]
    Address {
        /// The secret.
        secret_id: String,
        /// What an address is.
        #[source]
        source: InvalidAddress,
    },
    /// Slack no longer knows the address, or never did.
    #[error(
        "Slack refused the address in secret {secret_id:?} (HTTP {status}, {code}): create an incoming webhook and store \
         its address there"
    )]
    Refused {
        /// The secret.
        secret_id: String,
        /// HTTP's status.
        status: u16,
        /// Slack's word.
        code: String,
    },
    /// Too many messages.
    #[error("Slack throttled the message: it accepts messages again at {}", utc(*.not_before))]
    Throttled {
        /// When it accepts the next one.
        not_before: Timestamp,
        /// Whether it did so before.
        repeated: bool,
    },
    /// Any other answer.
    #[error("Slack rejected the message (HTTP {status}, {code}): the next tick retries it")]
    Rejected {
        /// HTTP's status.
        status: u16,
        /// Slack's word.
        code: String,
    },
    /// No answer. Slack may have the message.
    #[error("Slack {}: {}; the next tick retries", if .0.class == ErrorClass::Timeout { "did not answer" } else { "could not be reached" }, .0.message)]
    NoAnswer(HttpsFailure),
}

impl SlackFailure {
    /// Whether it heals by itself, so that no alarm has to ring yet.
    pub(crate) fn heals(&self) -> bool {
        matches!(
            self,
            Self::Throttled {
                repeated: false,
                ..
            }
        )
    }

    /// All of it in one line.
    pub(crate) fn sentence(&self) -> String {
        let chain = error_chain(self);
        clip(&printable(&chain), ERROR_CHARACTERS).into_owned()
    }
}

impl From<SlackFailure> for FunctionError {
    fn from(failure: SlackFailure) -> Self {
        Self::Listing {
            error_type: "SlackFailed",
            message: failure.sentence(),
        }
    }
}

impl Slack {
    /// Slack, if it is configured. The address is read at each invocation.
    pub(crate) fn of(context: &Context) -> Result<Option<Self>, FunctionError> {
        let Some(secret_id) = context.config.slack_webhook_secret_id.clone() else {
            return Ok(None);
        };
        Ok(Some(Self {
            https: Https::new(LIMIT).map_err(polo_aws::ConfigError::from)?,
            secret_id,
            state: Mutex::default(),
        }))
    }

    /// The webhook's address as the secret holds it now.
    pub(crate) async fn address(&self, context: &Context) -> Result<Address, SlackFailure> {
        let secret = read_secret(&context.aws, &self.secret_id, &context.backoff)
            .await
            .map_err(|error| match error {
                // A secret without a value looks to Secrets Manager as one that is not there.
                SecretError::NotFound { secret_id } | SecretError::Empty { secret_id } => {
                    SlackFailure::NoAddress { secret_id }
                }
                other => SlackFailure::Secret(other),
            })?;
        Address::parse(secret.expose().trim()).map_err(|source| SlackFailure::Address {
            secret_id: self.secret_id.clone(),
            source,
        })
    }

    /// Posts a message, unless Slack asked for a pause or this invocation's message had no answer; returns when Slack
    /// has it.
    pub(crate) async fn post(
        &self,
        address: &Address,
        message: &Value,
        request_id: &str,
        now: Timestamp,
    ) -> Result<(), SlackFailure> {
        let mut state = self.state.lock().await;
        if let Some(Throttle {
            not_before,
            repeated,
        }) = state.throttle
            && now < not_before
        {
            return Err(SlackFailure::Throttled {
                not_before,
                repeated,
            });
        }
        if let Some((posted_by, failure)) = &state.unanswered
            && posted_by == request_id
        {
            return Err(SlackFailure::NoAnswer(failure.clone()));
        }
        let repeated = state.throttle.take().is_some();
        state.unanswered = None;
        let headers = [("content-type", "application/json")];
        let body = message.to_string().into_bytes();
        let answer = match self.https.send("POST", address, &headers, body).await {
            Ok(answer) => answer,
            Err(failure) => {
                state.unanswered = Some((request_id.to_owned(), failure.clone()));
                return Err(SlackFailure::NoAnswer(failure));
            }
        };
        match answer.status {
            200 => Ok(()),
            429 => {
                let not_before = now + retry_after(&answer);
                state.throttle = Some(Throttle {
                    not_before,
                    repeated,
                });
                Err(SlackFailure::Throttled {
                    not_before,
                    repeated,
                })
            }
            // Slack's webhooks redirect nowhere: the address is another one's.
            status @ (300..=399 | 403 | 404 | 410) => Err(SlackFailure::Refused {
                secret_id: self.secret_id.clone(),
                status,
                code: code_of(&answer),
            }),
            status => Err(SlackFailure::Rejected {
                status,
                code: code_of(&answer),
            }),
        }
    }
}

/// The pause that Slack asks for; half a minute if it does not say, an hour at most.
///
/// Source: <https://docs.slack.dev/apis/web-api/rate-limits>
fn retry_after(answer: &HttpsAnswer) -> TimeDelta {
    let seconds = answer
        .header("retry-after")
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(30_u32);
    TimeDelta::seconds(i64::from(seconds.min(3_600)))
}

/// Slack's word for what is wrong, as `no_service`. Any other text may hold the address, so it is not shown.
///
/// Source: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>
fn code_of(answer: &HttpsAnswer) -> String {
    let legal = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
    match std::str::from_utf8(answer.body.trim_ascii()) {
        Ok(word) if (1..=40).contains(&word.len()) && word.bytes().all(|b| legal(&b)) => {
            word.to_owned()
        }
        _ => "an unknown answer".to_owned(),
    }
}
