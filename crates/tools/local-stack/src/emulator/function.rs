//! One function: its pool of instances and one attempt of an invocation.
//! INVARIANT: at most `concurrency` instances at once; an instance with an old configuration or binary gets no further invocation.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{sleep, sleep_until};
use uuid::Uuid;

use crate::dead_letters::DeadLetters;
use crate::emulator::Settings;
use crate::emulator::counts::CountsCell;
use crate::emulator::credentials::Credentials;
use crate::emulator::definition::FunctionDefinition;
use crate::emulator::environment::StackEnvironment;
use crate::emulator::instances::{Generation, Handed, Instance, Instances, Work};
use crate::emulator::outcome::Outcome;

/// A function and its instances.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) definition: FunctionDefinition,
    pub(crate) settings: Arc<Settings>,
    pub(crate) counts: CountsCell,
    pub(crate) dead_letters: Arc<DeadLetters>,
    environment: Arc<StackEnvironment>,
    credentials: Arc<Credentials>,
    instances: Arc<Instances>,
    places: Semaphore,
    idle: Mutex<Vec<Arc<Instance>>>,
    overrides: Mutex<Overrides>,
}

/// What UpdateFunctionConfiguration set.
#[derive(Debug, Default)]
struct Overrides {
    variables: BTreeMap<String, String>,
    revision: u64,
}

impl Function {
    pub(crate) fn new(
        definition: FunctionDefinition,
        settings: Arc<Settings>,
        environment: Arc<StackEnvironment>,
        credentials: Arc<Credentials>,
        instances: Arc<Instances>,
        dead_letters: Arc<DeadLetters>,
    ) -> Self {
        let places = Semaphore::new(settings.concurrency);
        Self {
            definition,
            settings,
            counts: CountsCell::default(),
            dead_letters,
            environment,
            credentials,
            instances,
            places,
            idle: Mutex::default(),
            overrides: Mutex::default(),
        }
    }

    /// The variables as GetFunctionConfiguration shows them.
    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self
            .environment
            .over(&self.definition.id, &self.definition.environment);
        variables.extend(
            self.overrides
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .variables
                .clone(),
        );
        variables
    }

    /// Replaces the overriding variables; the template's and the stack's stay underneath. Idle instances end, busy ones after their answer.
    pub(crate) fn override_variables(&self, variables: BTreeMap<String, String>) {
        {
            let mut overrides = self
                .overrides
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            overrides.variables = variables;
            overrides.revision += 1;
        }
        for instance in self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            instance.kill();
        }
    }

    /// How many processes live.
    pub(crate) fn instance_count(&self) -> usize {
        self.instances.count(&self.definition.id)
    }

    /// Kills the processes in mid-run.
    pub(crate) fn kill_running(&self) -> usize {
        self.instances.kill_running(&self.definition.id)
    }

    /// Waits for a place among the function's concurrent invocations.
    pub(crate) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.places.acquire().await.ok()
    }

    /// One attempt, in a place that the caller holds.
    pub(crate) async fn attempt(&self, request_id: Uuid, payload: &Bytes) -> Outcome {
        let outcome = loop {
            let (instance, reused) = match self.idle_instance() {
                Some(instance) => (instance, true),
                None => match self.start_instance().await {
                    Ok(instance) => (instance, false),
                    Err(reason) => break Outcome::not_started(request_id, &reason),
                },
            };
            match self.run_on(&instance, request_id, payload).await {
                Some(outcome) => {
                    self.keep_or_retire(instance);
                    break outcome;
                }
                // It died while idle and never saw the invocation: that is nobody's failed attempt.
                None if reused => {}
                None => break Outcome::exited(request_id, instance.exited().await),
            }
        };
        if let Outcome::Error(payload) = &outcome {
            let error = String::from_utf8_lossy(payload);
            tracing::warn!(function = self.definition.id, %request_id, %error, "invocation failed");
        }
        outcome
    }

    /// Runs the invocation on one instance; None where the process ended before it took it.
    async fn run_on(
        &self,
        instance: &Arc<Instance>,
        request_id: Uuid,
        payload: &Bytes,
    ) -> Option<Outcome> {
        let work = Work {
            request_id,
            payload: payload.clone(),
            function_arn: self.definition.arn.clone(),
            timeout: self.definition.timeout,
        };
        let Handed {
            mut started,
            mut done,
        } = instance.hand(work).await?;
        let deadline = tokio::select! {
            biased;
            Ok(deadline) = &mut started => deadline,
            Ok(outcome) = &mut done => return Some(outcome),
            _ = instance.exited() => return done.try_recv().ok(),
            () = sleep(self.settings.init_timeout) => {
                instance.kill();
                instance.exited().await;
                return Some(Outcome::init_timed_out(request_id, self.settings.init_timeout));
            }
        };
        tokio::select! {
            biased;
            Ok(outcome) = &mut done => Some(outcome),
            status = instance.exited() => Some(done.try_recv().unwrap_or_else(|_| Outcome::exited(request_id, status))),
            () = sleep_until(deadline) => {
                instance.kill();
                instance.exited().await;
                Some(Outcome::timed_out(request_id, self.definition.timeout))
            }
        }
    }

    fn idle_instance(&self) -> Option<Arc<Instance>> {
        let current = self.generation();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(instance) = idle.pop() {
            if instance.has_exited() {
                continue;
            }
            if instance.generation == current {
                return Some(instance);
            }
            instance.kill();
        }
        None
    }

    fn keep_or_retire(&self, instance: Arc<Instance>) {
        if instance.has_exited() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if instance.generation == self.generation() {
            idle.push(instance);
        } else {
            instance.kill();
        }
    }

    fn generation(&self) -> Generation {
        let built = fs::metadata(self.binary())
            .and_then(|metadata| metadata.modified())
            .ok();
        Generation {
            configuration: self
                .overrides
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .revision,
            built,
        }
    }

    fn binary(&self) -> PathBuf {
        self.settings.bin_dir.join(&self.definition.id)
    }

    async fn start_instance(&self) -> Result<Arc<Instance>, String> {
        let id = &self.definition.id;
        let binary = self.binary();
        if !binary.is_file() {
            return Err(format!(
                "the function's binary {} is not there: run `make build`",
                binary.display()
            ));
        }
        // Before the variables are read: an update in between makes the instance an old one, never a new one with old variables.
        let generation = self.generation();
        let mut environment = self.variables();
        environment.extend(self.lambda_variables());
        environment.extend(self.credentials.of(&self.definition.role_arn).await?);
        let log = self.settings.log_dir.join(format!("{id}.log"));
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(|error| {
                format!("cannot write the function's log {}: {error}", log.display())
            })?;
        self.instances
            .start(
                id,
                generation,
                &binary,
                file,
                environment,
                &self.settings.address,
            )
            .map_err(|error| {
                format!(
                    "cannot start the function's binary {}: {error}",
                    binary.display()
                )
            })
    }

    /// The variables that Lambda itself sets.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>
    fn lambda_variables(&self) -> BTreeMap<String, String> {
        let FunctionDefinition {
            name,
            memory_mb,
            timeout,
            ..
        } = &self.definition;
        let region = &self.settings.region;
        [
            ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_TIMEOUT", timeout.as_secs().to_string()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
            ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
            ("AWS_REGION", region.clone()),
            ("AWS_DEFAULT_REGION", region.clone()),
            // No instance metadata service locally: without this an SDK that misses credentials would wait for one.
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("TZ", ":UTC".to_owned()),
            ("_HANDLER", "bootstrap".to_owned()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }
}
