//! The five calls, each read to its last page, a page in memory at a time.

use aws_sdk_ec2::Client;
use polo_aws::classify;
use polo_collect::{CollectError, Sink, Target};

use crate::rows;

/// Below every call's maximum of 1,000: a page of resources with 50 tags each has some 3 MB, and the smallest function holds it.
const PAGE: i32 = 200;

/// 1,000 a page at most. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>
pub(crate) async fn instances(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    const ACTION: &str = "ec2:DescribeInstances";
    let call = |token| {
        let call = client.describe_instances().max_results(PAGE);
        call.set_next_token(token).send()
    };
    let mut pages = target.pages(ACTION, call, |page| page.next_token());
    while let Some(page) = pages.next().await? {
        let reservations = page.reservations.into_iter().flatten();
        let rows: Vec<_> = reservations
            .flat_map(|reservation| reservation.instances.into_iter().flatten())
            .filter_map(|instance| rows::instance(target, &instance))
            .collect();
        sink.resources(rows).await?;
    }
    Ok(())
}

/// 500 a page at most. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html>
pub(crate) async fn volumes(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    const ACTION: &str = "ec2:DescribeVolumes";
    let call = |token| {
        let call = client.describe_volumes().max_results(PAGE);
        call.set_next_token(token).send()
    };
    let mut pages = target.pages(ACTION, call, |page| page.next_token());
    while let Some(page) = pages.next().await? {
        let volumes = page.volumes.into_iter().flatten();
        let rows: Vec<_> = volumes
            .filter_map(|volume| rows::volume(target, &volume))
            .collect();
        sink.resources(rows).await?;
    }
    Ok(())
}

/// The account's own: without an owner the answer holds every public snapshot there is. 1,000 a page at most.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html>
pub(crate) async fn snapshots(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    const ACTION: &str = "ec2:DescribeSnapshots";
    let call = |token| {
        let call = client
            .describe_snapshots()
            .owner_ids("self")
            .max_results(PAGE);
        call.set_next_token(token).send()
    };
    let mut pages = target.pages(ACTION, call, |page| page.next_token());
    while let Some(page) = pages.next().await? {
        let snapshots = page.snapshots.into_iter().flatten();
        let rows: Vec<_> = snapshots
            .filter_map(|snapshot| rows::snapshot(target, &snapshot))
            .collect();
        sink.resources(rows).await?;
    }
    Ok(())
}

/// Not paginated. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAddresses.html>
pub(crate) async fn addresses(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    let answer = client.describe_addresses().send().await;
    let answer =
        answer.map_err(|error| classify("ec2:DescribeAddresses", Some(target.region()), &error))?;
    let rows: Vec<_> = answer
        .addresses()
        .iter()
        .filter_map(|address| rows::address(target, address))
        .collect();
    Ok(sink.resources(rows).await?)
}

/// 1,000 a page at most. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html>
pub(crate) async fn nat_gateways(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    const ACTION: &str = "ec2:DescribeNatGateways";
    let call = |token| {
        let call = client.describe_nat_gateways().max_results(PAGE);
        call.set_next_token(token).send()
    };
    let mut pages = target.pages(ACTION, call, |page| page.next_token());
    while let Some(page) = pages.next().await? {
        let gateways = page.nat_gateways.into_iter().flatten();
        let rows: Vec<_> = gateways
            .filter_map(|nat| rows::nat_gateway(target, &nat))
            .collect();
        sink.resources(rows).await?;
    }
    Ok(())
}
