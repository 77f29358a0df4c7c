//! HTTPS requests to what is not an API of AWS: a webhook, a pre-signed address, a function's own address.
//!
//! Invariants: an address is a secret, so it is in no error, log or `Debug` output; plain HTTP goes to loopback
//! alone; no redirect is followed, and nothing is repeated.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use polo_core::{ErrorClass, innermost_cause};

use crate::http::{TrustRootError, tls_context};

/// A connection that isn't there after this is a network failure.
const CONNECT: Duration = Duration::from_secs(3);

/// No answer is larger: a function's is 6 MB at most, and in base64 a third more.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const BODY_BYTES_AT_MOST: usize = 10 * 1024 * 1024;

/// An address to ask, whole: `https://…`, or `http://…` on loopback.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

/// The text is no address that may be asked. What it says instead is left out, because it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address has to begin with https:// (http:// is for loopback alone) and name a host")]
pub struct InvalidAddress;

impl Address {
    /// Validates an address; nothing is asked.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let plain = text.strip_prefix("http://");
        let rest = plain
            .or_else(|| text.strip_prefix("https://"))
            .ok_or(InvalidAddress)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host_of(authority);
        let legal = |c: char| c.is_ascii_graphic();
        if host.is_empty() || authority.contains('@') || !text.chars().all(legal) {
            return Err(InvalidAddress);
        }
        if plain.is_some() && !is_loopback(host) {
            return Err(InvalidAddress);
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole address. Not for logs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// The host of `host`, `host:port`, `[::1]` or `[::1]:port`.
fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsAnswer {
    /// HTTP's status.
    pub status: u16,
    /// The headers whose values are text, by their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl HttpsAnswer {
    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no answer ({class}): {message}")]
pub struct HttpsFailure {
    /// `timeout`, `network`, or `bug` for a request that cannot be sent at all.
    pub class: ErrorClass,
    /// The first cause in words, as `connection refused`, without the address.
    pub message: String,
}

impl HttpsFailure {
    fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
        }
    }
}

/// A client with a pool of its own. Cheap to clone; made at the cold start.
#[derive(Debug, Clone)]
pub struct Https {
    connector: Arc<Connector>,
    limit: Duration,
}

impl Https {
    /// A client that trusts what the AWS clients trust; `limit` is for a whole request, its answer's body included.
    pub fn new(limit: Duration) -> Result<Self, TrustRootError> {
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(CONNECT)
            .build();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls_context()?)
            .connector_settings(settings)
            .build();
        Ok(Self {
            connector: Arc::new(connector),
            limit,
        })
    }

