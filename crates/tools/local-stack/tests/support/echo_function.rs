//! A function for the emulator's tests: does what its payload says. INVARIANT: it answers with what it was given, so that a test sees the
//! emulator's side of every value.

#![allow(missing_docs, reason = "a program for tests")]
#![allow(
    clippy::disallowed_methods,
    reason = "it shows the emulator's environment and deadline as a function sees them"
)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, process};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

fn main() -> Result<(), Error> {
    if env::var("ECHO_FAIL_INIT").is_ok() {
        eprintln!("cannot start, as asked");
        process::exit(3);
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(service_fn(handle)))
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    // One line per attempt: a test reads attempts and request ids here, also of those that never answer.
    println!("attempt {} {payload}", context.request_id);
    // A request to a function URL: the body that it carries is what the function answers.
    if let Some(answer) = payload["body"].as_str() {
        return Ok(serde_json::from_str(answer)?);
    }
    match payload["do"].as_str().unwrap_or_default() {
        "fail" => return Err(format!("failed as asked: {payload}").into()),
        "exit" => process::exit(7),
        "abort" => process::abort(),
        "sleep" => {
            tokio::time::sleep(Duration::from_millis(
                payload["ms"].as_u64().unwrap_or_default(),
            ))
            .await
        }
        "hang" => std::future::pending().await,
        _ => {}
    }
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    Ok(json!({
        "payload": payload,
        "pid": process::id(),
        "request_id": context.request_id,
        "deadline_in_ms": i128::from(context.deadline) - i128::try_from(now_ms)?,
        "invoked_function_arn": context.invoked_function_arn,
        "environment": env::vars().collect::<std::collections::BTreeMap<_, _>>(),
    }))
}
