//! `local-stack up`: engine, local AWS, migrations, functions. INVARIANT: engine and AWS start empty together, and `.local/env` exists exactly as
//! long as the whole stack was well when it was written.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::emulator::definition::{self, FunctionDefinition};
use crate::emulator::function_url;
use crate::error::StackError;
use crate::local::layout::Layout;
use crate::local::process::Record;
use crate::local::service::Service;
use crate::local::{env_file, process, readiness};
use crate::template::{self, Templates};

/// The hub account is the organization's management account here: moto's own.
const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const EXTERNAL_ID: &str = "polo-local";
const STACK_SET: &str = "polo-roles";
const DATABASE: &str = "polo";
/// Where functions and events are, unless another program is there: events/schema-migrator-cloudformation.json names it.
const FUNCTIONS_PORT: &str = "19001";
/// The function that is the status page, and the variable with its address.
const PAGE: &str = "status-page";
const PAGE_URL: &str = "POLO_STATUS_PAGE_URL";

/// What the start needs to know of the templates.
struct Wiring {
    functions: Vec<FunctionDefinition>,
    env: String,
    read_role: String,
}

/// Starts the stack, or says that it runs.
pub(crate) async fn up(layout: &Layout) -> Result<(), StackError> {
    for folder in [layout.local.clone(), layout.run(), layout.logs()] {
        fs::create_dir_all(&folder).map_err(StackError::file("create the folder", &folder))?;
    }
    let _lock = lock(layout)?;
    if already_up(layout).await? {
        return Ok(());
    }
    let wiring = wiring(layout)?;
    check_prerequisites(layout, &wiring)?;
    let started = start(layout, &wiring).await;
    if started.is_err() {
        stop_all(layout)?;
    }
    started
}

/// Stops everything and forgets the addresses. Returns what was running.
pub(super) fn stop_all(layout: &Layout) -> Result<Vec<Service>, StackError> {
    remove(&layout.env_file())?;
    let mut stopped = Vec::new();
    for service in Service::ALL.into_iter().rev() {
        if service.stop(layout)? {
            stopped.push(service);
        }
    }
    Ok(stopped)
}

/// One `up` or `down` at a time; the lock goes with the process.
pub(super) fn lock(layout: &Layout) -> Result<fs::File, StackError> {
    let path = layout.run().join("lock");
    let file = fs::File::create(&path).map_err(StackError::file("write", &path))?;
    file.lock().map_err(StackError::file("lock", &path))?;
    Ok(file)
}

async fn already_up(layout: &Layout) -> Result<bool, StackError> {
    let mut well = Vec::new();
    let mut ill = Vec::new();
    for service in Service::ALL {
        match service.load(layout)? {
            Some(record)
                if process::lives(&record) && readiness::answers(service, &record.url).await =>
            {
                well.push((service, record))
            }
            _ => ill.push(service.name()),
        }
    }
    if ill.is_empty() && layout.env_file().is_file() {
        println!("The local stack is already up:");
        for (service, record) in &well {
            print_service(*service, &record.url);
        }
        print_page(layout)?;
        let started = modified(&layout.env_file());
        if template::files(&layout.templates())?
            .iter()
            .any(|path| modified(path) > started)
        {
            println!(
                "The templates are newer than the stack: `make down up` applies them (and starts empty)."
            );
        }
        return Ok(true);
    }
    if !well.is_empty() {
        println!(
            "The local stack was half up ({} did not answer): starting afresh.",
            ill.join(", ")
        );
    }
    stop_all(layout)?;
    Ok(false)
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
}

fn wiring(layout: &Layout) -> Result<Wiring, StackError> {
    let templates = Templates::load(&layout.templates(), ACCOUNT, REGION)?;
    let functions = definition::functions(&templates)?;
    let variable = |key: &str| {
        functions
            .iter()
            .find_map(|function| function.environment.get(key).cloned())
    };
    let env = variable("POLO_ENV").unwrap_or_else(|| "dev".to_owned());
    let read_role =
        variable("POLO_READ_ROLE_NAME").unwrap_or_else(|| format!("{env}-PoloReadRole"));
    Ok(Wiring {
        functions,
        env,
        read_role,
    })
}