    /// Sends one request and waits for its whole answer.
    ///
    /// # Errors
    /// Where no answer came in time. Any status is an answer.
    pub async fn send(
        &self,
        method: &str,
        address: &Address,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<HttpsAnswer, HttpsFailure> {
        let unsendable = |what| HttpsFailure::new(ErrorClass::Bug, what);
        let mut request = HttpRequest::new(SdkBody::from(body));
        request
            .set_method(method)
            .map_err(|_| unsendable("the method is none of HTTP's"))?;
        request
            .set_uri(address.expose())
            .map_err(|_| unsendable("the address is no URI"))?;
        for (name, value) in headers {
            request
                .headers_mut()
                .try_insert((*name).to_owned(), (*value).to_owned())
                .map_err(|_| unsendable("a header is none of HTTP's"))?;
        }
        match tokio::time::timeout(self.limit, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(HttpsFailure::new(
                ErrorClass::Timeout,
                format!("nothing within {} s", self.limit.as_secs_f64()),
            )),
        }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpsAnswer, HttpsFailure> {
        let response = self.connector.call(request).await.map_err(|error| {
            let class = if error.is_timeout() {
                ErrorClass::Timeout
            } else {
                ErrorClass::Network
            };
            HttpsFailure::new(class, first_cause(&error))
        })?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter_bytes()
            .filter_map(|(name, value)| {
                let value = std::str::from_utf8(value).ok()?;
                Some((name.to_ascii_lowercase(), value.to_owned()))
            })
            .collect();
        let mut stream = ByteStream::new(response.into_body());
        let mut body = Vec::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk
                .map_err(|error| HttpsFailure::new(ErrorClass::Network, first_cause(&error)))?;
            if body.len() + chunk.len() > BODY_BYTES_AT_MOST {
                return Err(HttpsFailure::new(
                    ErrorClass::Bug,
                    format!("the answer is larger than {BODY_BYTES_AT_MOST} bytes"),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpsAnswer {
            status,
            headers,
            body,
        })
    }
}

/// The innermost of an error's sources in words: the outer ones only say that some layer of the client failed.
fn first_cause(error: &(dyn Error + 'static)) -> String {
    let innermost = innermost_cause(error);
    match innermost.downcast_ref::<io::Error>() {
        // Without the system's number.
        Some(error) if error.raw_os_error().is_some() => error.kind().to_string(),
        _ => innermost.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_https_and_loopback_are_addresses_and_none_is_shown() {
        for good in [
            "https://hooks.slack.com/services/T0/B0/secret",
            "https://host:8443",
            "http://localhost:1/x",
            "http://127.0.0.1:9/x?y",
            "http://[::1]:9/x",
        ] {
            let address = Address::parse(good).unwrap();
            assert_eq!(address.expose(), good);
            assert_eq!(format!("{address:?}"), "Address(…)");
        }
        for bad in [
            "",
            "hooks.slack.com/services",
            "http://hooks.slack.com/secret",
            "http://localhost.example.com/",
            "http://127.0.0.1@example.com/",
            "https://user:password@host/",
            "https:///path",
            "ftp://localhost/",
            "https://host/a b",
            "https://host/\n",
        ] {
            assert_eq!(Address::parse(bad), Err(InvalidAddress), "{bad}");
        }
    }

    /// Answers one request with these bytes, and gives back what was asked.
    async fn serve(answer: &'static str) -> (Address, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/secret?token=1", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            let mut buffer = [0; 1024];
            while !asked.ends_with(b"hello") {
                let n = stream.read(&mut buffer).await.unwrap();
                asked.extend_from_slice(&buffer[..n]);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            if answer.is_empty() {
                // Neither answers nor hangs up.
                std::future::pending::<()>().await;
            }
            String::from_utf8(asked).unwrap()
        });
        (Address::parse(&address).unwrap(), served)
    }

    #[tokio::test]
    async fn a_request_arrives_as_given_and_any_status_is_an_answer() {
        let https = Https::new(Duration::from_secs(20)).unwrap();
        let (address, served) =
            serve("HTTP/1.1 429 Too Many\r\nRetry-After: 30\r\ncontent-length: 4\r\n\r\nslow")
                .await;
        let answer = https
            .send("PUT", &address, &[("content-type", "")], b"hello".to_vec())
            .await
            .unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (429, b"slow".as_slice())
        );
        assert_eq!(answer.header("retry-after"), Some("30"));
        let asked = served.await.unwrap().to_ascii_lowercase();
        assert!(
            asked.starts_with("put /secret?token=1 http/1.1\r\n"),
            "{asked}"
        );
        for header in [
            "content-type: \r\n",
            "content-length: 5\r\n",
            "host: 127.0.0.1:",
        ] {
            assert!(asked.contains(header), "{header} in {asked}");
        }
    }

    #[tokio::test]
    async fn no_connection_no_answer_and_half_an_answer_are_told_without_the_address() {
        let patient = Https::new(Duration::from_secs(20)).unwrap();
        let hasty = Https::new(Duration::from_millis(50)).unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = Address::parse(&format!(
            "http://{}/secret?token=1",
            closed.local_addr().unwrap()
        ))
        .unwrap();
        drop(closed);
        let (silent, _held) = serve("").await;
        let (half, _served) = serve("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
        for (https, address, class, said) in [
            (&patient, nobody, ErrorClass::Network, "connection refused"),
            (&hasty, silent, ErrorClass::Timeout, "nothing within 0.05 s"),
            (
                &patient,
                half,
                ErrorClass::Network,
                "end of file before message length reached",
            ),
        ] {
            let failure = https
                .send("POST", &address, &[], b"hello".to_vec())
                .await
                .unwrap_err();
            assert_eq!((failure.class, failure.message.as_str()), (class, said));
            let told = format!("{failure} {failure:?}");
            assert!(
                !told.contains("secret") && !told.contains("token"),
                "{told}"
            );
        }
    }

    #[tokio::test]
    async fn https_speaks_tls_and_nothing_is_said_before_it() {
        let https = Https::new(Duration::from_secs(20)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://{}/secret", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut first = [0; 3];
            stream.read_exact(&mut first).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            first
        });
        let address = Address::parse(&address).unwrap();
        let failure = https.send("POST", &address, &[], b"hello".to_vec()).await;
        assert_eq!(failure.unwrap_err().class, ErrorClass::Network);
        // A handshake record of TLS: https://www.rfc-editor.org/rfc/rfc8446#section-5.1
        assert_eq!(served.await.unwrap(), [22, 3, 1]);
    }

    #[tokio::test]
    async fn what_http_cannot_say_is_not_sent() {
        let https = Https::new(Duration::from_secs(1)).unwrap();
        let address = Address::parse("http://127.0.0.1:1/").unwrap();
        for (method, header) in [("NO METHOD", ("a", "b")), ("GET", ("a", "b\nc"))] {
            let failure = https.send(method, &address, &[header], Vec::new()).await;
            assert_eq!(failure.unwrap_err().class, ErrorClass::Bug);
        }
    }
}
