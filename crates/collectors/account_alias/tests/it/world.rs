//! An active account whose alias a test chooses.

use account_alias::AccountAlias;
use polo_testkit::aws::Reply;
use polo_testkit::{collector, sql};

pub(crate) use polo_testkit::collector::ACCOUNT;

/// The world of a test.
pub(crate) type World = collector::World<AccountAlias>;

/// An account whose IAM answers with these pages.
pub(crate) async fn answering(pages: Vec<Reply>) -> World {
    let world = World::new().await;
    now_answers(&world, pages);
    world
}

/// IAM answers with these pages from now on; the marker of a page is its number.
pub(crate) fn now_answers(world: &World, pages: Vec<Reply>) {
    world.answers_pages("iam", "ListAccountAliases", "Marker", pages);
}

/// The stored rows as `account region alias`.
pub(crate) async fn stored(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT concat(account_id, ' ', region, ' ', alias) FROM account_alias_aliases FINAL",
    )
    .await
}

/// A page of IAM's ListAccountAliases.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html>
pub(crate) fn page(aliases: &[&str], marker: Option<&str>) -> Reply {
    let members: String = aliases
        .iter()
        .map(|alias| format!("<member>{alias}</member>"))
        .collect();
    let truncated = marker.is_some();
    let marker = marker
        .map(|marker| format!("<Marker>{marker}</Marker>"))
        .unwrap_or_default();
    Reply::ok(format!(
        "<ListAccountAliasesResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListAccountAliasesResult>\
         <IsTruncated>{truncated}</IsTruncated>{marker}<AccountAliases>{members}</AccountAliases>\
         </ListAccountAliasesResult><ResponseMetadata><RequestId>c5a076e9-f1b0-11df-8fbe-45274EXAMPLE</RequestId>\
         </ResponseMetadata></ListAccountAliasesResponse>"
    ))
}
