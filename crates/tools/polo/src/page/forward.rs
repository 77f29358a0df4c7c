//! One request of the browser, signed and sent to the function.
//!
//! Invariant: of the function's answer only what a page needs comes back; a refusal is explained in one sentence.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use chrono::TimeDelta;
use polo_aws::{Address, Clock, Https, HttpsAnswer};
use polo_core::text::clip;
use tokio::sync::Mutex;

use crate::cli::page::PageUrl;
use crate::error::CliError;
use crate::page::signature;
use crate::{causes, environment};

/// Longer than the function's own timeout, so that its answer is what ends a request.
const ANSWER: Duration = Duration::from_secs(60);

/// Credentials that end sooner than this are asked for anew.
const LEFT_AT_LEAST: TimeDelta = TimeDelta::minutes(5);

const SIGN: &str = "sign requests with";

/// The headers of the function's answer that a page needs.
const PASSED_BACK: [&str; 6] = [
    "content-type",
    "location",
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cache-control",
];

/// What the browser gets.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The way to the function.
pub(crate) struct Forward {
    url: Address,
    region: String,
    https: Https,
    provider: SharedCredentialsProvider,
    credentials: Mutex<Option<Credentials>>,
    clock: Clock,
}

impl Forward {
    /// With the operator's credentials, which are asked for at once: without them nothing can be served.
    pub(crate) async fn new(
        PageUrl(url): PageUrl,
        aws: &SdkConfig,
        region: String,
    ) -> Result<Self, CliError> {
        let provider = aws
            .credentials_provider()
            .ok_or_else(|| CliError::Failed(environment::no_credentials(SIGN, "")))?;
        let region = signature::region_of(&url).map_or(region, str::to_owned);
        let forward = Self {
            url,
            region,
            https: Https::new(ANSWER).map_err(polo_aws::ConfigError::from)?,
            provider,
            credentials: Mutex::default(),
            clock: Clock::system(),
        };
        forward.credentials().await.map_err(CliError::Failed)?;
        Ok(forward)
    }

    /// The address that is asked.
    pub(crate) fn url(&self) -> &str {
        self.url.expose()
    }

    async fn credentials(&self) -> Result<Credentials, String> {
        let mut held = self.credentials.lock().await;
        let ends: SystemTime = (self.clock.now() + LEFT_AT_LEAST).into();
        if let Some(credentials) = held
            .as_ref()
            .filter(|credentials| credentials.expiry().is_none_or(|expiry| expiry > ends))
        {
            return Ok(credentials.clone());
        }
        let fresh = self.provider.provide_credentials().await.map_err(|error| {
            let why = causes::innermost(&error).unwrap_or_default();
            environment::no_credentials(SIGN, &why)
        })?;
        Ok(held.insert(fresh).clone())
    }

    /// Asks for a path with its query, `/accounts/…`.
    pub(crate) async fn get(&self, path_and_query: &str) -> Passed {
        match self.ask(path_and_query).await {
            Ok(answer) if answer.status == 403 => Passed::refusal(403, &self.forbidden(&answer)),
            Ok(answer) => Passed::from(answer),
            Err(sentence) => Passed::refusal(502, &sentence),
        }
    }

    async fn ask(&self, path_and_query: &str) -> Result<HttpsAnswer, String> {
        let path = path_and_query.trim_start_matches('/');
        let address = Address::parse(&format!("{}{path}", self.url()))
            .map_err(|error| format!("{path_and_query:?} cannot be asked for: {error}"))?;
        let credentials = self.credentials().await?;
        let headers = signature::of_get(&address, &self.region, credentials, self.clock.now())
            .map_err(|error| format!("the request cannot be signed: {error}"))?;
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.https
            .send("GET", &address, &headers, Vec::new())
            .await
            .map_err(|failure| {
                format!(
                    "the function at {} gives no answer ({}): check the address and the network",
                    self.url(),
                    failure.message
                )
            })
    }

    /// Function URLs ask for two permissions since October 2025.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>
    fn forbidden(&self, answer: &HttpsAnswer) -> String {
        let said = String::from_utf8_lossy(&answer.body);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = clip(&said, 200);
        format!(
            "Lambda refuses your credentials at {}: they need lambda:InvokeFunctionUrl and lambda:InvokeFunction on the \
             function, and must not have expired ({said})",
            self.url()
        )
    }
}

impl Passed {
    /// A sentence instead of a page.
    pub(crate) fn refusal(status: u16, sentence: &str) -> Self {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            status,
            headers: vec![
                header("content-type", "text/plain; charset=utf-8"),
                header(
                    "content-security-policy",
                    "default-src 'none'; frame-ancestors 'none'",
                ),
                header("x-content-type-options", "nosniff"),
                header("cache-control", "no-store"),
            ],
            body: format!("polo: {sentence}\n").into_bytes(),
        }
    }
}

impl From<HttpsAnswer> for Passed {
    fn from(answer: HttpsAnswer) -> Self {
        Self {
            status: answer.status,
            headers: answer
                .headers
                .into_iter()
                .filter(|(name, _)| PASSED_BACK.contains(&name.as_str()))
                .collect(),
            body: answer.body,
        }
    }
}
