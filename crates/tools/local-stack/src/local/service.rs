//! What `up` started, one file per service. INVARIANT: written before the service is waited for, so that an interrupted `up` leaves nothing
//! behind that `down` does not know.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::error::StackError;
use crate::local::env_file;
use crate::local::layout::Layout;
use crate::local::process::{self, Record};

/// The stack's three processes, in the order in which they start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Engine,
    Aws,
    Functions,
}

impl Service {
    pub(super) const ALL: [Self; 3] = [Self::Engine, Self::Aws, Self::Functions];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Aws => "aws",
            Self::Functions => "functions",
        }
    }

    /// What it is, for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Engine => "ClickHouse",
            Self::Aws => "local AWS",
            Self::Functions => "functions and events",
        }
    }

    /// The path that answers 200 when it is well.
    pub(super) fn ping(self) -> &'static str {
        match self {
            Self::Engine => "/ping",
            Self::Aws | Self::Functions => "/polo-local/ping",
        }
    }

    fn file(self, layout: &Layout) -> PathBuf {
        layout.run().join(format!("{}.json", self.name()))
    }

    pub(super) fn load(self, layout: &Layout) -> Result<Option<Record>, StackError> {
        let path = self.file(layout);
        match fs::read(&path) {
            // A file of another version, or half a disk: nothing can be stopped by it, and `up` writes a new one.
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StackError::File {
                what: "read",
                path,
                source,
            }),
        }
    }

    pub(super) fn save(self, layout: &Layout, record: &Record) -> Result<(), StackError> {
        let text = serde_json::to_string(record).unwrap_or_default();
        env_file::replace(&self.file(layout), &text)
    }

    /// Stops the recorded process, if it lives, and forgets it. True where it lived.
    pub(super) fn stop(self, layout: &Layout) -> Result<bool, StackError> {
        let Some(record) = self.load(layout)? else {
            return Ok(false);
        };
        let stopped = process::stop(&record);
        let path = self.file(layout);
        fs::remove_file(&path).map_err(StackError::file("remove", path))?;
        Ok(stopped)
    }
}
