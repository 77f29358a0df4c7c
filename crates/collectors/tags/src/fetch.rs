//! The one call, read to its last page, one batch of rows in memory at a time; a listing that turns in a circle is an
//! error. Pages are asked one after the other, which stays below the API's rate limit whatever the account holds.

use aws_sdk_resourcegroupstagging::Client;
use polo_collect::{CollectError, Sink, Target};

use crate::rows;

const ACTION: &str = "tag:GetResources";

/// The most that AWS gives; a page may hold fewer, or none, before the last.
const PAGE: i32 = 100;

/// 100 a page at most; the empty token ends the listing.
/// <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html>
pub(crate) async fn resources(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    let call = |token| {
        let call = client.get_resources().resources_per_page(PAGE);
        call.set_pagination_token(token).send()
    };
    let mut pages = target.pages(ACTION, call, |page| page.pagination_token());
    while let Some(page) = pages.next().await? {
        let mappings = page.resource_tag_mapping_list().iter();
        let rows = mappings.filter_map(|mapping| rows::resource(target, mapping));
        sink.rows(rows.collect::<Vec<_>>()).await?;
    }
    Ok(())
}
