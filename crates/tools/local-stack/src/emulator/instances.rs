//! Processes of functions, and the slot through which each gets its one invocation at a time.
//! INVARIANT: an instance that is in no registry has ended; an invocation that was handed out is resolved exactly once, by an answer, the
//! process's end or the timeout, whichever comes first.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::process::Command;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;
use uuid::Uuid;

use crate::clock;
use crate::emulator::outcome::Outcome;

/// One invocation on its way to a process.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) request_id: Uuid,
    pub(crate) payload: Bytes,
    pub(crate) function_arn: String,
    pub(crate) timeout: Duration,
}

/// The invocation that an instance has, or will have.
#[derive(Debug)]
struct Current {
    request_id: Uuid,
    started: Option<oneshot::Sender<Instant>>,
    done: Option<oneshot::Sender<Outcome>>,
}

/// The caller's ends of one handed-out invocation.
#[derive(Debug)]
pub(crate) struct Handed {
    /// The deadline, once the process has taken the invocation.
    pub(crate) started: oneshot::Receiver<Instant>,
    /// The process's answer.
    pub(crate) done: oneshot::Receiver<Outcome>,
}

/// One process.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) id: Uuid,
    /// The function's id.
    pub(crate) function: String,
    /// The configuration and the binary it was started with; it is retired when either is no longer current.
    pub(crate) generation: Generation,
    work: mpsc::Sender<Work>,
    inbox: tokio::sync::Mutex<mpsc::Receiver<Work>>,
    current: Mutex<Option<Current>>,
    exit: watch::Receiver<Option<ExitStatus>>,
    kill: Arc<Notify>,
    is_killed: AtomicBool,
}

/// What an instance was started from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation {
    /// Counts UpdateFunctionConfiguration.
    pub(crate) configuration: u64,
    /// The binary's modification time.
    pub(crate) built: Option<SystemTime>,
}

/// All living instances.
#[derive(Debug, Default)]
pub(crate) struct Instances(Mutex<HashMap<Uuid, Arc<Instance>>>);

impl Instances {
    /// Starts a process and watches it until its end.
    pub(crate) fn start(
        self: &Arc<Self>,
        function: &str,
        generation: Generation,
        binary: &Path,
        log: File,
        environment: BTreeMap<String, String>,
        address: &str,
    ) -> io::Result<Arc<Instance>> {
        let id = Uuid::new_v4();
        let (work, inbox) = mpsc::channel(1);
        let (exited, exit) = watch::channel(None);
        let kill = Arc::new(Notify::new());
        let instance = Arc::new(Instance {
            id,
            function: function.to_owned(),
            generation,
            work,
            inbox: tokio::sync::Mutex::new(inbox),
            current: Mutex::new(None),
            exit,
            kill: Arc::clone(&kill),
            is_killed: AtomicBool::new(false),
        });
        let output = log.try_clone()?;
        // Before the process exists: it may ask for work before this thread runs again.
        self.lock().insert(id, Arc::clone(&instance));
        let spawned = Command::new(binary)
            .env_clear()
            .envs(environment)
            // With a path, the runtime client needs the scheme.
            .env(
                "AWS_LAMBDA_RUNTIME_API",
                format!("http://{address}/runtime/{id}"),
            )
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => {
                self.lock().remove(&id);
                return Err(error);
            }
        };
        let instances = Arc::clone(self);
        let function = function.to_owned();
        tokio::spawn(async move {
            let status = tokio::select! {
                status = child.wait() => status,
                () = kill.notified() => match child.start_kill() {
                    Ok(()) => child.wait().await,
                    // Already ended.
                    Err(_) => child.wait().await,
                },
            };
            match &status {
                Ok(status) => tracing::debug!(function, instance = %id, %status, "instance ended"),
                Err(error) => {
                    tracing::error!(function, instance = %id, %error, "cannot wait for an instance")
                }
            }
            // In this order, so that whoever sees it gone can rely on its never being used again.
            exited.send_replace(Some(status.unwrap_or_default()));
            instances.lock().remove(&id);
        });
        Ok(instance)
    }

    /// The instance that calls the runtime API under this id.
    pub(crate) fn get(&self, id: Uuid) -> Option<Arc<Instance>> {
        self.lock().get(&id).cloned()
    }

    /// How many processes of the function live.
    pub(crate) fn count(&self, function: &str) -> usize {
        self.lock()
            .values()
            .filter(|instance| instance.function == function)
            .count()
    }

    /// Kills the function's processes that are in the middle of an invocation; returns how many. A process that was killed
    /// before and has not ended yet does not count again.
    pub(crate) fn kill_running(&self, function: &str) -> usize {
        self.lock()
            .values()
            .filter(|instance| instance.function == function && instance.is_running())
            .filter(|instance| instance.kill())
            .count()
    }

    /// Kills everything: the server ends.
    pub(crate) async fn kill_all(&self) {
        let all: Vec<_> = self.lock().values().cloned().collect();
        for instance in &all {
            instance.kill();
        }
        for instance in all {
            instance.exited().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Arc<Instance>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    /// Hands an invocation to the process. None where the process is gone.
    pub(crate) async fn hand(&self, work: Work) -> Option<Handed> {
        let (started, on_started) = oneshot::channel();
        let (done, on_done) = oneshot::channel();
        *self.current() = Some(Current {
            request_id: work.request_id,
            started: Some(started),
            done: Some(done),
        });
        self.work.send(work).await.ok()?;
        Some(Handed {
            started: on_started,
            done: on_done,
        })
    }

    /// The next invocation, for the process that polls for it. The deadline begins here: a cold start does not count.
    pub(crate) async fn next(&self) -> Option<(Work, SystemTime)> {
        let work = self.inbox.lock().await.recv().await?;
        if let Some(current) = self.current().as_mut()
            && let Some(started) = current.started.take()
        {
            // Nobody listens where the caller has given up already; then it also kills this process.
            started
                .send(Instant::now() + work.timeout)
                .unwrap_or_default();
        }
        let deadline = clock::now() + work.timeout;
        Some((work, deadline))
    }

    /// Resolves the invocation. False where the process does not have that one.
    pub(crate) fn resolve(&self, request_id: Uuid, outcome: Outcome) -> bool {
        let mut current = self.current();
        match current.as_mut() {
            Some(held) if held.request_id == request_id => {
                let done = held.done.take();
                *current = None;
                done.is_some_and(|done| done.send(outcome).is_ok())
            }
            _ => false,
        }
    }

    /// Resolves whatever it has: the process could not initialise.
    pub(crate) fn fail_init(&self, outcome: Outcome) {
        if let Some(done) = self.current().take().and_then(|held| held.done) {
            // Nobody listens where the caller has given up already.
            drop(done.send(outcome));
        }
    }

    fn is_running(&self) -> bool {
        self.current()
            .as_ref()
            .is_some_and(|current| current.started.is_none())
    }

    /// Kills the process; false if it was killed before.
    pub(crate) fn kill(&self) -> bool {
        self.kill.notify_one();
        !self.is_killed.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn has_exited(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// Waits for the process's end.
    pub(crate) async fn exited(&self) -> Option<ExitStatus> {
        let mut exit = self.exit.clone();
        exit.wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|status| *status)
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
