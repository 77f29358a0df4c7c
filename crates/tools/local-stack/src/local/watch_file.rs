//! The file of `cargo lambda watch --env-file`, in the format of its reader, env-file-reader 0.3.
//! INVARIANT: a value is read back as it was given, or the file is not written.
//!
//! The reader knows words without blanks, `=`, quotes and `#`, and texts in `'`, `` ` `` or `"`. Only `"` can be escaped inside of its text.
//! In every quoted text it makes a line break of a backslash and an n.
//! Source: <https://docs.rs/crate/env-file-reader/0.3.0/source/src/lexer.rs>

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::StackError;
use crate::local::env_file;

/// Replaces the file.
pub(super) fn write(path: &Path, values: &BTreeMap<String, String>) -> Result<(), StackError> {
    let mut text = String::new();
    for (key, value) in values {
        let value = written(value).ok_or_else(|| StackError::Unwritable { key: key.clone() })?;
        text.push_str(&format!("{key}={value}\n"));
    }
    env_file::replace(path, &text)
}

/// The value as the file holds it; none if the format cannot hold it.
fn written(value: &str) -> Option<String> {
    if is_word(value) {
        return Some(value.to_owned());
    }
    if value.contains("\\n") {
        return None;
    }
    if let Some(quote) = ['\'', '`']
        .into_iter()
        .find(|quote| !value.contains(*quote))
    {
        return Some(format!("{quote}{value}{quote}"));
    }
    // A backslash at the end would escape the closing quote.
    (!value.ends_with('\\')).then(|| format!("\"{}\"", value.replace('"', "\\\"")))
}

fn is_word(value: &str) -> bool {
    let special = |character: char| {
        character.is_whitespace() || matches!(character, '=' | '\'' | '`' | '"' | '#')
    };
    // `export` is the format's only keyword.
    !value.is_empty() && value != "export" && !value.contains(special)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_quoted_as_the_reader_needs() {
        for (value, expected) in [
            ("http://127.0.0.1:1", Some("http://127.0.0.1:1")),
            ("", Some("''")),
            ("export", Some("'export'")),
            (r"a\nb\", Some(r"a\nb\")),
            (
                r#"[{"exclude_ous":["ou-1"]}]"#,
                Some(r#"'[{"exclude_ous":["ou-1"]}]'"#),
            ),
            ("a b#c$d=e", Some("'a b#c$d=e'")),
            ("two\nlines", Some("'two\nlines'")),
            (r"it's a \ $HOME", Some(r"`it's a \ $HOME`")),
            ("'`\"", Some("\"'`\\\"\"")),
            (r"a b\n", None),
            (r"'` \", None),
        ] {
            assert_eq!(written(value).as_deref(), expected, "{value:?}");
        }
    }

    #[test]
    fn refused_value_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.env");
        let values = BTreeMap::from([("POLO_X".to_owned(), r"a b\n".to_owned())]);
        let error = write(&path, &values).unwrap_err().to_string();
        assert!(error.starts_with("POLO_X "), "{error}");
        assert!(!path.exists());
    }
}
