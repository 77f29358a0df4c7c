//! The variants of endpoints and their configurations: what runs behind a name. Pure.
//!
//! Invariant: variants stand in the order of their names, so that another order in AWS's answer is no change.

use std::collections::BTreeMap;

use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::types::{
    ProductionVariant, ProductionVariantServerlessConfig, ProductionVariantSummary,
};
use polo_collect::Attributes;
use polo_collect::attributes::given;
use serde_json::{Value, json};

/// The instance type of each variant of one configuration, by the variant's name. Names are unique among variants and
/// shadow variants.
///
/// Source: <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceTypes(BTreeMap<String, String>);

impl InstanceTypes {
    /// Of a configuration.
    pub fn of(config: &DescribeEndpointConfigOutput) -> Self {
        let variants = config.production_variants().iter();
        let variants = variants.chain(config.shadow_production_variants());
        let types = variants.filter_map(|variant| {
            let kind = variant.instance_type()?;
            Some((variant.variant_name()?.to_owned(), kind.as_str().to_owned()))
        });
        Self(types.collect())
    }
}

/// What a configuration asks for.
pub(crate) fn configured(variants: &[ProductionVariant]) -> Option<Value> {
    let variants = variants.iter().map(|variant| {
        let pools: Vec<Value> = variant
            .instance_pools()
            .iter()
            .map(|pool| {
                Attributes::default()
                    .text(
                        "instance_type",
                        pool.instance_type().map(|kind| kind.as_str()),
                    )
                    .value("priority", pool.priority())
                    .into_value()
            })
            .collect();
        let scaling = variant.managed_instance_scaling().map(|scaling| {
            Attributes::default()
                .text("status", scaling.status().map(|status| status.as_str()))
                .value("min_instance_count", scaling.min_instance_count())
                .value("max_instance_count", scaling.max_instance_count())
                .into_value()
        });
        Attributes::default()
            .text("name", variant.variant_name())
            .text("model_name", variant.model_name())
            .text(
                "instance_type",
                variant.instance_type().map(|kind| kind.as_str()),
            )
            .value("initial_instance_count", variant.initial_instance_count())
            .value("instance_pools", listed(pools))
            .text(
                "accelerator_type",
                variant.accelerator_type().map(|kind| kind.as_str()),
            )
            .value("volume_size_gb", variant.volume_size_in_gb())
            .value("serverless", variant.serverless_config().map(serverless))
            .value("managed_instance_scaling", scaling)
            .into_value()
    });
    by_name(variants)
}

/// What runs, with the instance types that the configuration names.
pub(crate) fn running(
    variants: &[ProductionVariantSummary],
    types: Option<&InstanceTypes>,
) -> Option<Value> {
    let variants = variants.iter().map(|variant| {
        let instance_type = given(variant.variant_name())
            .zip(types)
            .and_then(|(name, types)| types.0.get(name));
        let pools: Vec<Value> = variant
            .instance_pools()
            .iter()
            .map(|pool| {
                Attributes::default()
                    .text(
                        "instance_type",
                        pool.instance_type().map(|kind| kind.as_str()),
                    )
                    .value("current_instance_count", pool.current_instance_count())
                    .into_value()
            })
            .collect();
        Attributes::default()
            .text("name", variant.variant_name())
            .text("instance_type", instance_type.map(String::as_str))
            .value("current_instance_count", variant.current_instance_count())
            .value("instance_pools", listed(pools))
            .value(
                "serverless",
                variant.current_serverless_config().map(serverless),
            )
            .into_value()
    });
    by_name(variants)
}

fn serverless(config: &ProductionVariantServerlessConfig) -> Value {
    Attributes::default()
        .value("memory_size_mb", config.memory_size_in_mb())
        .value("max_concurrency", config.max_concurrency())
        .value("provisioned_concurrency", config.provisioned_concurrency())
        .into_value()
}

/// None where there is no variant: an endpoint that is being made has none yet.
fn by_name(variants: impl Iterator<Item = Value>) -> Option<Value> {
    let mut variants: Vec<Value> = variants.collect();
    variants.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    (!variants.is_empty()).then(|| json!(variants))
}

/// A list, where it lists anything.
fn listed(items: Vec<Value>) -> Option<Value> {
    (!items.is_empty()).then(|| json!(items))
}
