//! Classic load balancers.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancing::Client;
use aws_sdk_elasticloadbalancing::types::LoadBalancerDescription;
use futures::StreamExt;
use polo_aws::{AwsFailure, classify};
use polo_collect::{CollectError, Sink, Target};

use super::{Detail, HEALTH_AT_ONCE, LOAD_BALANCERS, PAGE, TAGS, missing, tags_of};
use crate::health::Health;
use crate::rows::{self, Tags};

const INSTANCE_HEALTH: &str = "elasticloadbalancing:DescribeInstanceHealth";

/// 400 a page at most.
/// <https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_DescribeLoadBalancers.html>
pub(crate) async fn load_balancers(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    let call = |token| {
        let call = client.describe_load_balancers().page_size(PAGE);
        call.set_marker(token).send()
    };
    let mut pages = target.pages(LOAD_BALANCERS, call, |page| page.next_marker());
    while let Some(page) = pages.next().await? {
        let balancers: Vec<(String, LoadBalancerDescription)> = page
            .load_balancer_descriptions
            .unwrap_or_default()
            .into_iter()
            .filter_map(|balancer| Some((rows::classic::name(&balancer)?.to_owned(), balancer)))
            .collect();
        let names: Vec<String> = balancers.iter().map(|(name, _)| name.clone()).collect();
        let tags = tags_of(sink, &names, |asked| tags(client, target, asked)).await?;
        let there = balancers
            .into_iter()
            .filter(|(name, _)| tags.contains_key(name));
        let mut reads = futures::stream::iter(there)
            .map(|(name, balancer)| async move {
                // Without instances there is nothing to ask, and where AWS does not tell them nothing is known.
                let health = match balancer.instances.as_deref() {
                    None => Ok(None),
                    Some([]) => Ok(Some(Health::default())),
                    Some(_) => health(client, target, &name).await.map(Some),
                };
                (name, balancer, health)
            })
            .buffer_unordered(HEALTH_AT_ONCE);
        while let Some((name, balancer, health)) = reads.next().await {
            let (health, unread) = match Detail::of(health)? {
                Detail::Read(health) => (health, false),
                Detail::Gone => continue,
                Detail::Unread(failure) => {
                    sink.missing_detail(failure);
                    (None, true)
                }
            };
            let tags = tags.get(&name).and_then(Option::as_ref);
            let unread = missing([(tags.is_none(), TAGS), (unread, INSTANCE_HEALTH)]);
            let row =
                rows::classic::load_balancer(target, &balancer, health.as_ref(), tags, &unread);
            sink.resources(row).await?;
        }
    }
    Ok(())
}

/// Of all registered instances, not paginated.
/// <https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_DescribeInstanceHealth.html>
async fn health(client: &Client, target: &Target, name: &str) -> Result<Health, AwsFailure> {
    let answer = client
        .describe_instance_health()
        .load_balancer_name(name)
        .send()
        .await
        .map_err(|error| classify(INSTANCE_HEALTH, Some(target.region()), &error))?;
    let states = answer.instance_states().iter();
    Ok(Health::of(states.map(|instance| instance.state())))
}

/// 20 load balancers a call at most.
/// <https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_DescribeTags.html>
async fn tags(
    client: &Client,
    target: &Target,
    names: Vec<String>,
) -> Result<HashMap<String, Tags>, AwsFailure> {
    let answer = client
        .describe_tags()
        .set_load_balancer_names(Some(names))
        .send()
        .await
        .map_err(|error| classify(TAGS, Some(target.region()), &error))?;
    let described = answer.tag_descriptions.unwrap_or_default();
    Ok(described
        .into_iter()
        .filter_map(|described| {
            let tags = described.tags.unwrap_or_default();
            Some((described.load_balancer_name?, rows::classic::tags(&tags)))
        })
        .collect())
}
