//! The one call, read to its last page, one batch of rows in memory at a time; a listing that turns in a circle is an
//! error.

use aws_sdk_cloudwatchlogs::Client;
use polo_collect::{CollectError, Sink, Target};

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
    let call = |token| {
        let call = client.describe_log_groups().limit(PAGE);
        call.set_next_token(token).send()
    };
    let mut pages = target.pages(ACTION, call, |page| page.next_token());
    while let Some(page) = pages.next().await? {
        let groups = page.log_groups().iter();
        let bytes = groups.filter_map(|group| rows::bytes(target, group));
        sink.rows(bytes.collect::<Vec<_>>()).await?;
        let groups = page.log_groups().iter();
        let resources: Vec<_> = groups
            .filter_map(|group| rows::log_group(target, group))
            .collect();
        sink.resources(resources).await?;
    }
    Ok(())
}
