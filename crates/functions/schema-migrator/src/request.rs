//! What the function is asked: by CloudFormation, as <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html>
//! has it, or by hand.
//!
//! Invariant: whom to answer is read first, so that everything else which is wrong can be told there.

use std::fmt;

use polo_aws::Address;
use polo_runtime::FunctionError;
use serde_json::Value;

/// Who asks.
#[derive(Debug)]
pub(crate) enum Asked {
    /// A person, with `{}`.
    ByHand,
    /// CloudFormation.
    ByCloudFormation(ResourceRequest),
}

/// What is to become of the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestType {
    /// It is new in the stack.
    Create,
    /// Its properties have changed, or are being changed back.
    Update,
    /// It leaves the stack.
    Delete,
}

/// A request of CloudFormation's.
pub(crate) struct ResourceRequest {
    request_type: String,
    /// Where the answer is put; a secret, because it is signed.
    pub(crate) address: Address,
    /// The stack's ARN.
    pub(crate) stack_id: String,
    /// The request's own id.
    pub(crate) request_id: String,
    /// The resource's name in the template.
    pub(crate) logical_resource_id: String,
    /// The migrations and manifests of the release that is wanted, as [`polo_store::migrations::digest`] tells them.
    pub(crate) migrations: Option<String>,
}

impl fmt::Debug for ResourceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceRequest")
            .field("request_type", &self.request_type)
            .field("address", &self.address)
            .field("stack_id", &self.stack_id)
            .field("request_id", &self.request_id)
            .field("logical_resource_id", &self.logical_resource_id)
            .field("migrations", &self.migrations)
            .finish()
    }
}

impl Asked {
    /// Reads an event.
    pub(crate) fn parse(event: &Value) -> Result<Self, FunctionError> {
        match event.as_object() {
            Some(fields) if fields.is_empty() => return Ok(Self::ByHand),
            Some(fields) if fields.contains_key("ResponseURL") => {}
            _ => {
                return Err(FunctionError::Refused(
                    "the payload is no request of a CloudFormation custom resource, which holds RequestType and \
                     ResponseURL: give {} to migrate by hand"
                        .to_owned(),
                ));
            }
        }
        let text = |name: &str| match event[name].as_str() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(FunctionError::Refused(format!(
                "the custom resource's request has no {name}: it is CloudFormation that sends it, or give {{}} to \
                 migrate by hand"
            ))),
        };
        let address = Address::parse(&text("ResponseURL")?).map_err(|error| {
            FunctionError::Refused(format!(
                "ResponseURL of the custom resource's request cannot be asked: {error}"
            ))
        })?;
        Ok(Self::ByCloudFormation(ResourceRequest {
            // Whether it is one is told to CloudFormation.
            request_type: event["RequestType"].as_str().unwrap_or_default().to_owned(),
            address,
            stack_id: text("StackId")?,
            request_id: text("RequestId")?,
            logical_resource_id: text("LogicalResourceId")?,
            migrations: event["ResourceProperties"]["Migrations"]
                .as_str()
                .map(str::to_owned),
        }))
    }
}

impl ResourceRequest {
    /// What is to become of the resource.
    pub(crate) fn request_type(&self) -> Result<RequestType, FunctionError> {
        match self.request_type.as_str() {
            "Create" => Ok(RequestType::Create),
            "Update" => Ok(RequestType::Update),
            "Delete" => Ok(RequestType::Delete),
            other => Err(FunctionError::Refused(format!(
                "RequestType is {other:?}: it has to be Create, Update or Delete"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_request_of_cloudformation_s() {
        let sample = include_str!("../../../../events/schema-migrator-cloudformation.json");
        let sample = serde_json::from_str(sample).unwrap();
        let Asked::ByCloudFormation(asked) = Asked::parse(&sample).unwrap() else {
            panic!("{sample}");
        };
        assert_eq!(asked.request_type().unwrap(), RequestType::Update);
        assert_eq!(asked.migrations.map(|digest| digest.len()), Some(64));
    }
}
