//! Why a call got no answer, in words. Invariant: what libraries print of themselves never gets into a sentence.

use std::error::Error;
use std::io;

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use polo_aws::{AwsFailure, classify};
use polo_core::innermost_cause;
use polo_core::text::{clip, printable};

/// A library's own words are cut here.
const WORDS: usize = 120;

/// Why a connection failed or broke off.
pub(crate) fn of_connection(error: &(dyn Error + 'static)) -> String {
    let mut at = Some(error);
    while let Some(cause) = at {
        if let Some(words) = known(cause) {
            return words;
        }
        at = cause.source();
    }
    innermost(error).unwrap_or_else(|| "the connection failed".to_owned())
}

fn known(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(io) = cause.downcast_ref::<io::Error>() {
        use io::ErrorKind as Kind;
        if matches!(
            io.kind(),
            Kind::ConnectionRefused
                | Kind::ConnectionReset
                | Kind::ConnectionAborted
                | Kind::HostUnreachable
                | Kind::NetworkUnreachable
                | Kind::TimedOut
        ) {
            return Some(io.kind().to_string());
        }
    }
    let text = cause.to_string();
    let words = if text.contains("InvalidContentType") {
        "it does not speak TLS: write http:// or another port"
    } else if text.contains("failed to lookup address") || text.contains("dns error") {
        "its host name cannot be resolved"
    } else if text.contains("invalid peer certificate") {
        "its TLS certificate is not trusted"
    } else {
        return None;
    };
    Some(words.to_owned())
}

/// The innermost of an error's causes, the outer ones only name layers of a client; none if it is a dump.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> Option<String> {
    let text = innermost_cause(error).to_string();
    (!text.contains(['{', '(', '"', '\n'])).then(|| clip(&printable(&text), WORDS).into_owned())
}

/// A failed call of the Lambda API; without an answer of AWS, its message is in our words.
pub(crate) fn of_call<E>(action: &str, error: &SdkError<E, HttpResponse>) -> AwsFailure
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let mut failure = classify(action, None, error);
    let own_words = match failure.code.as_str() {
        "NoCredentials" => Some(innermost(error).unwrap_or_default()),
        "NotSent" => Some("the request could not be made".to_owned()),
        "Timeout" => Some("no answer in time".to_owned()),
        "NoConnection" => Some(of_connection(error)),
        "Unreadable" => Some(match error.raw_response() {
            Some(response) => format!(
                "its answer has HTTP status {} and is not that of an AWS API",
                response.status().as_u16()
            ),
            None => "its answer is not that of an AWS API".to_owned(),
        }),
        _ => None,
    };
    if let Some(words) = own_words {
        failure.message = words;
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Link(&'static str, #[source] Option<Box<dyn Error + Send + Sync>>);

    fn wrapped(inner: impl Error + Send + Sync + 'static) -> Link {
        Link("client error (Connect)", Some(Box::new(inner)))
    }

    #[test]
    fn causes_are_said_in_words() {
        let refused = wrapped(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(of_connection(&refused), "connection refused");
        let plain = wrapped(Link(
            "received corrupt message of type InvalidContentType",
            None,
        ));
        assert!(of_connection(&plain).contains("does not speak TLS"));
        let dump = wrapped(Link(
            "ConnectorError { kind: Io, source: hyper_util }",
            None,
        ));
        assert_eq!(of_connection(&dump), "the connection failed");
        let long = "x".repeat(1_000);
        assert!(of_connection(&io::Error::other(long)).chars().count() <= WORDS);
    }
}
