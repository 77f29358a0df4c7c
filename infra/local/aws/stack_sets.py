"""Service-managed StackSets: what they target, their instances, and auto-deployment that follows the organization.

Invariant: an instance whose status is CURRENT has its stack (and so its roles) in the account; any other status means that the
stack is not there. The management account never gets an instance. Self-managed StackSets stay moto's.
"""

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

from moto.cloudformation.models import Stack, StackSet, cloudformation_backends
from moto.cloudformation.utils import generate_stack_id
from moto.iam.models import Role, iam_backends
from moto.organizations.models import OrganizationsBackend

from aws import organizations, stacks

STATUSES = ("CURRENT", "OUTDATED", "INOPERABLE")
lock = threading.RLock()


@dataclass
class Target:
    """What one CreateStackInstances call asked for; auto-deployment keeps following it."""

    unit_ids: list[str]
    account_ids: list[str]
    account_filter: str  # NONE | INTERSECTION | DIFFERENCE | UNION
    regions: list[str]
    overrides: dict[str, str]

    def covers(self, backend: OrganizationsBackend, account_id: str) -> bool:
        """Whether the account is among the targets now."""
        account = organizations.account_in(backend, account_id)
        if account is None:
            return False
        inside = any(node.id in self.unit_ids for node in organizations.chain(backend, account)[:-1])
        named = account_id in self.account_ids
        return {
            "NONE": inside,
            "INTERSECTION": inside and named,
            "DIFFERENCE": inside and not named,
            "UNION": inside or named,
        }[self.account_filter]


@dataclass
class Instance:
    """One stack of a service-managed StackSet in one account and region."""

    stack_set: StackSet
    account_id: str
    region_name: str
    unit_id: str
    overrides: dict[str, str] = field(default_factory=dict)
    operation_id: str = ""
    status: str = "OUTDATED"
    detailed_status: str = "PENDING"
    status_reason: str | None = None
    stack: Stack | None = None

    def deploy(self) -> None:
        """Create the stack, anew if there is one; a failure is kept as the instance's status, with CloudFormation's reason."""
        self.remove_stack()
        if organizations.state_of(self.account_id) in organizations.CLOSED_STATES:
            self.status, self.detailed_status = "OUTDATED", "SKIPPED_SUSPENDED_ACCOUNT"
            self.status_reason = f"Account {self.account_id} is suspended, skipped."
            return
        stack: Stack | None = None
        parameters = {**self.stack_set.parameters, **self.overrides}
        try:
            stacks.check_parameters(self.stack_set.template, parameters)
            stack = Stack(
                stack_id=generate_stack_id(f"StackSet-{self.stack_set.name}", self.region_name, self.account_id),
                name=f"StackSet-{self.stack_set.name}-{self.stack_set.id.rsplit(':', 1)[-1]}",
                template=self.stack_set.template,
                parameters=parameters,
                account_id=self.account_id,
                region_name=self.region_name,
            )
            stack.create_resources()
        except Exception as failure:  # whatever went wrong in the stack is the deployment's outcome, told in StatusReason
            if stack is not None:
                stack.delete()
            self.status, self.detailed_status = "OUTDATED", "FAILED"
            self.status_reason = f"ResourceStatusReason:{getattr(failure, 'message', None) or failure}."
            return
        self.stack = stack
        self.status, self.detailed_status, self.status_reason = "CURRENT", "SUCCEEDED", None

    def remove_stack(self) -> None:
        """Delete the stack and its resources; a resource that somebody deleted by hand is no obstacle, as on AWS."""
        if self.stack is None:
            return
        stack, self.stack = self.stack, None
        iam = iam_backends[self.account_id]["aws"]
        for logical_id, resource in list(stack.resource_map._parsed_resources.items()):
            if isinstance(resource, Role) and resource.id not in iam.roles:
                stack.resource_map._parsed_resources.pop(logical_id)
        stack.delete()

    def to_dict(self) -> dict[str, Any]:
        """The instance as CloudFormation describes it."""
        return {
            "StackSetId": self.stack_set.id,
            "Region": self.region_name,
            "Account": self.account_id,
            "StackId": self.stack.stack_id if self.stack else None,
            "ParameterOverrides": [{"ParameterKey": k, "ParameterValue": v} for k, v in self.overrides.items()],
            "Status": self.status,
            "StatusReason": self.status_reason,
            "StackInstanceStatus": {"DetailedStatus": self.detailed_status},
            "OrganizationalUnitId": self.unit_id,
            "DriftStatus": "NOT_CHECKED",
            "LastOperationId": self.operation_id,
        }


