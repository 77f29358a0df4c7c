//! The one call, read to its last page, one batch of rows in memory at a time; a listing that turns in a circle is an
//! error.

use aws_sdk_cloudwatchlogs::Client;
use polo_aws::classify;
use polo_runtime::{CollectError, PageTokens, Sink, Target, Waiting};

use crate::rows;

const ACTION: &str = "logs:DescribeLogGroups";

/// The most that AWS gives.
const PAGE: i32 = 50;

/// 50 a page at most, log groups of all classes.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html>
pub(crate) async fn log_groups(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    let mut tokens = PageTokens::of(ACTION);
    let mut pages = client
        .describe_log_groups()
        .into_paginator()
        .page_size(PAGE)
        .send();
    let mut waiting = Waiting::new("write log_groups_bytes");
    let ended = loop {
        let page = match pages.next().await {
            None => break Ok(()),
            Some(Ok(page)) => page,
            Some(Err(error)) => break Err(classify(ACTION, Some(target.region()), &error)),
        };
        let groups = page.log_groups().iter();
        let bytes = groups.filter_map(|group| rows::bytes(target, group));
        waiting.take(sink, bytes.collect::<Vec<_>>()).await?;
        let groups = page.log_groups().iter();
        let resources: Vec<_> = groups
            .filter_map(|group| rows::log_group(target, group))
            .collect();
        sink.resources(resources).await?;
        if let Err(failure) = tokens.next(page.next_token()) {
            break Err(failure);
        }
    };
    // What was seen is stored, however the listing ended.
    waiting.store(sink).await?;
    Ok(ended?)
}
