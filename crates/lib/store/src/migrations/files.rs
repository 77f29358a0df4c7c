//! The migrations as they lie in the repository, compiled in.
//!
//! Invariant: `store` first, each owner's in the order of their numbers, and no number twice.

use super::MigrationError;
use crate::StoreError;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// One migration as it lies in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// `store`, or the collector in whose folder it lies.
    pub owner: &'static str,
    /// Its number within its owner's sequence.
    pub number: u32,
    /// The file's name.
    pub file: &'static str,
    /// One statement, with placeholders.
    pub sql: &'static str,
}

impl Migration {
    /// The view that it makes. Such a migration does nothing else.
    pub(super) fn view(&self) -> Option<&'static str> {
        let (_, rest) = self.sql.split_once("CREATE OR REPLACE VIEW ")?;
        rest.split_whitespace().next()
    }

    /// Whether its statement names this table or view.
    pub(super) fn names(&self, table: &str) -> bool {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        self.sql.split(|c| !is_word(c)).any(|word| word == table)
    }

    /// `owner/file`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.owner, self.file)
    }

    pub(super) fn failed(&self, source: StoreError) -> MigrationError {
        MigrationError::Statement {
            owner: self.owner,
            file: self.file,
            source,
        }
    }
}

/// All migrations, `store` first, each owner's in order.
pub fn all() -> Result<Vec<Migration>, MigrationError> {
    let mut migrations = Vec::new();
    for (owner, file, sql) in MIGRATIONS {
        let malformed = |problem| MigrationError::Malformed {
            owner,
            file,
            problem,
        };
        let number = file
            .split_once('_')
            .and_then(|(number, _)| number.parse().ok());
        let number = number.ok_or_else(|| malformed("is not named NNNN_<name>.sql"))?;
        if sql.contains(';') {
            return Err(malformed(
                "holds a semicolon, but a migration is one statement",
            ));
        }
        migrations.push(Migration {
            owner,
            number,
            file,
            sql,
        });
    }
    for pair in migrations.windows(2) {
        if pair[0].owner == pair[1].owner && pair[0].number == pair[1].number {
            return Err(MigrationError::Malformed {
                owner: pair[1].owner,
                file: pair[1].file,
                problem: "has the number of another file",
            });
        }
    }
    Ok(migrations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_that_makes_a_view_names_it() {
        let migrations = all().unwrap();
        let view = |number| {
            let mut own = migrations.iter().filter(|one| one.owner == "store");
            own.find(|one| one.number == number).unwrap().view()
        };
        assert_eq!((view(1), view(19)), (None, Some("v_accounts")));
    }

    #[test]
    fn every_file_is_one_numbered_statement() {
        let migrations = all().unwrap();
        assert_eq!((migrations[0].owner, migrations[0].number), ("store", 1));
    }
}
