//! `local-stack watch-env`: the environment file for `cargo lambda watch --env-file`.
//! INVARIANT: one function's environment and credentials. `cargo lambda watch` gives the same variables to every function, so the others run
//! with this function's role there; only `serve` gives each its own.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::emulator::environment::StackEnvironment;
use crate::error::StackError;
use crate::local::commands;
use crate::local::env_file;
use crate::local::layout::Layout;

/// Writes the file for one function.
pub(crate) async fn write(layout: &Layout, function: &str) -> Result<(), StackError> {
    let client = commands::client(layout)?;
    let configuration = client
        .get(&format!("/2015-03-31/functions/{function}/configuration"))
        .await?;
    let template: BTreeMap<String, String> =
        serde_json::from_value(configuration["Environment"]["Variables"].clone())
            .unwrap_or_default();
    let outer = env_file::read(&layout.env_file())?;
    // The configuration holds the stack's values already; region and regional defaults come from the outer file.
    let mut values = StackEnvironment::new(
        outer
            .iter()
            .filter(|(key, _)| matches!(key.as_str(), "AWS_REGION" | "AWS_DEFAULT_REGION"))
            .map(|(key, value)| (key.clone(), value.clone())),
    )
    .over(function, &template);

    let aws = outer.get("AWS_ENDPOINT_URL").cloned().unwrap_or_default();
    let role = configuration["Role"]
        .as_str()
        .and_then(|arn| arn.rsplit('/').next())
        .unwrap_or_default();
    let credentials = crate::client::Client::new(aws)
        .get(&format!(
            "/polo-local/function-credentials?role_name={role}"
        ))
        .await?;
    for (key, field) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ] {
        let value = credentials
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default();
        values.insert(key.to_owned(), value.to_owned());
    }
    let path = layout.watch_env_file();
    env_file::write(&path, &values)?;
    println!(
        "Wrote {} with the environment and the credentials of {role}.",
        path.display()
    );
    println!(
        "`cargo lambda watch` gives every function the same variables, so all of them run as {role} there; `make up` gives each its own role."
    );
    println!(
        "Use it with: cargo lambda watch -A 127.0.0.1 -P 19000 --env-file {}",
        path.display()
    );
    Ok(())
}