def set_status(name: str, account_id: str, status: str, detailed: str | None, reason: str | None) -> dict[str, Any]:
    """Give an account's instance a status (control endpoint); LookupError if set or account do not exist."""
    with lock:
        stack_set = _find(name)
        backend = organizations.owner_of(account_id)
        account = organizations.account_in(backend, account_id) if backend else None
        if account is None:
            raise LookupError(f"no organization has the account {account_id}: create it first")
        if status not in STATUSES:
            raise ValueError(f"status is {status!r}: it must be one of {', '.join(STATUSES)}")
        found = [instance for instance in stack_set.stack_instances if instance.account_id == account_id]
        if not found:
            targets: list[Target] = stack_set.polo_targets
            regions = targets[0].regions if targets else ["us-east-1"]
            found = [Instance(stack_set, account_id, region, account.parent_id) for region in regions]
            stack_set.stack_instances.extend(found)
        for instance in found:
            if status == "CURRENT":
                instance.deploy()
            else:
                instance.remove_stack()
                instance.status, instance.detailed_status = status, detailed or "FAILED"
                instance.status_reason = reason
        return found[0].to_dict()


def _find(name: str) -> StackSet:
    for account in list(cloudformation_backends.values()):
        for backend in list(account.values()):
            for stack_set in backend.stacksets.values():
                if stack_set.name == name and stack_set.status != "DELETED" and hasattr(stack_set, "polo_targets"):
                    return stack_set
    raise LookupError(f"no service-managed StackSet is called {name!r}: create it first")


def managed(stack_set: StackSet) -> bool:
    """Whether the StackSet deploys through the organization."""
    return stack_set.permission_model == "SERVICE_MANAGED"


def deploy_to(
    backend: OrganizationsBackend, stack_set: StackSet, target: Target, account_id: str, operation_id: str
) -> list[Instance]:
    """Deploy to one account in the target's regions, where it has no instance yet; returns the new instances."""
    account = organizations.account_in(backend, account_id)
    if account is None or account_id == backend.account_id:  # StackSets skip the management account
        return []
    deployed = []
    for region in target.regions:
        if stack_set.instances.get_instance(account_id, region) is not None:
            continue
        instance = Instance(stack_set, account_id, region, account.parent_id, dict(target.overrides), operation_id)
        stack_set.stack_instances.append(instance)
        instance.deploy()
        deployed.append(instance)
    return deployed


def follow_membership(backend: OrganizationsBackend, account_id: str) -> None:
    """Auto-deployment: deploy to an account that entered a target OU, clear one that left."""
    with lock:
        for cloudformation in list(cloudformation_backends[backend.account_id].values()):
            for stack_set in cloudformation.stacksets.values():
                if stack_set.status == "DELETED" or not managed(stack_set) or not stack_set.auto_deployment["Enabled"]:
                    continue
                targets = [target for target in stack_set.polo_targets if target.covers(backend, account_id)]
                if not targets:
                    keep = stack_set.auto_deployment.get("RetainStacksOnAccountRemoval", False)
                    for instance in [i for i in stack_set.stack_instances if i.account_id == account_id]:
                        if not keep:
                            instance.remove_stack()
                        stack_set.stack_instances.remove(instance)
                for target in targets:
                    deployed = deploy_to(backend, stack_set, target, account_id, str(uuid.uuid4()))
                    if deployed:
                        record(stack_set, deployed[0].operation_id, "CREATE", deployed, tolerated=len(deployed))


def record(stack_set: StackSet, operation_id: str, action: str, touched: list[Instance], tolerated: int) -> None:
    """Note an operation; it failed if more instances failed than were tolerated."""
    failed = [instance for instance in touched if instance.detailed_status == "FAILED"]
    status = "FAILED" if len(failed) > tolerated else "SUCCEEDED"
    operation = stack_set._create_operation(operation_id, action, status)
    operation["Instances"] = [{instance.account_id: instance.region_name} for instance in touched]
    operation["Results"] = [
        {
            "Account": instance.account_id,
            "Region": instance.region_name,
            "Status": "FAILED" if instance.detailed_status == "FAILED" else "SUCCEEDED",
            "StatusReason": instance.status_reason,
            "OrganizationalUnitId": instance.unit_id,
        }
        for instance in touched
    ]
