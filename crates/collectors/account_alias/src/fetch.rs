//! The one call.

use aws_sdk_iam::Client;
use polo_aws::AwsFailure;
use polo_collect::Target;

const ACTION: &str = "iam:ListAccountAliases";

/// The account's alias, empty if it has none. IAM allows one; the call is paginated all the same, and a page may be
/// empty before the last one.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html>
pub(crate) async fn alias(client: &Client, target: &Target) -> Result<String, AwsFailure> {
    let call = |marker| client.list_account_aliases().set_marker(marker).send();
    let mut pages = target.pages(ACTION, call, |page| page.marker());
    let mut alias = String::new();
    while let Some(page) = pages.next().await? {
        if let Some(first) = page.account_aliases().first() {
            alias.clone_from(first);
        }
    }
    Ok(alias)
}
