//! Why a command of the local stack failed: one sentence each, with the value and the remedy.

use std::io;
use std::path::PathBuf;

use crate::template::TemplateError;

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A file or directory could not be used.
    #[error("cannot {what} {path}: {source}")]
    File {
        /// The step.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Something that an earlier step builds is missing.
    #[error("{what} is missing ({path}): run `make {target}`")]
    NotBuilt {
        /// What it is.
        what: &'static str,
        /// Where it was expected.
        path: PathBuf,
        /// The make target that provides it.
        target: &'static str,
    },
    /// The synthesized templates cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// No project around the current directory.
    #[error("no Polo project at or above {from}: run this in the project, or name it with --root")]
    NoProject {
        /// Where the search began.
        from: PathBuf,
    },
    /// A line of an environment file has no `=`.
    #[error("line {line} of {path} is not KEY=VALUE; start again with `make down up`")]
    EnvironmentLine {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// An environment file lacks a value.
    #[error("{path} has no {key}; start again with `make down up`")]
    EnvironmentValue {
        /// The file.
        path: PathBuf,
        /// The missing key.
        key: String,
    },
    /// The file of `cargo lambda watch` cannot hold a value.
    #[error(
        "{key} cannot be written for `cargo lambda watch`: its file has no way to hold a backslash before an n, or at the end, together \
         with blanks or quotes; change the value"
    )]
    Unwritable {
        /// The variable.
        key: String,
    },
    /// A program of the stack ended instead of answering.
    #[error("{service} ended before it was ready; the last lines of {log}:\n{tail}")]
    Ended {
        /// engine, aws or functions.
        service: &'static str,
        /// Its log.
        log: PathBuf,
        /// The log's end.
        tail: String,
    },
    /// A program of the stack never answered.
    #[error("{service} did not answer within {seconds} s; see {log}")]
    NotReady {
        /// engine, aws or functions.
        service: &'static str,
        /// How long it was given.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
    /// A program could not be started or waited for.
    #[error("cannot run {program}: {source}")]
    Run {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// `polo migrate` failed.
    #[error("the migrations failed ({status}); their own words are above")]
    Migrations {
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The server cannot listen.
    #[error(
        "cannot listen on 127.0.0.1:{port}: {source}; give another port with --port, or 0 for a free one"
    )]
    Listen {
        /// The port.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
    /// The server stopped.
    #[error("the server stopped: {source}")]
    Serve {
        /// The system's reason.
        source: io::Error,
    },
    /// Nothing runs.
    #[error("the local stack is not running: start it with `make up`")]
    NotRunning,
    /// The stack answered with an error, whose sentence this is.
    #[error("{message}")]
    Refused {
        /// The stack's own sentence.
        message: String,
    },
    /// The stack could not be asked.
    #[error("cannot reach the local stack at {url}: {source}; start it with `make up`")]
    Unreachable {
        /// The address.
        url: String,
        /// The client's reason.
        source: reqwest::Error,
    },
    /// Work did not end in time.
    #[error("the local stack has not settled within {seconds} s: {busy}; see .local/logs")]
    NotSettled {
        /// How long was waited.
        seconds: u64,
        /// The functions that still have work.
        busy: String,
    },
}

impl StackError {
    /// A [`StackError::File`] from an I/O error.
    pub(crate) fn file(
        what: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }
}