fn check_prerequisites(layout: &Layout, wiring: &Wiring) -> Result<(), StackError> {
    let mut needed = vec![
        (
            "the embedded engine",
            binary(layout, "clickhouse-embedded"),
            "build",
        ),
        (
            "the command line that migrates",
            binary(layout, "polo"),
            "build",
        ),
        ("the Python environment", layout.python(), "tools"),
        ("the launcher of the local AWS", layout.launcher(), "tools"),
    ];
    needed.extend(
        wiring
            .functions
            .iter()
            .map(|function| ("a function's binary", binary(layout, &function.id), "build")),
    );
    match needed.into_iter().find(|(_, path, _)| !path.exists()) {
        Some((what, path, target)) => Err(StackError::NotBuilt { what, path, target }),
        None => Ok(()),
    }
}

pub(crate) fn binary(layout: &Layout, name: &str) -> PathBuf {
    // Beside this program, so that a changed target folder is followed.
    let folder = std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(Path::to_owned));
    folder
        .unwrap_or_else(|| layout.root.join("target/debug"))
        .join(name)
}

async fn start(layout: &Layout, wiring: &Wiring) -> Result<(), StackError> {
    remove_tree(&layout.data())?;
    let engine = launch_engine(layout)?;
    let aws = launch_aws(layout)?;
    let engine_url = ready(layout, Service::Engine, engine).await?;
    let aws_url = ready(layout, Service::Aws, aws).await?;

    let mut environment = base_environment(wiring, &engine_url, &aws_url);
    migrate(layout, &environment)?;

    write_functions_environment(layout, &environment)?;
    let functions = launch_functions(layout, &aws_url)?;
    let functions_url = ready(layout, Service::Functions, functions).await?;

    for key in [
        "LAMBDA_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_LAMBDA",
        "AWS_ENDPOINT_URL_EVENTBRIDGE",
    ] {
        environment.insert(key.to_owned(), functions_url.clone());
    }
    let page = page_url(wiring, &functions_url);
    if let Some(page) = &page {
        environment.insert(PAGE_URL.to_owned(), page.clone());
    }
    env_file::write(&layout.env_file(), &environment)?;

    println!("The local stack is up, with an empty AWS:");
    for (service, url) in [
        (Service::Engine, &engine_url),
        (Service::Aws, &aws_url),
        (Service::Functions, &functions_url),
    ] {
        print_service(service, url);
    }
    print_page(layout)?;
    print_path("settings", &layout.env_file());
    print_path("logs", &layout.logs());
    Ok(())
}

fn print_service(service: Service, url: &str) {
    println!("  {:<21} {url}", service.title());
}

fn print_path(what: &str, path: &Path) {
    println!("  {what:<21} {}", path.display());
}

/// The status page's address, where the templates have one.
fn page_url(wiring: &Wiring, functions_url: &str) -> Option<String> {
    let function = wiring
        .functions
        .iter()
        .find(|function| function.id == PAGE && function.url_auth_type.is_some())?;
    let server = functions_url.strip_prefix("http://")?;
    Some(function_url::address(server, &function.id))
}

fn print_page(layout: &Layout) -> Result<(), StackError> {
    if let Some(url) = page(layout)? {
        println!("  {:<21} {url}", "status page");
    }
    Ok(())
}

/// Where the status page is, if there is one.
pub(crate) fn page(layout: &Layout) -> Result<Option<String>, StackError> {
    Ok(env_file::read(&layout.env_file())?.remove(PAGE_URL))
}

fn launch_engine(layout: &Layout) -> Result<Record, StackError> {
    let arguments = [
        "--path".to_owned(),
        layout.data().display().to_string(),
        "--http-port".to_owned(),
        "0".to_owned(),
    ];
    launch(
        layout,
        Service::Engine,
        &binary(layout, "clickhouse-embedded"),
        &arguments,
    )
}

fn launch_aws(layout: &Layout) -> Result<Record, StackError> {
    let mut arguments = vec![layout.launcher().display().to_string()];
    for (option, value) in [
        ("--host", "127.0.0.1"),
        ("--port", "0"),
        ("--external-id", EXTERNAL_ID),
        ("--account-id", ACCOUNT),
        ("--region", REGION),
    ] {
        arguments.extend([option.to_owned(), value.to_owned()]);
    }
    for template in template::files(&layout.templates())? {
        arguments.extend(["--template".to_owned(), template.display().to_string()]);
    }
    launch(layout, Service::Aws, &layout.python(), &arguments)
}

