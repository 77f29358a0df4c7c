//! Physical names and ARNs of resources, as CloudFormation would hand them out. INVARIANT: a name that is not in the template is made from
//! stack and logical id, so it is the same at every start.

use super::{Resource, TemplateError};

impl Resource<'_> {
    /// The resource's name in AWS.
    pub(crate) fn physical_name(&self) -> Result<String, TemplateError> {
        let property = match self.kind() {
            "AWS::Lambda::Function" => "FunctionName",
            "AWS::IAM::Role" => "RoleName",
            "AWS::SQS::Queue" => "QueueName",
            "AWS::SNS::Topic" => "TopicName",
            "AWS::Logs::LogGroup" => "LogGroupName",
            "AWS::Events::Rule" | "AWS::Events::EventBus" | "AWS::SecretsManager::Secret" => "Name",
            _ => return Ok(self.default_name()),
        };
        Ok(self.text(property)?.unwrap_or_else(|| self.default_name()))
    }

    fn default_name(&self) -> String {
        format!("{}-{}", self.stack.name, self.logical_id)
    }

    /// The resource's ARN.
    pub(crate) fn arn(&self) -> Result<String, TemplateError> {
        let name = self.physical_name()?;
        let (region, account) = (&self.templates.region, &self.templates.account);
        Ok(match self.kind() {
            "AWS::Lambda::Function" => format!("arn:aws:lambda:{region}:{account}:function:{name}"),
            "AWS::IAM::Role" => format!(
                "arn:aws:iam::{account}:role{}{name}",
                self.text("Path")?.unwrap_or_else(|| "/".to_owned())
            ),
            "AWS::SQS::Queue" => format!("arn:aws:sqs:{region}:{account}:{name}"),
            "AWS::SNS::Topic" => format!("arn:aws:sns:{region}:{account}:{name}"),
            "AWS::Logs::LogGroup" => format!("arn:aws:logs:{region}:{account}:log-group:{name}:*"),
            "AWS::Events::EventBus" => {
                format!("arn:aws:events:{region}:{account}:event-bus/{name}")
            }
            "AWS::Events::Rule" => match self.bus()?.as_str() {
                "default" => format!("arn:aws:events:{region}:{account}:rule/{name}"),
                bus => format!("arn:aws:events:{region}:{account}:rule/{bus}/{name}"),
            },
            "AWS::SecretsManager::Secret" => {
                format!("arn:aws:secretsmanager:{region}:{account}:secret:{name}")
            }
            kind => {
                return Err(
                    self.error(format!("the local stack does not know the ARN of a {kind}"))
                );
            }
        })
    }

    /// The bus of a rule: property `EventBusName`, a name or an ARN.
    pub(crate) fn bus(&self) -> Result<String, TemplateError> {
        let bus = self
            .text("EventBusName")?
            .unwrap_or_else(|| "default".to_owned());
        Ok(bus
            .rsplit_once(":event-bus/")
            .map_or(bus.clone(), |(_, name)| name.to_owned()))
    }

    /// What `Ref` gives for this resource.
    pub(super) fn reference_value(&self) -> Result<String, TemplateError> {
        match self.kind() {
            "AWS::SQS::Queue" => Ok(format!(
                "https://sqs.{}.amazonaws.com/{}/{}",
                self.templates.region,
                self.templates.account,
                self.physical_name()?
            )),
            "AWS::SNS::Topic" | "AWS::SecretsManager::Secret" => self.arn(),
            _ => self.physical_name(),
        }
    }

    /// What `Fn::GetAtt` gives for this resource.
    pub(super) fn attribute_value(&self, attribute: &str) -> Result<String, TemplateError> {
        match attribute {
            "Arn" | "TopicArn" => self.arn(),
            "QueueUrl" => self.reference_value(),
            "Name" | "QueueName" | "FunctionName" | "TopicName" => self.physical_name(),
            _ => Err(self.error(format!(
                "the local stack does not know the attribute {attribute} of a {}",
                self.kind()
            ))),
        }
    }
}
