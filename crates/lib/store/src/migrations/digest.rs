//! What this release makes of the database, as one value: its migrations and the collectors' manifests.
//!
//! Invariant: the same value as `infra/polo/lib/inputs/migrations.ts` makes of the same files, so that a release can be
//! told from another by what the stack asks for.

use super::files::{MANIFESTS, MIGRATIONS};
use super::sha256;

/// SHA-256 over the store's migrations, the collectors' own, and the collectors' manifests, in hexadecimal.
pub fn digest() -> String {
    let migrations = MIGRATIONS.iter().map(|(owner, file, sql)| {
        let folder = match *owner {
            "store" => "lib/store".to_owned(),
            collector => format!("collectors/{collector}"),
        };
        (format!("{folder}/migrations/{file}"), *sql)
    });
    let manifests = MANIFESTS
        .iter()
        .map(|(collector, json)| (format!("collectors/{collector}/collector.json"), *json));
    digest_of(migrations.chain(manifests))
}

fn digest_of<'a>(files: impl Iterator<Item = (String, &'a str)>) -> String {
    let texts =
        files.map(|(file, text)| serde_json::json!([file, text.replace("\r\n", "\n")]).to_string());
    sha256(&texts.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test of `infra/polo/test/schema.test.ts` has the same files and the same value.
    #[test]
    fn it_is_what_the_stack_asks_for() {
        let migration = "SELECT 'ö' \"x\"\t\\\u{1}\r\nFROM b\n";
        let files = [
            ("lib/store/migrations/0001_a.sql".to_owned(), migration),
            ("collectors/c/collector.json".to_owned(), "{}\n"),
        ];
        assert_eq!(
            digest_of(files.into_iter()),
            "b170e3155498a8557a4f68d7639e73d060040646c8bd81001fcea81cd8e99ea0"
        );
    }
}
