//! Application, network and gateway load balancers, and target groups.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::TargetGroup;
use futures::StreamExt;
use polo_aws::{AwsFailure, classify};
use polo_collect::{CollectError, Sink, Target};

use super::{Detail, HEALTH_AT_ONCE, LOAD_BALANCERS, PAGE, TAGS, missing, tags_of};
use crate::health::{AllBehind, Health};
use crate::rows::{self, Tags};

const TARGET_GROUPS: &str = "elasticloadbalancing:DescribeTargetGroups";
const TARGET_HEALTH: &str = "elasticloadbalancing:DescribeTargetHealth";

/// Stores the target groups and tells what is behind each load balancer. 400 a page at most.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html>
pub(crate) async fn target_groups(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<AllBehind, CollectError> {
    let mut behind = AllBehind::default();
    let call = |token| {
        let call = client.describe_target_groups().page_size(PAGE);
        call.set_marker(token).send()
    };
    let mut pages = target.pages(TARGET_GROUPS, call, |page| page.next_marker());
    while let Some(page) = pages.next().await? {
        let groups: Vec<(String, TargetGroup)> = page
            .target_groups
            .unwrap_or_default()
            .into_iter()
            .filter_map(|group| Some((rows::v2::target_group_arn(&group)?.to_owned(), group)))
            .collect();
        let arns: Vec<String> = groups.iter().map(|(arn, _)| arn.clone()).collect();
        let tags = tags_of(sink, &arns, |asked| tags(client, target, asked)).await?;
        let there = groups.into_iter().filter(|(arn, _)| tags.contains_key(arn));
        let mut reads = futures::stream::iter(there)
            .map(|(arn, group)| async move {
                let health = health(client, target, &arn).await;
                (arn, group, health)
            })
            .buffer_unordered(HEALTH_AT_ONCE);
        while let Some((arn, group, health)) = reads.next().await {
            let health = match Detail::of(health)? {
                Detail::Read(health) => Some(health),
                Detail::Gone => continue,
                Detail::Unread(failure) => {
                    sink.missing_detail(failure);
                    None
                }
            };
            let tags = tags.get(&arn).and_then(Option::as_ref);
            behind.add(group.load_balancer_arns(), health.as_ref());
            let unread = missing([(tags.is_none(), TAGS), (health.is_none(), TARGET_HEALTH)]);
            let row = rows::v2::target_group(&group, health.as_ref(), tags, &unread);
            sink.resources(row).await?;
        }
    }
    Ok(behind)
}

/// 400 a page at most.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html>
pub(crate) async fn load_balancers(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
    behind: &AllBehind,
) -> Result<(), CollectError> {
    let call = |token| {
        let call = client.describe_load_balancers().page_size(PAGE);
        call.set_marker(token).send()
    };
    let mut pages = target.pages(LOAD_BALANCERS, call, |page| page.next_marker());
    while let Some(page) = pages.next().await? {
        let arns: Vec<String> = page
            .load_balancers()
            .iter()
            .filter_map(|balancer| rows::v2::load_balancer_arn(balancer).map(str::to_owned))
            .collect();
        let tags = tags_of(sink, &arns, |asked| tags(client, target, asked)).await?;
        let rows: Vec<_> = page
            .load_balancers()
            .iter()
            .filter_map(|balancer| {
                let arn = rows::v2::load_balancer_arn(balancer)?;
                let (behind, tags) = (behind.of(arn), tags.get(arn)?);
                let no_health = behind.health.is_none();
                let unread = missing([(tags.is_none(), TAGS), (no_health, TARGET_HEALTH)]);
                rows::v2::load_balancer(balancer, &behind, tags.as_ref(), &unread)
            })
            .collect();
        sink.resources(rows).await?;
    }
    Ok(())
}

/// Not paginated. <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html>
async fn health(client: &Client, target: &Target, arn: &str) -> Result<Health, AwsFailure> {
    let answer = client
        .describe_target_health()
        .target_group_arn(arn)
        .send()
        .await
        .map_err(|error| classify(TARGET_HEALTH, Some(target.region()), &error))?;
    let states = answer.target_health_descriptions().iter().map(|described| {
        let state = described.target_health()?.state()?;
        Some(state.as_str())
    });
    Ok(Health::of(states))
}

/// 20 resources a call at most.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html>
async fn tags(
    client: &Client,
    target: &Target,
    arns: Vec<String>,
) -> Result<HashMap<String, Tags>, AwsFailure> {
    let answer = client
        .describe_tags()
        .set_resource_arns(Some(arns))
        .send()
        .await
        .map_err(|error| classify(TAGS, Some(target.region()), &error))?;
    let described = answer.tag_descriptions.unwrap_or_default();
    Ok(described
        .into_iter()
        .filter_map(|described| {
            let tags = described.tags.unwrap_or_default();
            Some((described.resource_arn?, rows::v2::tags(&tags)))
        })
        .collect())
}
