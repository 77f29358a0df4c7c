//! Credentials of a function's own role, from the local AWS. INVARIANT: a function never gets another role's credentials: where its own are
//! refused, it does not start.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

/// For one answer of the local AWS, which may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// The client of the local AWS's control endpoint.
#[derive(Debug)]
pub(crate) struct Credentials {
    endpoint: String,
    client: reqwest::Client,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
}

impl Credentials {
    pub(crate) fn new(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            client: reqwest::Client::new(),
        }
    }

    /// The credentials of the role as the environment variables that the SDKs read, or one sentence.
    pub(crate) async fn of(&self, role_arn: &str) -> Result<BTreeMap<String, String>, String> {
        let role = role_arn.rsplit('/').next().unwrap_or(role_arn);
        let url = format!(
            "{}/polo-local/function-credentials?role_name={role}",
            self.endpoint
        );
        let failed = |error: reqwest::Error| {
            format!(
                "the local AWS gave no credentials of the role {role}: {}",
                error.without_url()
            )
        };
        let response = self
            .client
            .get(&url)
            .timeout(PATIENCE)
            .send()
            .await
            .map_err(failed)?;
        if !response.status().is_success() {
            let (status, reason) = (response.status(), response.text().await.map_err(failed)?);
            return Err(format!(
                "the local AWS refused credentials of the role {role} ({status}): {}",
                reason.trim()
            ));
        }
        let answer: Answer = response.json().await.map_err(failed)?;
        Ok(BTreeMap::from([
            ("AWS_ACCESS_KEY_ID".to_owned(), answer.access_key_id),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), answer.secret_access_key),
            ("AWS_SESSION_TOKEN".to_owned(), answer.session_token),
        ]))
    }
}
