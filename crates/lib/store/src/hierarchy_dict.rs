//! The dictionary of the tree: reloaded when the tree changes, and made anew when its login no longer holds.
//!
//! Invariant: a dictionary that another part of Polo made is never replaced. Ours reads its own server with the
//! password of whoever made it; a server that refuses it answers a reload as it would refuse the caller, so the two are
//! told apart by when: the caller's own login has just been accepted.

use crate::migrations::{Topology, credentials_clause, render};
use crate::{Store, StoreError};

const DICTIONARY: &str = "hierarchy_dict";
const MIGRATION: &str = include_str!("../migrations/0018_hierarchy_dict.sql");

impl Store {
    /// Has the dictionary read the tree again. Called after a statement that the server accepted.
    pub(crate) async fn reload_hierarchy_dict(&self) -> Result<(), StoreError> {
        match self.reload().await {
            Err(error) if error.is_refused_login() => {}
            other => return other,
        }
        if !self.hierarchy_dict_is_ours().await? {
            return Err(locked_out(
                "is not Polo's own: make it anew with the password that holds now".to_owned(),
            ));
        }
        tracing::warn!(
            "hierarchy_dict may no longer read its server: it is made anew with the login that holds now"
        );
        let replace = MIGRATION
            .replace(
                "CREATE DICTIONARY IF NOT EXISTS",
                "CREATE OR REPLACE DICTIONARY",
            )
            .replace(
                "{dictionary_credentials}",
                &credentials_clause(self.credentials()),
            );
        // This server's own: on a cluster each replica reloads, and is mended, by itself.
        let replace = render(&replace, self.database(), &Topology::default());
        let made = self
            .bounded(
                "make hierarchy_dict anew",
                self.client().query_raw(&replace).execute(),
            )
            .await;
        match made {
            Err(StoreError::Refused { source, .. }) => {
                return Err(locked_out(format!(
                    "cannot be made anew ({source}): grant CREATE DICTIONARY and DROP DICTIONARY to this user, or make \
                     it anew as an administrator"
                )));
            }
            other => other?,
        }
        match self.reload().await {
            Err(error) if error.is_refused_login() => Err(locked_out(
                "was made anew with this user and is refused all the same: allow the user to log in from the server \
                 itself"
                    .to_owned(),
            )),
            other => other,
        }
    }

    /// Whether the server could not refresh the dictionary by itself, because it refuses its login. Who may not read the
    /// states of dictionaries, as nobody may without a grant, learns of it with the next change of the tree.
    pub(crate) async fn hierarchy_dict_is_locked_out(&self) -> Result<bool, StoreError> {
        let query = self
            .client()
            .query(
                "SELECT count() > 0 FROM system.dictionaries
                 WHERE database = {database:String} AND name = {name:String}
                     AND match(last_exception, '^Code: (192|193|194|516)[.]')",
            )
            .param("database", self.database())
            .param("name", DICTIONARY);
        let asked = self
            .bounded("ask for hierarchy_dict's state", query.fetch_one::<bool>())
            .await;
        match asked {
            Err(error) if error.is_not_granted() => {
                tracing::warn!(%error, "whether hierarchy_dict can still read its server is not known: grant SELECT ON system.dictionaries");
                Ok(false)
            }
            other => other,
        }
    }

    async fn reload(&self) -> Result<(), StoreError> {
        let reload = format!("SYSTEM RELOAD DICTIONARY {}.{DICTIONARY}", self.database());
        self.bounded(
            "reload hierarchy_dict",
            self.client().query_raw(&reload).execute(),
        )
        .await
    }

    /// Whether it reads what ours reads.
    async fn hierarchy_dict_is_ours(&self) -> Result<bool, StoreError> {
        let query = self
            .client()
            .query(
                "SELECT count() > 0 FROM system.tables
                 WHERE database = {database:String} AND name = {name:String}
                     AND position(create_table_query, {source:String}) > 0",
            )
            .param("database", self.database())
            .param("name", DICTIONARY)
            .param(
                "source",
                format!("FROM {}.hierarchy_nodes FINAL", self.database()),
            );
        self.bounded("ask for hierarchy_dict's source", query.fetch_one::<bool>())
            .await
    }
}

fn locked_out(reason: String) -> StoreError {
    StoreError::DictionaryLogin {
        dictionary: DICTIONARY,
        reason,
    }
}
