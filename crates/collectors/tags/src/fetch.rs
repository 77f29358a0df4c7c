//! The one call, read to its last page, one batch of rows in memory at a time; a listing that turns in a circle is an
//! error. Pages are asked one after the other, which stays below the API's rate limit whatever the account holds.

use aws_sdk_resourcegroupstagging::Client;
use polo_aws::classify;
use polo_runtime::{CollectError, PageTokens, Sink, Target, Waiting};

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
    let mut tokens = PageTokens::of(ACTION);
    let mut pages = client
        .get_resources()
        .resources_per_page(PAGE)
        .into_paginator()
        .send();
    let mut waiting = Waiting::new("write tags_resources");
    let ended = loop {
        let page = match pages.next().await {
            None => break Ok(()),
            Some(Ok(page)) => page,
            Some(Err(error)) => break Err(classify(ACTION, Some(target.region()), &error)),
        };
        let mappings = page.resource_tag_mapping_list().iter();
        let rows = mappings.filter_map(|mapping| rows::resource(target, mapping));
        waiting.take(sink, rows.collect::<Vec<_>>()).await?;
        if let Err(failure) = tokens.next(page.pagination_token()) {
            break Err(failure);
        }
    };
    // What was seen is stored, however the listing ended.
    waiting.store(sink).await?;
    Ok(ended?)
}
