//! The data directory. INVARIANT: an unusable directory, or one that another engine holds, is refused before the library is loaded,
//! because the engine would answer with an exception on stderr and no exit code.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::StartError;

/// The file that an engine locks (flock) as long as it lives.
const LOCK: &str = "status";

/// Creates the directory and proves that it takes a file and is nobody else's.
pub(crate) fn prepare(path: &Path) -> Result<PathBuf, StartError> {
    let failed = |source: io::Error| StartError::DataDirectory {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(path).map_err(failed)?;
    let directory = fs::canonicalize(path).map_err(failed)?;
    let probe = directory.join(format!(".writable-{}", std::process::id()));
    fs::write(&probe, b"").map_err(failed)?;
    fs::remove_file(&probe).map_err(failed)?;
    match File::open(directory.join(LOCK)) {
        Ok(lock) => match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StartError::DataDirectoryInUse { path: directory });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(failed(source)),
    }
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_under_a_file_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = prepare(&file.path().join("data")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot write to the data directory "),
            "{error}"
        );
    }

    #[test]
    fn locked_directory_refused() {
        let directory = tempfile::tempdir().unwrap();
        let lock = File::create(directory.path().join(LOCK)).unwrap();
        prepare(directory.path()).unwrap();
        lock.lock().unwrap();
        let error = prepare(directory.path()).unwrap_err();
        assert!(
            error.to_string().contains("is in use by another engine"),
            "{error}"
        );
    }
}
