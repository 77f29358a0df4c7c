//! The one call.

use aws_sdk_iam::Client;
use polo_aws::{AwsFailure, classify};
use polo_runtime::PageTokens;

const ACTION: &str = "iam:ListAccountAliases";

/// The account's alias, empty if it has none. IAM allows one; the call is paginated all the same, and a page may be
/// empty before the last one.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html>
pub(crate) async fn alias(client: &Client) -> Result<String, AwsFailure> {
    let mut pages = client.list_account_aliases().into_paginator().send();
    let mut tokens = PageTokens::of(ACTION);
    let mut alias = String::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify(ACTION, None, &error))?;
        if let Some(first) = page.account_aliases().first() {
            alias.clone_from(first);
        }
        tokens.next(page.marker())?;
    }
    Ok(alias)
}
