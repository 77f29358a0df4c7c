//! Why the engine could not be started: one sentence each, with the value and the remedy.

use std::io;
use std::path::PathBuf;

/// A reason for not serving. Every one ends the process with exit code 1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// No library named, and none installed.
    #[error(
        "the engine's library is not installed: no .tools/node/node_modules/@chdb/lib-*/libchdb.so above {searched}; run `make tools`, or name it with --library or POLO_CHDB_LIBRARY"
    )]
    LibraryNotInstalled {
        /// The directories the walk began at.
        searched: String,
    },
    /// A library was named that is not there.
    #[error(
        "the engine's library {path} (from {origin}) is not a file; name an existing libchdb.so"
    )]
    LibraryMissing {
        /// The path as given.
        path: PathBuf,
        /// Which setting named it.
        origin: &'static str,
    },
    /// The file is there but cannot be loaded.
    #[error(
        "cannot load the engine's library {path}: {reason}; install it again with `make tools`"
    )]
    LibraryUnusable {
        /// The file.
        path: PathBuf,
        /// What the dynamic loader says.
        reason: String,
    },
    /// The data directory cannot be used.
    #[error("cannot write to the data directory {path}: {source}; give a writable one with --path")]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Another engine holds the directory.
    #[error(
        "the data directory {path} is in use by another engine; end that one, or give another with --path"
    )]
    DataDirectoryInUse {
        /// The directory.
        path: PathBuf,
    },
    /// The file that sharers lock cannot be opened.
    #[error(
        "cannot open the lock file {path}: {source}; create it before, and name it with --exit-when-unlocked"
    )]
    LockFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The configuration cannot be read.
    #[error(
        "cannot read the configuration {path}: {source}; name a readable file with --config-file"
    )]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The port is taken.
    #[error(
        "port {port} on 127.0.0.1 is in use; give another with --http-port, or 0 for a free one"
    )]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The port cannot be had for another reason (privileged, no loopback).
    #[error(
        "cannot listen on 127.0.0.1:{port}: {source}; give another port with --http-port, or 0 for a free one"
    )]
    Port {
        /// The port.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
    /// The process could not be set up.
    #[error("cannot {what}: {source}")]
    Process {
        /// The step.
        what: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The engine ended although its query never does.
    #[error("the engine stopped: {message}; its own words, if any, are above")]
    Engine {
        /// The engine's own words, on one line.
        message: String,
    },
}
