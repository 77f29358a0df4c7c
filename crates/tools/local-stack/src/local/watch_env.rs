//! `local-stack watch-env`: the environment file for `cargo lambda watch --env-file`.
//! INVARIANT: the file has every variable of `.local/env` and of every function, because `cargo lambda watch` gives all functions the same
//! variables. They share the identity of one function, with the rights of all; only `serve` gives each its own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::client::Client;
use crate::error::StackError;
use crate::local::layout::Layout;
use crate::local::{commands, env_file, watch_file};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    role: String,
    environment: Environment,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    variables: BTreeMap<String, String>,
}

/// Writes the file, with the identity of this function.
pub(crate) async fn write(layout: &Layout, function: &str) -> Result<(), StackError> {
    let client = commands::client(layout)?;
    let own: Configuration = described(
        client
            .get(&format!("/2015-03-31/functions/{function}/configuration"))
            .await?,
    )?;
    let mut all = client.get("/2015-03-31/functions").await?;
    let others: Vec<Configuration> = described(all["Functions"].take())?;
    let role = own.role.rsplit('/').next().unwrap_or_default().to_owned();

    // The stack's own values, then those of all functions, then those of the one whose identity they share.
    let mut values = env_file::read(&layout.env_file())?;
    for configuration in others.into_iter().chain([own]) {
        values.extend(configuration.environment.variables);
    }
    values.extend(credentials(&values, &role).await?);
    watch_file::write(&layout.watch_env_file(), &values)?;

    println!("Wrote {}.", layout.watch_env_file().display());
    println!("All functions run as {role} there, with the rights of every function.");
    Ok(())
}

async fn credentials(
    values: &BTreeMap<String, String>,
    role: &str,
) -> Result<[(String, String); 3], StackError> {
    let aws = Client::new(values.get("AWS_ENDPOINT_URL").cloned().unwrap_or_default());
    let answer = aws
        .get(&format!(
            "/polo-local/function-credentials?role_name={role}&rights=all"
        ))
        .await?;
    Ok([
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ]
    .map(|(key, field)| {
        let value = answer[field].as_str().unwrap_or_default();
        (key.to_owned(), value.to_owned())
    }))
}

fn described<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, StackError> {
    serde_json::from_value(value).map_err(|error| StackError::Refused {
        message: format!("the local stack described its functions in an unknown form: {error}"),
    })
}
