//! Secrets of Secrets Manager: read whole, handed on, never shown.
//!
//! Invariant: no text of a secret is in an error, in a log, or in a Debug output. Who needs it asks for it by
//! [`Secret::expose`].

use std::fmt;

use aws_config::SdkConfig;
use polo_core::ErrorClass;
use serde_json::Value;

use crate::config::without_retries;
use crate::{AwsFailure, Backoff, classify};

/// The action that every failure of this module names.
pub const GET_SECRET_VALUE: &str = "secretsmanager:GetSecretValue";

/// The field of a JSON secret that holds the password, as Secrets Manager's own rotation functions name it.
///
/// Source: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html>
const PASSWORD_FIELD: &str = "password";

/// A secret's text. Neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    id: String,
    text: String,
}

/// A secret that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is none of this name.
    #[error(
        "there is no secret {secret_id:?} in this account and region: check the name or give the secret's ARN"
    )]
    NotFound {
        /// The name or ARN that was asked for.
        secret_id: String,
    },
    /// It holds bytes.
    #[error("secret {secret_id:?} holds bytes, not text: store it with --secret-string")]
    Binary {
        /// The name or ARN that was asked for.
        secret_id: String,
    },
    /// It holds nothing.
    #[error("secret {secret_id:?} is empty: store its text with --secret-string")]
    Empty {
        /// The name or ARN that was asked for.
        secret_id: String,
    },
    /// It is a JSON object without a password.
    #[error(
        "secret {secret_id:?} is a JSON object without a text field \"password\": add the field, or store the \
         password alone"
    )]
    NoPassword {
        /// The name or ARN that was asked for.
        secret_id: String,
    },
    /// The call failed.
    #[error("secret {secret_id:?} cannot be read")]
    Aws {
        /// The name or ARN that was asked for.
        secret_id: String,
        /// The failure.
        #[source]
        source: Box<AwsFailure>,
    },
}

impl SecretError {
    /// Whether another attempt may succeed with nothing changed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Aws { source, .. } => source.class.retryable(),
            Self::NotFound { .. }
            | Self::Binary { .. }
            | Self::Empty { .. }
            | Self::NoPassword { .. } => false,
        }
    }
}

impl Secret {
    /// The text as it is stored.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The password in it: the field `password` of a JSON object, else the whole text without the newline that an
    /// editor or `echo` may have left at its end.
    ///
    /// # Errors
    /// [`SecretError::NoPassword`] for an object without one, [`SecretError::Empty`] where nothing is left.
    pub fn password(&self) -> Result<String, SecretError> {
        let password = match serde_json::from_str(&self.text) {
            Ok(Value::Object(mut fields)) => match fields.remove(PASSWORD_FIELD) {
                Some(Value::String(password)) => password,
                _ => {
                    return Err(SecretError::NoPassword {
                        secret_id: self.id.clone(),
                    });
                }
            },
            // Whatever else is JSON by chance, as a password of digits is.
            _ => self.text.trim_end_matches(['\r', '\n']).to_owned(),
        };
        if password.is_empty() {
            return Err(SecretError::Empty {
                secret_id: self.id.clone(),
            });
        }
        Ok(password)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("id", &self.id)
            .field("text", &"…")
            .finish()
    }
}

/// The current version of a secret, by its name or ARN, in the configuration's region.
///
/// One call, no pages; 10,000 a second for an account and region. A secret encrypted with a key of one's own needs
/// `kms:Decrypt` too, and its absence is a denial.
/// Source: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
pub async fn read_secret(
    config: &SdkConfig,
    secret_id: &str,
    backoff: &Backoff,
) -> Result<Secret, SecretError> {
    let client = aws_sdk_secretsmanager::Client::new(&without_retries(config));
    let answer = backoff
        .retry(|| async {
            client
                .get_secret_value()
                .secret_id(secret_id)
                .send()
                .await
                .map_err(|error| {
                    let mut failure = classify(GET_SECRET_VALUE, None, &error);
                    // The SDK's words for an answer that it cannot read show the answer, the secret in it.
                    if error
                        .raw_response()
                        .is_some_and(|answer| answer.status().is_success())
                    {
                        failure.message = "the answer cannot be read".to_owned();
                    }
                    failure
                })
        })
        .await
        .map_err(|failure| match failure.class {
            ErrorClass::NotFound => SecretError::NotFound {
                secret_id: secret_id.to_owned(),
            },
            _ => SecretError::Aws {
                secret_id: secret_id.to_owned(),
                source: Box::new(failure),
            },
        })?;
    match answer.secret_string {
        Some(text) if text.is_empty() => Err(SecretError::Empty {
            secret_id: secret_id.to_owned(),
        }),
        Some(text) => Ok(Secret {
            id: secret_id.to_owned(),
            text,
        }),
        None => Err(SecretError::Binary {
            secret_id: secret_id.to_owned(),
        }),
    }
}
