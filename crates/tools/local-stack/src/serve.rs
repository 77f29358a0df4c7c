//! `local-stack serve`: the Lambda emulator and the EventBridge forwarder in one process.
//! INVARIANT: it announces itself on stdout only when it answers, and its functions' processes end with it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::dead_letters::DeadLetters;
use crate::emulator::environment::StackEnvironment;
use crate::emulator::{
    Emulator, Settings, configuration, definition, function_url, invoke_api, runtime_api,
};
use crate::error::StackError;
use crate::events::{Forwarder, put_events, schedule};
use crate::inspection::{self, Inspected};
use crate::local::env_file;
use crate::template::Templates;

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Take a free port if another program has that one.
    #[arg(long)]
    or_free_port: bool,
    /// Folder of the synthesized templates.
    #[arg(long, default_value = "infra/polo/cdk.out")]
    templates: PathBuf,
    /// Folder of the functions' binaries.
    #[arg(long, default_value = "target/debug")]
    bin_dir: PathBuf,
    /// Folder for the functions' logs.
    #[arg(long, default_value = ".local/logs")]
    log_dir: PathBuf,
    /// KEY=VALUE lines laid over the templates' environment; `<function>:KEY=VALUE` for one function.
    #[arg(long)]
    env_file: Option<PathBuf>,
    /// The local AWS, which hands out the functions' credentials.
    #[arg(long)]
    aws_endpoint: String,
    /// The hub account.
    #[arg(long, default_value = "123456789012")]
    account: String,
    /// The hub's region.
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// Concurrent invocations per function.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Pauses before the retries of an asynchronous invocation, milliseconds (on AWS 60000,120000).
    #[arg(long, value_delimiter = ',', default_value = "1000,2000")]
    retry_delays_ms: Vec<u64>,
    /// Replaces the templates' maximum age of an asynchronous invocation, milliseconds.
    #[arg(long)]
    max_event_age_ms: Option<u64>,
    /// How long a function's process may take to ask for its first invocation, seconds.
    #[arg(long, default_value_t = 60)]
    init_timeout_s: u64,
    /// End as soon as stdin reaches its end.
    #[arg(long)]
    exit_with_stdin: bool,
}

/// Serves until a signal, or until stdin ends where that was asked for.
pub(crate) async fn serve(options: ServeOptions) -> Result<(), StackError> {
    let templates = Templates::load(&options.templates, &options.account, &options.region)?;
    let definitions = definition::functions(&templates)?;
    std::fs::create_dir_all(&options.log_dir)
        .map_err(StackError::file("create the folder", &options.log_dir))?;

    let unable = |source| StackError::Listen {
        port: options.port,
        source,
    };
    let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await;
    if listener.is_err() && options.or_free_port {
        listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    }
    let listener = listener.map_err(unable)?;
    let address = listener.local_addr().map_err(unable)?.to_string();

    let mut environment: BTreeMap<String, String> = match &options.env_file {
        Some(path) => env_file::read(path)?,
        None => BTreeMap::new(),
    };
    // Functions put their events, and invoke each other, here.
    for key in ["AWS_ENDPOINT_URL_EVENTBRIDGE", "AWS_ENDPOINT_URL_LAMBDA"] {
        environment.insert(key.to_owned(), format!("http://{address}"));
    }
    environment
        .entry("AWS_ENDPOINT_URL".to_owned())
        .or_insert_with(|| options.aws_endpoint.clone());

    let dead_letters = Arc::new(DeadLetters::default());
    let settings = Settings {
        address: address.clone(),
        bin_dir: options.bin_dir,
        log_dir: options.log_dir,
        concurrency: usize::from(options.concurrency),
        retry_delays: options
            .retry_delays_ms
            .into_iter()
            .map(Duration::from_millis)
            .collect(),
        max_event_age: options.max_event_age_ms.map(Duration::from_millis),
        init_timeout: Duration::from_secs(options.init_timeout_s),
        region: options.region,
    };
    let emulator = Arc::new(Emulator::new(
        definitions,
        settings,
        StackEnvironment::new(environment),
        &options.aws_endpoint,
        &dead_letters,
    ));
    let forwarder = Arc::new(Forwarder::new(
        &templates,
        Arc::clone(&emulator),
        Arc::clone(&dead_letters),
    )?);
    let inspected = Inspected {
        emulator: Arc::clone(&emulator),
        forwarder: Arc::clone(&forwarder),
        dead_letters,
    };

    let router = Router::new()
        .merge(runtime_api::routes(Arc::clone(&emulator.instances)))
        .merge(invoke_api::routes(Arc::clone(&emulator)))
        .merge(configuration::routes(Arc::clone(&emulator)))
        .merge(function_url::routes(Arc::clone(&emulator)))
        .merge(put_events::routes(Arc::clone(&forwarder)))
        .merge(schedule::routes(forwarder))
        .merge(inspection::routes(inspected));

    let mut terminate =
        signal(SignalKind::terminate()).map_err(|source| StackError::Serve { source })?;
    let mut interrupt =
        signal(SignalKind::interrupt()).map_err(|source| StackError::Serve { source })?;
    tracing::info!(
        functions = emulator.functions.len(),
        "listening on http://{address}"
    );
    println!("listening on http://{address}");
    tokio::select! {
        ended = axum::serve(listener, router) => ended.map_err(|source| StackError::Serve { source })?,
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = stdin_ended(options.exit_with_stdin) => {}
    }
    emulator.instances.kill_all().await;
    Ok(())
}

/// Waits for the end of stdin, or for ever.
async fn stdin_ended(asked_for: bool) {
    let (ended, end) = oneshot::channel::<()>();
    if !asked_for {
        std::future::pending::<()>().await;
    }
    // A plain thread: a read of stdin cannot be cancelled, and must not keep the runtime from ending.
    std::thread::spawn(move || {
        // An error ends it like the end itself: the parent is gone either way.
        drop(std::io::copy(
            &mut std::io::stdin().lock(),
            &mut std::io::sink(),
        ));
        drop(ended);
    });
    drop(end.await);
}
