//! The Lambda emulator: functions of the templates as processes behind Lambda's two APIs.
//! INVARIANT: an accepted asynchronous invocation is counted from the moment it is accepted until it has succeeded or lies in the dead
//! letters, without a gap, so that "settled" is decidable.

pub(crate) mod configuration;
pub(crate) mod counts;
mod credentials;
pub(crate) mod definition;
pub(crate) mod environment;
pub(crate) mod function;
pub(crate) mod function_url;
mod instances;
pub(crate) mod invoke_api;
mod outcome;
pub(crate) mod queue;
pub(crate) mod runtime_api;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::dead_letters::DeadLetters;
use crate::emulator::credentials::Credentials;
use crate::emulator::definition::FunctionDefinition;
use crate::emulator::environment::StackEnvironment;
use crate::emulator::function::Function;
use crate::emulator::instances::Instances;

/// What all functions share.
#[derive(Debug)]
pub(crate) struct Settings {
    /// `host:port` of this server, where instances find their runtime API.
    pub(crate) address: String,
    /// Where the binaries lie, each named by its function's id.
    pub(crate) bin_dir: PathBuf,
    /// Where each function's output goes.
    pub(crate) log_dir: PathBuf,
    /// Instances per function at once.
    pub(crate) concurrency: usize,
    /// The pause before each retry of an asynchronous invocation; the last one repeats.
    pub(crate) retry_delays: Vec<Duration>,
    /// Replaces the templates' maximum age of an asynchronous invocation.
    pub(crate) max_event_age: Option<Duration>,
    /// How long a new process may take to ask for its first invocation.
    pub(crate) init_timeout: Duration,
    pub(crate) region: String,
}

/// All functions.
#[derive(Debug)]
pub(crate) struct Emulator {
    pub(crate) functions: BTreeMap<String, Arc<Function>>,
    pub(crate) instances: Arc<Instances>,
}

impl Emulator {
    pub(crate) fn new(
        definitions: Vec<FunctionDefinition>,
        settings: Settings,
        environment: StackEnvironment,
        aws_endpoint: &str,
        dead_letters: &Arc<DeadLetters>,
    ) -> Self {
        let settings = Arc::new(settings);
        let environment = Arc::new(environment);
        let credentials = Arc::new(Credentials::new(aws_endpoint));
        let instances = Arc::new(Instances::default());
        let functions = definitions
            .into_iter()
            .map(|definition| {
                let id = definition.id.clone();
                let function = Function::new(
                    definition,
                    Arc::clone(&settings),
                    Arc::clone(&environment),
                    Arc::clone(&credentials),
                    Arc::clone(&instances),
                    Arc::clone(dead_letters),
                );
                (id, Arc::new(function))
            })
            .collect();
        Self {
            functions,
            instances,
        }
    }

    /// The function called `name`: its id, its full name or its ARN, with or without a qualifier.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Function>> {
        // An ARN, or its end from the account on, has the name after `function`; a qualifier follows the name.
        let mut parts = name.split(':');
        let first = parts.next()?;
        let is_account = first.len() == 12 && first.bytes().all(|byte| byte.is_ascii_digit());
        let name = if first == "arn" || is_account {
            parts.find(|part| *part == "function")?;
            parts.next()?
        } else {
            first
        };
        self.functions.get(name).or_else(|| {
            self.functions
                .values()
                .find(|function| function.definition.name == name)
        })
    }
}
