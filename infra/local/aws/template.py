"""Values of a synthesized CloudFormation template, resolved without deploying it.

Invariant: only what follows from the template itself is resolved (pseudo parameters, parameters, names, ARNs, outputs of the other
templates given); anything else is refused with a sentence naming the template and the function.
"""

import json
import re
from pathlib import Path
from typing import Any

# Resource type -> (property with its name, ARN with {name}); what the hub's policies point at.
_ARNS = {
    "AWS::IAM::Role": ("RoleName", "arn:{partition}:iam::{account}:role/{name}"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "arn:{partition}:iam::{account}:policy/{name}"),
    "AWS::Lambda::Function": ("FunctionName", "arn:{partition}:lambda:{region}:{account}:function:{name}"),
    "AWS::Events::EventBus": ("Name", "arn:{partition}:events:{region}:{account}:event-bus/{name}"),
    "AWS::SQS::Queue": ("QueueName", "arn:{partition}:sqs:{region}:{account}:{name}"),
    "AWS::SNS::Topic": ("TopicName", "arn:{partition}:sns:{region}:{account}:{name}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "arn:{partition}:logs:{region}:{account}:log-group:{name}:*"),
    "AWS::SecretsManager::Secret": ("Name", "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}"),
    "AWS::KMS::Key": ("", "arn:{partition}:kms:{region}:{account}:key/{name}"),
    "AWS::S3::Bucket": ("BucketName", "arn:{partition}:s3:::{name}"),
}
_REF_IS_ARN = {"AWS::SNS::Topic", "AWS::SecretsManager::Secret", "AWS::IAM::ManagedPolicy"}


class TemplateError(Exception):
    """The template cannot be used; the message says what to change."""


class Template:
    """One synthesized template and the settings to resolve it with."""

    def __init__(self, path: Path, account_id: str, region: str, parameters: dict[str, str], siblings: "list[Template]"):
        self.name = path.name
        try:
            self.body: dict[str, Any] = json.loads(path.read_text())
        except FileNotFoundError:
            raise TemplateError(f"{path} does not exist: synthesize the CDK app first, or leave --template out") from None
        except ValueError as error:
            raise TemplateError(f"{path} is not JSON ({error}): synthesize the CDK app again") from None
        self.resources: dict[str, dict[str, Any]] = self.body.get("Resources", {})
        self.parameters = parameters
        self.siblings = siblings
        self.pseudo = {
            "AWS::AccountId": account_id,
            "AWS::Region": region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": path.name.removesuffix(".template.json"),
            "AWS::StackId": f"arn:aws:cloudformation:{region}:{account_id}:stack/{path.name.removesuffix('.template.json')}/local",
        }

    def of_type(self, resource_type: str) -> list[tuple[str, dict[str, Any]]]:
        """Logical id and raw properties of every resource of a type."""
        return [
            (logical_id, resource.get("Properties", {}))
            for logical_id, resource in self.resources.items()
            if resource.get("Type") == resource_type
        ]

    def physical_name(self, logical_id: str) -> str:
        """The resource's name: the one it is given, else one made from the logical id."""
        resource = self.resources[logical_id]
        name_property = _ARNS.get(resource["Type"], ("", ""))[0]
        given = resource.get("Properties", {}).get(name_property) if name_property else None
        return str(self.resolve(given)) if given is not None else f"{self.pseudo['AWS::StackName']}-{logical_id}"

    def resolve(self, value: Any) -> Any:
        """The value with every intrinsic function replaced; AWS::NoValue entries vanish."""
        if isinstance(value, list):
            return [resolved for resolved in (self.resolve(item) for item in value) if resolved is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), *_ = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._apply(function, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def _apply(self, function: str, argument: Any) -> Any:
        if function == "Ref":
            return self._ref(argument)
        if function == "Fn::GetAtt":
            logical_id, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
            return self._get_att(logical_id, attribute)
        if function == "Fn::Join":
            return str(argument[0]).join(str(part) for part in self.resolve(argument[1]))
        if function == "Fn::Sub":
            return self._sub(argument)
        if function == "Fn::Split":
            return str(self.resolve(argument[1])).split(argument[0])
        if function == "Fn::Select":
            return self.resolve(argument[1])[int(argument[0])]
        if function == "Fn::ImportValue":
            return self._import(str(self.resolve(argument)))
        raise TemplateError(f"{self.name} uses {function}, which the local AWS does not resolve: add it to infra/local/aws/template.py")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.resources:
            if self.resources[name]["Type"] in _REF_IS_ARN:
                return self._get_att(name, "Arn")
            return self.physical_name(name)
        declared = self.body.get("Parameters", {}).get(name)
        if declared is None:
            raise TemplateError(f"{self.name} refers to {name}, which it does not define")
        value = self.parameters.get(name, declared.get("Default"))
        if value is None:
            raise TemplateError(f"{self.name} needs a value for its parameter {name}: start the local AWS with --parameter {name}=VALUE")
        return str(value).split(",") if str(declared.get("Type", "")).startswith(("CommaDelimitedList", "List")) else value

    def _get_att(self, logical_id: str, attribute: str) -> str:
        resource_type = self.resources.get(logical_id, {}).get("Type")
        if resource_type not in _ARNS or attribute not in ("Arn", "TopicArn", "Id"):
            raise TemplateError(
                f"{self.name} uses {logical_id}.{attribute} of {resource_type}, which the local AWS does not resolve: "
                "add the type to infra/local/aws/template.py"
            )
        name = self.physical_name(logical_id)
        pseudo = self.pseudo
        return _ARNS[resource_type][1].format(
            partition=pseudo["AWS::Partition"], account=pseudo["AWS::AccountId"], region=pseudo["AWS::Region"], name=name
        )

    def _sub(self, argument: Any) -> str:
        text, names = (argument, {}) if isinstance(argument, str) else (argument[0], self.resolve(argument[1]))

        def fill(match: re.Match[str]) -> str:
            name = match.group(1)
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in names:
                return str(names[name])
            if "." in name:
                return self._get_att(*name.split(".", 1))
            return str(self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", fill, text)

    def _import(self, name: str) -> Any:
        for sibling in self.siblings:
            for output in sibling.body.get("Outputs", {}).values():
                if "Export" in output and sibling.resolve(output["Export"].get("Name")) == name:
                    return sibling.resolve(output["Value"])
        raise TemplateError(f"{self.name} imports {name}, which no given template exports: pass that stack's template with --template too")


class _NoValue:
    """AWS::NoValue: the property is as if it were not there."""


_NO_VALUE = _NoValue()
