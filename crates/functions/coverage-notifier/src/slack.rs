//! Slack's incoming webhook: its address, a secret, and what Slack says of a message.
//!
//! Invariants: the address is in no log, error or answer; only HTTP 200 means that Slack has the message.
//!
//! Source: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>

use std::time::Duration;

use chrono::TimeDelta;
use polo_aws::secrets::SecretError;
use polo_aws::{Address, Https, HttpsAnswer, HttpsFailure, InvalidAddress, read_secret};
use polo_core::{ErrorClass, Timestamp, error_chain};
use polo_runtime::{Context, FunctionError};
use serde_json::Value;
use tokio::sync::Mutex;

/// Slack answers within a second or two; a function that waits longer only costs.
const LIMIT: Duration = Duration::from_secs(10);

/// Where messages go.
pub(crate) struct Slack {
    https: Https,
    secret_id: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Read when it is first needed, and again when Slack refuses it.
    address: Option<Address>,
    /// What Slack asked for when it was asked too fast.
    not_before: Option<Timestamp>,
}

/// Slack does not have the message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlackFailure {
    /// The address cannot be had.
    #[error("the address of Slack's webhook cannot be read")]
    Secret(#[source] SecretError),
    /// Nobody has put it in.
    #[error(
        "secret {secret_id:?} is not there or holds nothing: put the address of Slack's incoming webhook in it with \
         `aws secretsmanager put-secret-value`"
    )]
    NoAddress {
        /// The secret.
        secret_id: String,
    },
    /// It is none.
    #[error("secret {secret_id:?} does not hold the address of Slack's incoming webhook")]
    Address {
        /// The secret.
        secret_id: String,
        /// What an address is.
        #[source]
        source: InvalidAddress,
    },
    /// Slack no longer knows it.
    #[error(
        "Slack refuses the address in secret {secret_id:?} (HTTP {status}, {code}): make an incoming webhook and put its \
         address there"
    )]
    Refused {
        /// The secret.
        secret_id: String,
        /// HTTP's status.
        status: u16,
        /// Slack's word.
        code: String,
    },
    /// Asked too fast.
    #[error("Slack is asked too fast: it takes messages again at {not_before}")]
    Throttled {
        /// When it may be asked again.
        not_before: Timestamp,
    },
    /// Any other answer.
    #[error("Slack did not take the message (HTTP {status}, {code})")]
    NotTaken {
        /// HTTP's status.
        status: u16,
        /// Slack's word.
        code: String,
    },
    /// No answer. It may have the message all the same.
    #[error("Slack was not reached")]
    NoAnswer(#[source] HttpsFailure),
}

impl SlackFailure {
    /// What kind of trouble it is.
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::Secret(SecretError::Aws { source, .. }) => source.class,
            Self::Secret(_) | Self::NoAddress { .. } | Self::Address { .. } => ErrorClass::Config,
            Self::Refused { status: 403, .. } => ErrorClass::Denied,
            Self::Refused { .. } => ErrorClass::NotFound,
            Self::Throttled { .. } => ErrorClass::Throttled,
            Self::NotTaken { status: 500.., .. } => ErrorClass::Service,
            Self::NotTaken { .. } => ErrorClass::Bug,
            Self::NoAnswer(failure) => failure.class,
        }
    }

    /// The whole chain in one line.
    pub(crate) fn chain(&self) -> String {
        error_chain(self)
    }
}

impl Slack {
    /// Slack, where it is configured. The address is not read yet: a function that can tell nobody still answers.
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

    /// Posts a message; returns when Slack has it.
    pub(crate) async fn post(
        &self,
        context: &Context,
        message: &Value,
    ) -> Result<(), SlackFailure> {
        let mut state = self.state.lock().await;
        let now = context.clock.now();
        if let Some(not_before) = state.not_before.filter(|at| now < *at) {
            return Err(SlackFailure::Throttled { not_before });
        }
        let known = state.address.take();
        let address = match known.clone() {
            Some(address) => address,
            None => self.read_address(context).await?,
        };
        let mut outcome = self.post_to(&address, message, now).await;
        let mut posted_to = address;
        if let (Err(SlackFailure::Refused { .. }), Some(known)) = (&outcome, known) {
            // While this function was warm somebody may have put in another.
            let address = self.read_address(context).await?;
            if address != known {
                outcome = self.post_to(&address, message, now).await;
                posted_to = address;
            }
        }
        state.not_before = match &outcome {
            Err(SlackFailure::Throttled { not_before }) => Some(*not_before),
            _ => None,
        };
        // One that Slack refuses is read anew the next time.
        if !matches!(outcome, Err(SlackFailure::Refused { .. })) {
            state.address = Some(posted_to);
        }
        outcome
    }

    async fn read_address(&self, context: &Context) -> Result<Address, SlackFailure> {
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

    async fn post_to(
        &self,
        address: &Address,
        message: &Value,
        now: Timestamp,
    ) -> Result<(), SlackFailure> {
        let body = message.to_string().into_bytes();
        let headers = [("content-type", "application/json")];
        let answer = self.https.send("POST", address, &headers, body).await;
        let answer = answer.map_err(SlackFailure::NoAnswer)?;
        match answer.status {
            200 => Ok(()),
            429 => Err(SlackFailure::Throttled {
                not_before: now + retry_after(&answer),
            }),
            status @ (403 | 404 | 410) => Err(SlackFailure::Refused {
                secret_id: self.secret_id.clone(),
                status,
                code: code_of(&answer),
            }),
            status => Err(SlackFailure::NotTaken {
                status,
                code: code_of(&answer),
            }),
        }
    }
}

/// What Slack asks for when it is asked too fast, in seconds; half a minute where it does not say, an hour at most.
///
/// Source: <https://docs.slack.dev/apis/web-api/rate-limits>
fn retry_after(answer: &HttpsAnswer) -> TimeDelta {
    let seconds = answer
        .header("retry-after")
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(30_u32);
    TimeDelta::seconds(i64::from(seconds.min(3_600)))
}

/// Slack's word for what is wrong, as `no_service`. Anything else in an answer may hold the address, so it is not shown.
///
/// Source: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>
fn code_of(answer: &HttpsAnswer) -> String {
    let legal = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
    match std::str::from_utf8(answer.body.trim_ascii()) {
        Ok(word) if (1..=40).contains(&word.len()) && word.bytes().all(|b| legal(&b)) => {
            word.to_owned()
        }
        _ => "an answer that is none of Slack's".to_owned(),
    }
}
