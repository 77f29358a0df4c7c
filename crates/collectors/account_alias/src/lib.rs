//! The alias of an account: the name in its sign-in address, by which people know it.
//!
//! Invariant: one row per account, written only after an answer; an account without an alias has the empty one.

mod fetch;
mod rows;

use aws_sdk_iam::Client;
use polo_collect::{CollectError, Collector, Sink, Target};

/// The collector.
pub struct AccountAlias;

impl Collector for AccountAlias {
    const ID: &'static str = "account_alias";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let alias = fetch::alias(&Client::new(target.aws()), target).await?;
        Ok(sink.rows([rows::alias(target, alias)]).await?)
    }
}