fn launch_functions(layout: &Layout, aws_url: &str) -> Result<Record, StackError> {
    let program = binary(layout, "local-stack");
    let bin_dir = program.parent().map(Path::to_owned).unwrap_or_default();
    let mut arguments = vec!["serve".to_owned(), "--or-free-port".to_owned()];
    for (option, value) in [
        ("--port", FUNCTIONS_PORT.to_owned()),
        ("--templates", layout.templates().display().to_string()),
        ("--bin-dir", bin_dir.display().to_string()),
        ("--log-dir", layout.logs().display().to_string()),
        (
            "--env-file",
            layout.functions_env_file().display().to_string(),
        ),
        ("--aws-endpoint", aws_url.to_owned()),
        ("--account", ACCOUNT.to_owned()),
        ("--region", REGION.to_owned()),
    ] {
        arguments.extend([option.to_owned(), value]);
    }
    launch(layout, Service::Functions, &program, &arguments)
}

fn launch(
    layout: &Layout,
    service: Service,
    program: &Path,
    arguments: &[String],
) -> Result<Record, StackError> {
    let log = layout.log(service.name());
    // Python would otherwise keep its announcement in a buffer, and write its caches among the sources.
    let environment = BTreeMap::from([
        ("PYTHONUNBUFFERED".to_owned(), "1".to_owned()),
        ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()),
    ]);
    let pid = process::spawn_detached(program, arguments, &environment, &layout.root, &log)?;
    // Without an identity it has ended already, which waiting for it reports.
    let record = Record {
        pid,
        identity: process::identity(pid).unwrap_or_default(),
        url: String::new(),
    };
    service.save(layout, &record)?;
    Ok(record)
}

async fn ready(layout: &Layout, service: Service, record: Record) -> Result<String, StackError> {
    let url = readiness::wait(layout, service, &record).await?;
    service.save(
        layout,
        &Record {
            url: url.clone(),
            ..record
        },
    )?;
    Ok(url)
}

fn base_environment(wiring: &Wiring, engine_url: &str, aws_url: &str) -> BTreeMap<String, String> {
    let mut environment: BTreeMap<String, String> = [
        ("CLICKHOUSE_URL", engine_url),
        ("CLICKHOUSE_DATABASE", DATABASE),
        ("AWS_ENDPOINT_URL", aws_url),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        // Keys that the local AWS does not know belong to the management account.
        ("AWS_ACCESS_KEY_ID", "AKIAPOLOLOCALMANAGER"),
        ("AWS_SECRET_ACCESS_KEY", "polo-local"),
        ("POLO_HUB_ACCOUNT_ID", ACCOUNT),
        ("POLO_EXTERNAL_ID", EXTERNAL_ID),
        ("POLO_READ_ROLE_NAME", &wiring.read_role),
        ("POLO_ENV", &wiring.env),
        ("POLO_STACK_SET_NAME", STACK_SET),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect();
    for function in &wiring.functions {
        let id = function.id.to_uppercase().replace('-', "_");
        environment.insert(format!("POLO_ROLE_ARN_{id}"), function.role_arn.clone());
    }
    environment
}

/// What the functions see over their template's environment. The StackSet's name is for the verifier alone: no other function may read StackSets.
fn write_functions_environment(
    layout: &Layout,
    environment: &BTreeMap<String, String>,
) -> Result<(), StackError> {
    let mut values: BTreeMap<String, String> = [
        "CLICKHOUSE_URL",
        "CLICKHOUSE_DATABASE",
        "AWS_ENDPOINT_URL",
        "POLO_HUB_ACCOUNT_ID",
        "POLO_EXTERNAL_ID",
    ]
    .into_iter()
    .filter_map(|key| {
        environment
            .get(key)
            .map(|value| (key.to_owned(), value.clone()))
    })
    .collect();
    values.insert(
        "access-verifier:POLO_STACK_SET_NAME".to_owned(),
        STACK_SET.to_owned(),
    );
    env_file::write(&layout.functions_env_file(), &values)
}

fn migrate(layout: &Layout, environment: &BTreeMap<String, String>) -> Result<(), StackError> {
    let program = binary(layout, "polo");
    let output = Command::new(&program)
        // The local StackSet deploys at once: there is no propagation to wait for.
        .args(["migrate", "--propagation-grace-seconds", "0"])
        .envs(environment)
        .current_dir(&layout.root)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| StackError::Run { program, source })?;
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        eprint!("{lines}");
        return Err(StackError::Migrations {
            status: output.status,
        });
    }
    let summary = lines.lines().find(|line| line.starts_with("The schema "));
    println!("{}", summary.unwrap_or("The schema is up to date."));
    Ok(())
}

fn remove(path: &Path) -> Result<(), StackError> {
    absent_is_fine(fs::remove_file(path)).map_err(StackError::file("remove", path))
}

fn remove_tree(path: &Path) -> Result<(), StackError> {
    absent_is_fine(fs::remove_dir_all(path)).map_err(StackError::file("remove", path))
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
