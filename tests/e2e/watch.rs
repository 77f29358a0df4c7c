//! `cargo lambda watch` on the local stack with the example organization.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use polo_core::Scope;
use polo_store::collectors::manifests;
use polo_tests::{Stack, root, until};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

/// Values that the file of `cargo lambda watch` has to quote, each in another way.
const DIFFICULT: [(&str, &str); 5] = [
    ("TEXT_JSON", r#"[{"exclude_ous":["ou-polo-12345678"]}]"#),
    ("TEXT_BLANKS", " two  words # no comment "),
    ("TEXT_LINES", "one\ntwo = $HOME\n"),
    ("TEXT_QUOTES", r#"it's "quoted" with a \ and a `"#),
    ("TEXT_BACKSLASHES", r"C:\new\"),
];

/// Every sample succeeds, each function runs with the variables of the stack, and a role that is missing can be deployed.
#[tokio::test(flavor = "multi_thread")]
async fn samples_succeed_under_cargo_lambda_watch() {
    let stack = Stack::start().await;
    let example = stack.load_example();
    let excluded = json!([{"exclude_ous": example["out_of_scope_ou_ids"]}]).to_string();
    let variables: Vec<_> = DIFFICULT
        .into_iter()
        .chain([("POLO_ORGANIZATIONS", excluded.as_str())])
        .collect();
    stack.configure("account-discovery", &variables).await;
    let watch = Watch::of(&stack).await;
    // The emulator's dispatcher would have every account collected as soon as it is active, which takes longer than all of this.
    let off = [("POLO_MODE", "off")];
    stack.configure("collection-dispatcher", &off).await;

    let echo = watch.invoke("echo-function", json!({})).await;
    let environment = &echo["environment"];
    for (name, value) in &variables {
        assert_eq!(environment[name], *value, "{name}");
    }
    for (name, value) in &stack.env {
        if !name.starts_with("AWS_") {
            assert_eq!(environment[name], *value, "{name}");
        }
    }

    for function in ["account-discovery", "access-verifier"] {
        watch.invoke(function, sample(function)).await;
    }
    let migrated = watch
        .invoke("schema-migrator", sample("schema-migrator-cloudformation"))
        .await;
    assert_eq!(migrated["outcome"], "migrated", "{migrated}");
    let page = watch.invoke("status-page", sample("status-page")).await;
    assert_eq!(page["statusCode"], 200, "{page}");
    for function in ["schema-migrator", "coverage-notifier", "role-provisioner"] {
        watch.invoke(function, sample(function)).await;
    }
    for collector in manifests().expect("the manifests are valid") {
        let sample = match collector.scope {
            Scope::Payer => sample("collector-payer"),
            _ => sample("collector"),
        };
        let run = watch.invoke(collector.id.as_str(), sample).await;
        assert_eq!(run["outcome"], "complete", "{}: {run}", collector.id);
    }
    let run = watch
        .invoke("config_ec2", sample("collector-in-regions"))
        .await;
    assert_eq!(run["outcome"], "complete", "{run}");
    let waiting = account(&example, "never_set_up");
    assert_eq!(stack.status(waiting).await, "pending_setup never_set_up");
    stack.decide(&["roles", "deploy", "--account", waiting]);
    stack.decide(&["verify", "--account", waiting]);
    assert_eq!(stack.status(waiting).await, "active role_works");
    // The last one, because the emulator then begins to collect from every account.
    let name = "collection-dispatcher";
    let sweep = watch.invoke(name, sample(name)).await;
    assert!(sweep["accepted"].as_u64() > Some(0), "{sweep}");
}

/// The account of the example that is in this condition.
fn account<'a>(example: &'a Value, condition: &str) -> &'a str {
    let accounts = example["accounts"].as_array().expect("a list");
    let account = accounts
        .iter()
        .find(|account| account["condition"] == condition);
    account
        .and_then(|account| account["account_id"].as_str())
        .expect("an account")
}

fn sample(name: &str) -> Value {
    let path = root().join(format!("events/{name}.json"));
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).expect("JSON")
}

/// `cargo lambda watch`, ended with the value.
struct Watch {
    child: Child,
    url: String,
    http: reqwest::Client,
}

impl Watch {
    async fn of(stack: &Stack) -> Self {
        let (code, words) = stack.command(&["watch-env"]);
        assert_eq!(code, Some(0), "{words}");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port()
            .to_string();
        let log = fs::File::create(stack.folder().join("logs/watch.log")).expect("a log");
        let child = cargo()
            .args([
                "lambda",
                "watch",
                "--ignore-changes",
                "-A",
                "127.0.0.1",
                "-P",
                &port,
            ])
            .arg("--env-file")
            .arg(stack.folder().join("watch.env"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("cargo runs");
        let watch = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::new(),
        };
        until("cargo lambda watch listens", async || {
            watch.http.get(&watch.url).send().await.ok()
        })
        .await;
        watch
    }

    /// The answer, which has to be a success.
    async fn invoke(&self, function: &str, payload: Value) -> Value {
        let response = self
            .http
            .post(format!(
                "{}/2015-03-31/functions/{function}/invocations",
                self.url
            ))
            .body(payload.to_string())
            .send()
            .await
            .expect("cargo lambda watch answers");
        let status = response.status();
        let text = response.text().await.expect("text");
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        assert!(
            status.is_success() && answer["errorType"].is_null(),
            "{function} {payload}: {status} {answer}"
        );
        answer
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Its functions are in its process group.
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            kill_process_group(group, Signal::TERM).unwrap_or_default();
        }
        self.child.wait().map(drop).unwrap_or_default();
    }
}

/// cargo as on a command line: what it has set for this test is not for the programs that it builds.
fn cargo() -> Command {
    use std::os::unix::process::CommandExt as _;

    let mut command = Command::new("cargo");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tools = std::iter::once(root().join(".tools/lambda/bin"));
    let path = std::env::join_paths(tools.chain(std::env::split_paths(&path))).expect("a PATH");
    command
        .current_dir(root())
        .env("PATH", path)
        .process_group(0);
    let of_cargo: BTreeMap<_, _> = std::env::vars_os()
        .filter(|(name, _)| {
            let name = name.to_string_lossy();
            (name.starts_with("CARGO_") && name != "CARGO_HOME") || name.starts_with("NEXTEST")
        })
        .collect();
    for name in of_cargo.keys() {
        command.env_remove(name);
    }
    command
}
