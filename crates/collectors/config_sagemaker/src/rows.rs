//! From SageMaker's words to rows. Pure.
//!
//! Invariant: a resource without a name is no resource; everything else that AWS leaves out is left out of the row too,
//! never filled with a value that looks measured. What could not be read is named in `unreadable`.

use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::types::{
    EndpointConfigSummary, EndpointSummary, ModelSummary, NotebookInstanceSummary,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use polo_runtime::SeenResource;
use serde_json::{Map, Value, json};

pub use crate::variants::InstanceTypes;
use crate::variants::{configured, running};

/// What the SDK puts in the place of a word that a description has to hold, and that AWS left out all the same.
const LEFT_OUT: &str = "no value was set";

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
                .filter(|status| status.as_str() != LEFT_OUT)
                .or(endpoint.endpoint_status()),
            attributes
                .text("endpoint_config", details.endpoint_config_name())
                .value("variants", running(details.production_variants(), types))
                .value(
                    "shadow_variants",
                    running(details.shadow_production_variants(), types),
                )
                .unreadable("sagemaker:DescribeEndpointConfig", types.is_none()),
        ),
        None => (
            endpoint.endpoint_status(),
            attributes.unreadable("sagemaker:DescribeEndpoint", true),
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
        None => attributes.unreadable("sagemaker:DescribeEndpointConfig", true),
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

/// What AWS really gave: an empty text says no more than an absent one.
pub(crate) fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Attributes that AWS gave.
#[derive(Default)]
pub(crate) struct Attributes(Map<String, Value>);

impl Attributes {
    pub(crate) fn value(mut self, name: &str, value: Option<Value>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    pub(crate) fn text(self, name: &str, text: Option<&str>) -> Self {
        self.value(name, given(text).map(Value::from))
    }

    pub(crate) fn number(self, name: &str, number: Option<i32>) -> Self {
        self.value(name, number.map(Value::from))
    }

    pub(crate) fn list(self, name: &str, list: Vec<Value>) -> Self {
        self.value(name, (!list.is_empty()).then(|| json!(list)))
    }

    /// SageMaker tells milliseconds, as a fraction that comes out of the SDK a little beside them.
    fn time(self, name: &str, time: Option<&DateTime>) -> Self {
        let millis = time
            .and_then(|time| i64::try_from((time.as_nanos() + 500_000).div_euclid(1_000_000)).ok());
        let text =
            millis.and_then(|millis| DateTime::from_millis(millis).fmt(Format::DateTime).ok());
        self.value(name, text.map(Value::from))
    }

    fn unreadable(self, action: &str, unreadable: bool) -> Self {
        self.value("unreadable", unreadable.then(|| json!([action])))
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}
