//! Files of `KEY=VALUE` lines. INVARIANT: written whole or not at all, so that a reader never sees half a file; values have no line breaks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::StackError;

/// Reads a file; blank lines and `#` lines mean nothing.
pub fn read(path: &Path) -> Result<BTreeMap<String, String>, StackError> {
    let text = fs::read_to_string(path).map_err(StackError::file("read", path))?;
    let mut values = BTreeMap::new();
    for (index, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| StackError::EnvironmentLine {
                path: path.to_owned(),
                line: index + 1,
            })?;
        values.insert(key.to_owned(), value.to_owned());
    }
    Ok(values)
}

/// One value that must be there.
pub fn require(path: &Path, key: &str) -> Result<String, StackError> {
    read(path)?
        .remove(key)
        .ok_or_else(|| StackError::EnvironmentValue {
            path: path.to_owned(),
            key: key.to_owned(),
        })
}

/// Replaces the file.
pub(crate) fn write(path: &Path, values: &BTreeMap<String, String>) -> Result<(), StackError> {
    let text: String = values
        .iter()
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect();
    replace(path, &text)
}

/// Writes beside the file and renames.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), StackError> {
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    fs::write(&beside, text).map_err(StackError::file("write", &beside))?;
    fs::rename(&beside, path).map_err(StackError::file("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_read_as_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("env");
        let values = BTreeMap::from([
            ("A".to_owned(), "b=c".to_owned()),
            ("x:Y".to_owned(), String::new()),
        ]);
        write(&path, &values).unwrap();
        assert_eq!(read(&path).unwrap(), values);
        assert_eq!(require(&path, "A").unwrap(), "b=c");
        assert!(
            require(&path, "B")
                .unwrap_err()
                .to_string()
                .contains("has no B")
        );
        fs::write(&path, "# note\n\nA\n").unwrap();
        assert!(
            read(&path)
                .unwrap_err()
                .to_string()
                .starts_with("line 3 of ")
        );
    }
}
