//! The settings, from the environment, and the time. Invariant: the only place of this program that reads either; a
//! password is handed on and never shown.

use aws_config::SdkConfig;
use axum::http::Uri;
use polo_aws::{Backoff, Clock, SecretError, read_secret};
use polo_core::setting::Setting;
use polo_core::text::{clip, printable, quoted};
use polo_core::{ErrorClass, Timestamp, error_chain};
use polo_store::{Store, StoreConfig};
use tracing_subscriber::EnvFilter;

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
    let (aws, _) = aws().await?;
    read_secret(&aws, secret_id, &Backoff::default())
        .await
        .and_then(|secret| secret.password())
        .map_err(|error| CliError::Failed(unusable(secret_id, &error)))
}

/// Why there is no password, and what to do about it.
fn unusable(secret_id: &str, error: &SecretError) -> String {
    let secret = quoted(secret_id);
    let failure = match error {
        SecretError::Aws { source, .. } => Some(source),
        _ => None,
    };
    match failure.map(|failure| (failure.code.as_str(), failure.class)) {
        Some(("NoCredentials", _)) => no_credentials(
            &format!("read secret {secret} (CLICKHOUSE_PASSWORD_SECRET_ID) with"),
            "",
        ),
        Some((_, ErrorClass::Network | ErrorClass::Timeout)) => format!(
            "Secrets Manager cannot be reached to read secret {secret} (CLICKHOUSE_PASSWORD_SECRET_ID): check \
             AWS_REGION, AWS_ENDPOINT_URL and the network"
        ),
        _ => format!(
            "CLICKHOUSE_PASSWORD_SECRET_ID names no usable password: {}",
            error_chain(error)
        ),
    }
}

/// The operator's own AWS configuration, and its region. Nothing is asked yet.
pub(crate) async fn aws() -> Result<(SdkConfig, String), CliError> {
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Some(region) = variable(name) {
            Setting::Region
                .check(&region)
                .map_err(|rule| wrong(name, &region, rule))?;
        }
    }
    for name in [
        "AWS_ENDPOINT_URL",
        LAMBDA_ENDPOINT,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    ] {
        if let Some(url) = variable(name) {
            check_endpoint(name, &url)?;
        }
    }
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"] {
        // They become part of a header, and the SDK panics at what no header can hold.
        let is_header = |value: String| value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !variable(name).is_none_or(is_header) {
            return Err(CliError::Failed(format!(
                "{name} holds a character that no AWS credential has (its value is not shown): set it again"
            )));
        }
    }
    let http = polo_aws::http::shared_http_client().map_err(polo_aws::ConfigError::from)?;
    let config = polo_aws::load_config(http).await?;
    let region = config
        .region()
        .map(ToString::to_string)
        // A variable that is set to nothing is no region either.
        .filter(|region| !region.is_empty())
        .ok_or(polo_aws::ConfigError::NoRegion)?;
    Ok((config, region))
}

/// The SDK reports a wrong address with the whole request, and would send a password in it to logs.
fn check_endpoint(name: &str, url: &str) -> Result<(), CliError> {
    if url.contains('@') {
        return Err(CliError::Failed(format!(
            "{name} must not hold a user or a password (its value is not shown): write http:// or https:// and the host"
        )));
    }
    let is_endpoint = url.parse::<Uri>().is_ok_and(|uri| {
        let port_is_one = uri.authority().is_some_and(|authority| {
            authority.as_str() == authority.host() || authority.port_u16().is_some()
        });
        matches!(uri.scheme_str(), Some("http" | "https")) && port_is_one
    });
    if is_endpoint {
        Ok(())
    } else {
        Err(wrong(
            name,
            url,
            "write a URL such as http://localhost:9000, or unset it to use AWS",
        ))
    }
}

fn wrong(name: &str, value: &str, rule: &str) -> CliError {
    CliError::Failed(format!("{name} is {}: {rule}", quoted(value)))
}

/// There is nothing to sign with; `why` may be empty.
pub(crate) fn no_credentials(purpose: &str, why: &str) -> String {
    let profile = match variable("AWS_PROFILE") {
        Some(profile) => format!(
            "check the profile {} (AWS_PROFILE), or sign in to it",
            quoted(&profile)
        ),
        None => "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned(),
    };
    let why = match why {
        "" => String::new(),
        why => format!(" ({why})"),
    };
    format!("there are no AWS credentials to {purpose}{why}: {profile}")
}

/// The name of the environment, which prefixes the functions.
pub(crate) fn name() -> Result<String, CliError> {
    let name = variable("POLO_ENV").unwrap_or_else(|| "dev".to_owned());
    match Setting::EnvironmentName.check(&name) {
        Ok(()) => Ok(name),
        Err(rule) => Err(wrong("POLO_ENV", &name, rule)),
    }
}

/// What the log on standard error shows: the AWS SDK's own warnings only if RUST_LOG asks for them, because their
/// causes are in our errors.
pub(crate) fn log_filter() -> Result<EnvFilter, CliError> {
    const USUAL: &str = "warn,aws_config=off,aws_runtime=off,aws_smithy_runtime=off";
    let text = variable("RUST_LOG");
    EnvFilter::try_new(text.as_deref().unwrap_or(USUAL)).map_err(|_| {
        wrong(
            "RUST_LOG",
            text.as_deref().unwrap_or_default(),
            "write a level (error, warn, info, debug, trace), or a filter such as aws_config=debug",
        )
    })
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

const LAMBDA_ENDPOINT: &str = "AWS_ENDPOINT_URL_LAMBDA";

/// Where the Lambda API is, for errors: its region, or the address and the variable that sets it.
pub(crate) fn lambda_place(region: &str) -> String {
    let endpoint = [LAMBDA_ENDPOINT, "AWS_ENDPOINT_URL"]
        .into_iter()
        .find_map(|name| Some((name, variable(name)?)));
    match endpoint {
        Some((name, url)) => format!("at {} ({name})", clip(&url, 120)),
        None => format!("in {region}"),
    }
}

/// Who decides: the one who is named, else the one who is logged in.
pub(crate) fn author(given: &Author) -> Result<String, CliError> {
    if let Some(name) = &given.name {
        return Ok(name.clone());
    }
    let (variable, name) = user().ok_or_else(|| {
        CliError::Usage("no author: pass --author NAME (USER is not set)".to_owned())
    })?;
    match Setting::Name.check(&name) {
        Ok(()) => Ok(name),
        Err(rule) => Err(CliError::Failed(format!(
            "{variable} is {}, which cannot be an author: {rule}, or pass --author NAME",
            quoted(&name)
        ))),
    }
}

/// The one who is logged in, and the variable that says so.
fn user() -> Option<(&'static str, String)> {
    ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| Some((name, variable(name)?)))
}

/// Who runs this program and where, for others who wait for it.
pub(crate) fn operator() -> String {
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    let user = user().map_or_else(|| "unknown user".to_owned(), |(_, name)| name);
    printable(&clip(&format!("{user}@{host}"), 200)).into_owned()
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
