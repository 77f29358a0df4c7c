//! The command line. INVARIANT: parsing touches nothing; every check of a value happens where the value is used.

use std::path::PathBuf;

use clap::Parser;

/// The embedded ClickHouse engine behind its real HTTP port.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    /// Data directory; created when absent. One engine per directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) path: PathBuf,

    /// HTTP port on 127.0.0.1; 0 chooses a free one.
    #[arg(long, value_name = "PORT")]
    pub(crate) http_port: u16,

    /// The engine's shared library; by default POLO_CHDB_LIBRARY, else the nearest `.tools/node` above the current directory or this program.
    #[arg(long, value_name = "FILE")]
    pub(crate) library: Option<PathBuf>,

    /// End as soon as stdin reaches its end, so that the engine never outlives the process that started it.
    #[arg(long)]
    pub(crate) exit_with_stdin: bool,

    /// End ten seconds after the last process has released its lock (flock) on this file, and remove the data, so that
    /// processes can share an engine.
    #[arg(long, value_name = "FILE")]
    pub(crate) exit_when_unlocked: Option<PathBuf>,

    /// ClickHouse's own configuration (XML): users, directories for backups, system logs.
    #[arg(long, value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,

    /// How often a free port was lost to another program between choosing it and listening on it.
    #[arg(long, hide = true, default_value_t = 0)]
    pub(crate) attempt: u32,
}
