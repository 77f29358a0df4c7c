"""The hub's stacks, so that CloudFormation answers DescribeStacks for them as for stacks that are deployed.

Invariant: ids are those that the templates resolve AWS::StackId to; the resources of a stack are not created.
"""

from moto.cloudformation.models import cloudformation_backends

from aws.template import Template

_NO_RESOURCES = '{"Resources": {}}'


def create(templates: list[Template], account_id: str) -> None:
    """A finished stack for each template."""
    for template in templates:
        backend = cloudformation_backends[account_id][template.pseudo["AWS::Region"]]
        stack = backend.create_stack(template.pseudo["AWS::StackName"], _NO_RESOURCES, parameters={})
        del backend.stacks[stack.stack_id]
        stack.stack_id = template.pseudo["AWS::StackId"]
        backend.stacks[stack.stack_id] = stack
