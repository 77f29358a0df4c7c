//! The settings, from the environment, and the time. Invariant: the only place of this program that reads either; a
//! password is handed on and never shown.

use polo_aws::{Backoff, Clock, SecretError, read_secret};
use polo_core::{ErrorClass, Timestamp, error_chain};
use polo_store::{Store, StoreConfig};

use crate::cli::Author;
use crate::error::CliError;

/// A variable that is set to something.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the program's settings are read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

/// The database; it is not asked yet. Its password may be in a secret, which is read with the operator's own credentials.
pub(crate) async fn store() -> Result<Store, CliError> {
    let url = variable("CLICKHOUSE_URL").ok_or_else(|| {
        CliError::Failed(
            "CLICKHOUSE_URL is not set: give the URL of ClickHouse's HTTP interface, like http://localhost:8123, \
             or load the local stack's settings with `set -a; . .local/env; set +a`"
                .to_owned(),
        )
    })?;
    let config = StoreConfig::new(
        &url,
        variable("CLICKHOUSE_DATABASE").as_deref(),
        variable("CLICKHOUSE_USER").as_deref(),
        variable("CLICKHOUSE_PASSWORD").as_deref(),
    )?
    .with_password_secret(variable("CLICKHOUSE_PASSWORD_SECRET_ID").as_deref())?;
    let Some(secret_id) = config.password_secret_id.clone() else {
        return Ok(Store::new(&config));
    };
    let password = password(&secret_id).await?;
    Ok(Store::new(&config.with_password(password)))
}

/// The password that a secret holds.
async fn password(secret_id: &str) -> Result<String, CliError> {
    let http = polo_aws::http::shared_http_client().map_err(polo_aws::ConfigError::from)?;
    let aws = polo_aws::load_config(http).await?;
    read_secret(&aws, secret_id, &Backoff::default())
        .await
        .and_then(|secret| secret.password())
        .map_err(|error| CliError::Failed(unusable(secret_id, &error)))
}

/// Why there is no password, and what to do about it. AWS's words are told, those of the HTTP client are for logs.
fn unusable(secret_id: &str, error: &SecretError) -> String {
    let class = match error {
        SecretError::Aws { source, .. } if source.code == "NoCredentials" => {
            return format!(
                "there are no AWS credentials to read secret {secret_id:?} with (CLICKHOUSE_PASSWORD_SECRET_ID): set \
                 AWS_PROFILE or AWS_ACCESS_KEY_ID"
            );
        }
        SecretError::Aws { source, .. } => Some(source.class),
        _ => None,
    };
    match class {
        Some(ErrorClass::Network | ErrorClass::Timeout) => format!(
            "Secrets Manager cannot be reached to read secret {secret_id:?} (CLICKHOUSE_PASSWORD_SECRET_ID): check \
             AWS_REGION, AWS_ENDPOINT_URL and the network"
        ),
        _ => format!(
            "CLICKHOUSE_PASSWORD_SECRET_ID names no usable password: {}",
            error_chain(error)
        ),
    }
}

/// The environment's name, which prefixes the functions.
pub(crate) fn name() -> Result<String, CliError> {
    let name = variable("POLO_ENV").unwrap_or_else(|| "dev".to_owned());
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.chars().all(legal) {
        Ok(name)
    } else {
        Err(CliError::Failed(format!(
            "POLO_ENV is {name:?}: it has to be letters, digits and hyphens, like dev"
        )))
    }
}

/// What the functions are told of the member roles, by the same variables.
pub(crate) struct RoleVariables {
    /// `POLO_HUB_ACCOUNT_ID`.
    pub(crate) hub_account_id: Option<String>,
    /// `POLO_EXTERNAL_ID`.
    pub(crate) external_id: Option<String>,
    /// `POLO_READ_ROLE_NAME`.
    pub(crate) read_role_name: Option<String>,
    /// `POLO_ACTION_ROLE_NAME`.
    pub(crate) action_role_name: Option<String>,
}

/// The functions' variables that say what the member roles are.
pub(crate) fn role_variables() -> RoleVariables {
    RoleVariables {
        hub_account_id: variable("POLO_HUB_ACCOUNT_ID"),
        external_id: variable("POLO_EXTERNAL_ID"),
        read_role_name: variable("POLO_READ_ROLE_NAME"),
        action_role_name: variable("POLO_ACTION_ROLE_NAME"),
    }
}

/// The address of the Lambda API and the variable that sets it, where it is not AWS's own.
pub(crate) fn lambda_endpoint() -> Option<(&'static str, String)> {
    ["AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"]
        .into_iter()
        .find_map(|name| Some((name, variable(name)?)))
}

/// Who decides: the one who is named, else the one who is logged in.
pub(crate) fn author(given: &Author) -> Result<String, CliError> {
    given
        .name
        .clone()
        .or_else(|| variable("USER"))
        .or_else(|| variable("LOGNAME"))
        .ok_or_else(|| {
            CliError::Usage(
                "nobody is named as the author: give --author NAME, USER is not set".to_owned(),
            )
        })
}

/// Who runs this program and where, for others who wait for it.
pub(crate) fn operator() -> String {
    let user = variable("USER").or_else(|| variable("LOGNAME"));
    let system = rustix::system::uname();
    format!(
        "{}@{}",
        user.as_deref().unwrap_or("somebody"),
        system.nodename().to_string_lossy()
    )
}

/// The width that a program asks for where standard output is no terminal.
pub(crate) fn columns() -> Option<u16> {
    variable("COLUMNS")?
        .parse()
        .ok()
        .filter(|columns| *columns > 0)
}

/// Whether colours are unwanted, <https://no-color.org>.
pub(crate) fn no_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// The present.
pub(crate) fn now() -> Timestamp {
    Clock::system().now()
}
