//! Where everything of the stack lies. INVARIANT: all that it writes is below `.local` (or the folder given with --local).

use std::env;
use std::path::{Path, PathBuf};

use crate::error::StackError;

/// The file that only the project's root has.
const MARK: &str = "infra/local/package.json";

/// The project's and the stack's folders.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The project's root.
    pub root: PathBuf,
    /// The stack's own folder.
    pub local: PathBuf,
}

impl Layout {
    /// The given folders, else the project around the current directory and its `.local`.
    pub fn find(root: Option<&Path>, local: Option<&Path>) -> Result<Self, StackError> {
        let from = match root {
            Some(root) => root.to_owned(),
            None => env::current_dir().map_err(StackError::file("find", "."))?,
        };
        let from = from
            .canonicalize()
            .map_err(StackError::file("find", &from))?;
        let root = from
            .ancestors()
            .find(|folder| folder.join(MARK).is_file())
            .map(Path::to_owned)
            .ok_or(StackError::NoProject { from })?;
        let local = match local {
            Some(local) => std::path::absolute(local).map_err(StackError::file("find", local))?,
            None => root.join(".local"),
        };
        Ok(Self { root, local })
    }

    /// The variables for people, tests and tools.
    #[must_use]
    pub fn env_file(&self) -> PathBuf {
        self.local.join("env")
    }

    /// The variables for `cargo lambda watch`.
    #[must_use]
    pub fn watch_env_file(&self) -> PathBuf {
        self.local.join("watch.env")
    }

    /// A log by its service's or function's name.
    #[must_use]
    pub fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.local.join("logs")
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.local.join("run")
    }

    pub(crate) fn functions_env_file(&self) -> PathBuf {
        self.run().join("functions.env")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.local.join("clickhouse")
    }

    pub(crate) fn templates(&self) -> PathBuf {
        self.root.join("infra/polo/cdk.out")
    }

    pub(crate) fn launcher(&self) -> PathBuf {
        self.root.join("infra/local/aws/launcher.py")
    }

    pub(crate) fn python(&self) -> PathBuf {
        self.root.join(".tools/venv/bin/python")
    }
}
