//! From SageMaker's words to rows. Pure.
//!
//! Invariant: a resource without a name is no resource; everything else that AWS leaves out is left out of the row too,
//! never filled with a value that looks measured. What could not be read is named in `unreadable`.

use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::types::{
    EndpointConfigSummary, EndpointSummary, ModelSummary, NotebookInstanceSummary,
};
use polo_collect::attributes::given;
use polo_collect::{Attributes, SeenResource};

pub use crate::variants::InstanceTypes;
use crate::variants::{configured, running};

/// A notebook instance, which costs by the hour from its start to its stop.
pub fn notebook_instance(notebook: &NotebookInstanceSummary) -> Option<SeenResource> {
    let attributes = Attributes::default()
        .text(
            "instance_type",
            notebook.instance_type().map(|kind| kind.as_str()),
        )
        .text(
            "lifecycle_config_name",
            notebook.notebook_instance_lifecycle_config_name(),
        )
        .time("created_at", notebook.creation_time());
    Some(SeenResource {
        resource_type: "sagemaker_notebook_instance",
        state: notebook
            .notebook_instance_status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        ..resource(
            given(notebook.notebook_instance_name())?,
            notebook.notebook_instance_arn(),
            attributes,
        )
    })
}

/// An endpoint: its configuration, and what runs behind it now. Its details come with the instance types of its
/// configuration, none where they could not be read.
pub fn endpoint(
    name: &str,
    endpoint: &EndpointSummary,
    details: Option<(&DescribeEndpointOutput, Option<&InstanceTypes>)>,
) -> SeenResource {
    let attributes = Attributes::default().time("created_at", endpoint.creation_time());
    let (status, attributes) = match details {
        Some((details, types)) => (
            details
                .endpoint_status()
                .filter(|status| given(Some(status.as_str())).is_some())
                .or(endpoint.endpoint_status()),
            attributes
                .text("endpoint_config", details.endpoint_config_name())
                .value("variants", running(details.production_variants(), types))
                .value(
                    "shadow_variants",
                    running(details.shadow_production_variants(), types),
                )
                .unreadable(if types.is_none() {
                    &["sagemaker:DescribeEndpointConfig"]
                } else {
                    &[]
                }),
        ),
        None => (
            endpoint.endpoint_status(),
            attributes.unreadable(&["sagemaker:DescribeEndpoint"]),
        ),
    };
    SeenResource {
        resource_type: "sagemaker_endpoint",
        state: status
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        ..resource(name, endpoint.endpoint_arn(), attributes)
    }
}

/// An endpoint configuration: what an endpoint that uses it starts. By itself it costs nothing.
pub fn endpoint_config(
    name: &str,
    config: &EndpointConfigSummary,
    details: Option<&DescribeEndpointConfigOutput>,
) -> SeenResource {
    let attributes = Attributes::default().time("created_at", config.creation_time());
    let attributes = match details {
        Some(details) => attributes
            .value("variants", configured(details.production_variants()))
            .value(
                "shadow_variants",
                configured(details.shadow_production_variants()),
            )
            .text("kms_key_id", details.kms_key_id()),
        None => attributes.unreadable(&["sagemaker:DescribeEndpointConfig"]),
    };
    SeenResource {
        resource_type: "sagemaker_endpoint_config",
        ..resource(name, config.endpoint_config_arn(), attributes)
    }
}

/// A model: since when it is there.
pub fn model(model: &ModelSummary) -> Option<SeenResource> {
    let attributes = Attributes::default().time("created_at", model.creation_time());
    Some(SeenResource {
        resource_type: "sagemaker_model",
        ..resource(given(model.model_name())?, model.model_arn(), attributes)
    })
}

/// What all kinds share. The ARN is AWS's own or none: it writes some names in small letters there, some not.
fn resource(name: &str, arn: Option<&str>, attributes: Attributes) -> SeenResource {
    SeenResource {
        resource_type: "",
        resource_id: name.to_owned(),
        arn: arn.unwrap_or_default().to_owned(),
        name: name.to_owned(),
        state: String::new(),
        tags: Vec::new(),
        attributes: attributes.into_value(),
    }
}
