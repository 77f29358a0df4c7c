//! Finds the engine's shared library.
//! INVARIANT: a library that was named explicitly is used or refused, never silently replaced by another one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::StartError;

/// npm's scope folder under the project's root.
const SCOPE: &str = ".tools/node/node_modules/@chdb";

/// The names the npm packages give the library (the second on macOS in some versions).
const NAMES: [&str; 2] = ["libchdb.so", "libchdb.dylib"];

/// The library to load: the option, else the environment variable, else the nearest installed one.
pub(crate) fn find(option: Option<&Path>) -> Result<PathBuf, StartError> {
    if let Some(path) = option {
        return named(path.to_owned(), "--library");
    }
    if let Some(path) = env::var_os("POLO_CHDB_LIBRARY").filter(|value| !value.is_empty()) {
        return named(path.into(), "POLO_CHDB_LIBRARY");
    }
    let starts: Vec<PathBuf> = [
        env::current_dir().ok(),
        env::current_exe()
            .ok()
            .and_then(|exe| exe.parent().map(Path::to_owned)),
    ]
    .into_iter()
    .flatten()
    .collect();
    starts
        .iter()
        .find_map(|start| start.ancestors().find_map(installed_under))
        .ok_or_else(|| StartError::LibraryNotInstalled {
            searched: starts
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(" and "),
        })
}

fn named(path: PathBuf, origin: &'static str) -> Result<PathBuf, StartError> {
    if path.is_file() {
        Ok(path)
    } else {
        Err(StartError::LibraryMissing { path, origin })
    }
}

/// The library below `root`, sorted by name so that the answer never depends on the order of a directory listing.
fn installed_under(root: &Path) -> Option<PathBuf> {
    let mut packages: Vec<PathBuf> = fs::read_dir(root.join(SCOPE))
        .ok()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("lib-"))
        })
        .collect();
    packages.sort();
    packages
        .iter()
        .flat_map(|package| NAMES.map(|name| package.join(name)))
        .find(|library| library.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_library_found_below_root() {
        let root = tempfile::tempdir().unwrap();
        let package = root.path().join(SCOPE).join("lib-test-x64");
        fs::create_dir_all(&package).unwrap();
        assert_eq!(installed_under(root.path()), None);
        fs::write(package.join("libchdb.so"), b"").unwrap();
        assert_eq!(
            installed_under(root.path()),
            Some(package.join("libchdb.so"))
        );
    }

    #[test]
    fn named_library_absent_names_its_origin() {
        let error = find(Some(Path::new("/nowhere/libchdb.so"))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the engine's library /nowhere/libchdb.so (from --library) is not a file; name an existing libchdb.so"
        );
    }
}
