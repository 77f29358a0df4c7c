//! Detached processes and their identity. INVARIANT: a process is its pid *and* its start; a pid that was given to another process since is a
//! different process.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, setsid};
use serde::{Deserialize, Serialize};

use crate::error::StackError;

/// One running service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) pid: u32,
    pub(super) identity: String,
    /// Empty until it has said where it listens.
    pub(super) url: String,
}

/// How long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts a program in a session of its own, so that it outlives this command and its terminal. Returns the pid.
pub(super) fn spawn_detached(
    program: &Path,
    arguments: &[String],
    environment: &BTreeMap<String, String>,
    folder: &Path,
    log: &Path,
) -> Result<u32, StackError> {
    let unable = |source| StackError::Run {
        program: program.to_owned(),
        source,
    };
    let output = File::create(log).map_err(StackError::file("write", log))?;
    let errors = output.try_clone().map_err(StackError::file("write", log))?;
    // Through this program: a session can only be begun by the process itself, between fork and exec.
    let child = Command::new(env::current_exe().map_err(unable)?)
        .arg("detach")
        .arg(program)
        .args(arguments)
        .envs(environment)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .map_err(unable)?;
    Ok(child.id())
}

/// The other half of `spawn_detached`: begins a session and becomes the program. Returns only on failure.
pub(crate) fn become_detached(program: &Path, arguments: &[String]) -> StackError {
    if let Err(errno) = setsid() {
        return StackError::Run {
            program: program.to_owned(),
            source: errno.into(),
        };
    }
    StackError::Run {
        program: program.to_owned(),
        source: Command::new(program).args(arguments).exec(),
    }
}

/// What tells this process from a later one of the same pid; None where it does not live.
pub(super) fn identity(pid: u32) -> Option<String> {
    if cfg!(target_os = "linux") {
        // After the name in parentheses, which may hold anything: state is the 1st field, the start in clock ticks since boot the 20th.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        // A zombie has ended; only its parent has not noticed.
        if matches!(fields.first(), Some(&"Z" | &"X")) {
            return None;
        }
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        return Some(format!("{}@{}", fields.get(19)?, boot.trim()));
    }
    let output = Command::new("ps")
        .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (state, start) = text.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| start.trim().to_owned())
}

/// Whether exactly the recorded process lives.
pub(super) fn lives(record: &Record) -> bool {
    identity(record.pid).is_some_and(|identity| identity == record.identity)
}

/// Ends exactly the recorded process: politely, then for certain, with its children. False where it had ended before.
pub(super) fn stop(record: &Record) -> bool {
    let Some(pid) = i32::try_from(record.pid).ok().and_then(Pid::from_raw) else {
        return false;
    };
    if !lives(record) {
        return false;
    }
    // It may end in between; then there is nothing left to signal, which `lives` shows.
    kill_process(pid, Signal::TERM).unwrap_or_default();
    let deadline = Instant::now() + PATIENCE;
    while lives(record) {
        if Instant::now() >= deadline {
            kill_process_group(pid, Signal::KILL).unwrap_or_default();
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_known_by_pid_and_start() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let record = Record {
            pid: child.id(),
            identity: identity(child.id()).unwrap(),
            url: String::new(),
        };
        assert!(lives(&record));
        let other = Record {
            identity: "another start".to_owned(),
            ..record.clone()
        };
        assert!(!lives(&other));
        assert!(!stop(&other));
        assert!(lives(&record));
        assert!(stop(&record));
        assert!(!stop(&record));
        child.wait().unwrap();
        assert_eq!(identity(record.pid), None);
    }
}
