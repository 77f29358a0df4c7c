//! What the process owes its parent: end on a signal or with stdin, keep stdout clean.
//! INVARIANT: called before any other thread exists; the end is always `_exit`, because the engine's threads are alive and its data is crash safe.
#![allow(
    unsafe_code,
    reason = "signal masks, file descriptors, set_var and _exit are not offered by safe std"
)]

use std::ffi::c_int;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{env, thread};

use crate::error::StartError;

/// The original standard streams, taken away from the engine.
pub(crate) struct Io {
    /// Our stdout: the engine's own output goes to stderr.
    pub(crate) announcements: File,
    /// Our stdin and stdout, for a process that starts again.
    pub(crate) originals: (OwnedFd, OwnedFd),
}

/// Takes signals and standard streams before the engine can touch them.
pub(crate) fn take_over(exit_with_stdin: bool) -> Result<Io, StartError> {
    // SAFETY: no other thread exists that could read the environment. The engine takes its default time zone from here too.
    unsafe { env::set_var("TZ", "UTC") };
    end_on_signals()?;

    let failed = |what: &'static str| move |source: io::Error| StartError::Process { what, source };
    let stdin = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(failed("copy stdin"))?;
    let stdout = io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .map_err(failed("copy stdout"))?;
    let announcements = File::from(stdout.try_clone().map_err(failed("copy stdout"))?);
    // clickhouse-local reads its stdin as a table where a query asks for one: an HTTP client must not reach our parent's pipe.
    let null = OpenOptions::new()
        .read(true)
        .open("/dev/null")
        .map_err(failed("open /dev/null"))?;
    replace(null.as_raw_fd(), libc::STDIN_FILENO).map_err(failed("replace stdin"))?;
    replace(libc::STDERR_FILENO, libc::STDOUT_FILENO).map_err(failed("replace stdout"))?;
    if exit_with_stdin {
        let watched = File::from(stdin.try_clone().map_err(failed("copy stdin"))?);
        thread::spawn(move || end_with(watched));
    }
    Ok(Io {
        announcements,
        originals: (stdin, stdout),
    })
}

/// Blocks until the stream ends; bytes on it mean nothing.
fn end_with(mut stream: File) {
    let mut buffer = [0_u8; 256];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => exit_now(0),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                eprintln!(
                    "clickhouse-embedded: cannot read stdin, ending as if it had ended: {error}"
                );
                exit_now(0);
            }
        }
    }
}

/// SIGTERM and SIGINT are blocked in every thread and waited for in one, so that no handler of the engine can delay or swallow them.
fn end_on_signals() -> Result<(), StartError> {
    let failed = |code: c_int| StartError::Process {
        what: "block signals",
        source: io::Error::from_raw_os_error(code),
    };
    // SAFETY: an all-zero sigset_t is a valid value to initialise; the calls only write to it.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is a live sigset_t and the signal numbers are valid.
    let code = unsafe {
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGTERM);
        libc::sigaddset(&raw mut set, libc::SIGINT);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut())
    };
    if code != 0 {
        return Err(failed(code));
    }
    thread::spawn(move || {
        let mut signal: c_int = 0;
        // SAFETY: both pointers are to live values of this thread.
        while unsafe { libc::sigwait(&raw const set, &raw mut signal) } != 0 {}
        exit_now(0)
    });
    Ok(())
}

fn replace(source: c_int, target: c_int) -> io::Result<()> {
    // SAFETY: dup2 on two descriptors that this process owns; nothing else of ours refers to the target's old file.
    if unsafe { libc::dup2(source, target) } < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Replaces this process by a new one of the same pid and arguments: the engine's state is global, it cannot be started twice in one process.
/// Returns only on failure.
pub(crate) fn start_again(attempt: u32, (stdin, stdout): (OwnedFd, OwnedFd)) -> StartError {
    let failed = |source: io::Error| StartError::Process {
        what: "start again with another port",
        source,
    };
    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => return failed(error),
    };
    let mut arguments: Vec<_> = env::args_os().skip(1).collect();
    if let Some(previous) = arguments
        .iter()
        .position(|argument| argument == "--attempt")
    {
        arguments.drain(previous..arguments.len().min(previous + 2));
    }
    failed(
        Command::new(program)
            .args(arguments)
            .arg("--attempt")
            .arg(attempt.to_string())
            .stdin(stdin)
            .stdout(stdout)
            .exec(),
    )
}

/// Ends the process at once, without destructors or exit handlers.
pub(crate) fn exit_now(code: c_int) -> ! {
    // SAFETY: _exit takes any code and never returns.
    unsafe { libc::_exit(code) }
}
