//! The four listings, one page in memory at a time. The instance types of endpoint configurations stay in memory, because an
//! endpoint does not name them.

use std::collections::HashMap;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use polo_collect::attributes::given;
use polo_collect::{CollectError, Sink, Target};

use crate::details::{self, Detail};
use crate::rows;
use crate::variants::InstanceTypes;

/// The most that AWS gives.
const PAGE: i32 = 100;

/// The instance types of each endpoint configuration by its name; none where it could not be read.
pub(crate) type Configs = HashMap<String, Option<InstanceTypes>>;

/// 100 a page at most.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListNotebookInstances.html>
pub(crate) async fn notebook_instances(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    const ACTION: &str = "sagemaker:ListNotebookInstances";
    let call = |token| {
        let call = client.list_notebook_instances().max_results(PAGE);
        call.set_next_token(token).send()
    };
    let mut pages = target.pages(ACTION, call, |page| page.next_token());
    while let Some(page) = pages.next().await? {
        let notebooks = page.notebook_instances().iter();
        let rows: Vec<_> = notebooks.filter_map(rows::notebook_instance).collect();
        sink.resources(rows).await?;
    }
    Ok(())
}

/// 100 a page at most. <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListModels.html>
pub(crate) async fn models(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    const ACTION: &str = "sagemaker:ListModels";
    let call = |token| {
        let call = client.list_models().max_results(PAGE);
        call.set_next_token(token).send()
    };
    let mut pages = target.pages(ACTION, call, |page| page.next_token());
    while let Some(page) = pages.next().await? {
        let rows: Vec<_> = page.models().iter().filter_map(rows::model).collect();
        sink.resources(rows).await?;
    }
    Ok(())
}

/// 100 a page at most, and one call more for each. Returns what endpoints need of them.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpointConfigs.html>
pub(crate) async fn endpoint_configs(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<Configs, CollectError> {
    const ACTION: &str = "sagemaker:ListEndpointConfigs";
    let mut configs = Configs::new();
    let call = |token| {
        let call = client.list_endpoint_configs().max_results(PAGE);
        call.set_next_token(token).send()
    };
    let mut pages = target.pages(ACTION, call, |page| page.next_token());
    while let Some(page) = pages.next().await? {
        let listed: Vec<_> = page
            .endpoint_configs()
            .iter()
            .filter_map(|config| Some((given(config.endpoint_config_name())?, config)))
            .collect();
        let calls = listed
            .iter()
            .map(|(name, _)| details::endpoint_config(client, target, name));
        let found = details::all(calls).await?;
        let mut rows = Vec::with_capacity(listed.len());
        for ((name, config), detail) in listed.into_iter().zip(found) {
            let row = match &detail {
                Detail::Read(details) => Some(rows::endpoint_config(name, config, Some(details))),
                Detail::Gone => None,
                Detail::Unread(_) => Some(rows::endpoint_config(name, config, None)),
            };
            rows.extend(row);
            configs.insert(name.to_owned(), types_of(detail, sink));
        }
        sink.resources(rows).await?;
    }
    Ok(configs)
}

/// 100 a page at most, and one call more for each.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpoints.html>
pub(crate) async fn endpoints(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
    configs: &mut Configs,
) -> Result<(), CollectError> {
    const ACTION: &str = "sagemaker:ListEndpoints";
    let call = |token| {
        let call = client.list_endpoints().max_results(PAGE);
        call.set_next_token(token).send()
    };
    let mut pages = target.pages(ACTION, call, |page| page.next_token());
    while let Some(page) = pages.next().await? {
        let listed: Vec<_> = page
            .endpoints()
            .iter()
            .filter_map(|endpoint| Some((given(endpoint.endpoint_name())?, endpoint)))
            .collect();
        let calls = listed
            .iter()
            .map(|(name, _)| details::endpoint(client, target, name));
        let found = details::all(calls).await?;
        let mut rows = Vec::with_capacity(listed.len());
        for ((name, endpoint), detail) in listed.into_iter().zip(found) {
            match detail {
                Detail::Read(details) => {
                    let config = given(details.endpoint_config_name());
                    let types = match config {
                        Some(config) => of_config(client, target, sink, configs, config).await?,
                        None => Some(InstanceTypes::default()),
                    };
                    rows.push(rows::endpoint(
                        name,
                        endpoint,
                        Some((&details, types.as_ref())),
                    ));
                }
                Detail::Gone => {}
                Detail::Unread(failure) => {
                    sink.missing_detail(failure);
                    rows.push(rows::endpoint(name, endpoint, None));
                }
            }
        }
        sink.resources(rows).await?;
    }
    Ok(())
}

/// The instance types of a configuration; asked for where it was made after the configurations had been listed.
async fn of_config(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
    configs: &mut Configs,
    name: &str,
) -> Result<Option<InstanceTypes>, CollectError> {
    if let Some(known) = configs.get(name) {
        return Ok(known.clone());
    }
    let detail = details::endpoint_config(client, target, name).await?;
    let types = types_of(detail, sink);
    configs.insert(name.to_owned(), types.clone());
    Ok(types)
}

fn types_of(
    detail: Detail<DescribeEndpointConfigOutput>,
    sink: &mut Sink<'_>,
) -> Option<InstanceTypes> {
    match detail {
        Detail::Read(details) => Some(InstanceTypes::of(&details)),
        Detail::Gone => Some(InstanceTypes::default()),
        Detail::Unread(failure) => {
            sink.missing_detail(failure);
            None
        }
    }
}
