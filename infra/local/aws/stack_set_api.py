"""CloudFormation's StackSet operations for service-managed StackSets: checks, deployment targets, answers, pages.

Invariant: a self-managed StackSet is answered by moto as it is; a member account sees the organization's StackSets only as a
delegated administrator.
"""

from typing import Any

from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import CloudFormationBackend, StackSet, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

from aws import organizations, stack_set_operations, stack_sets, stacks
from aws.stack_set_operations import new_id
from aws.stack_sets import Target, deploy_to, lock, managed, record

PAGE_LIMIT = 100


def _tolerance(preferences: dict[str, Any] | None, size: int) -> int:
    preferences = preferences or {}
    if "FailureToleranceCount" in preferences:
        return int(preferences["FailureToleranceCount"])
    return size * int(preferences.get("FailureTolerancePercentage", 0)) // 100


def _members(items: Any) -> dict[str, str]:
    return {item["ParameterKey"]: item.get("ParameterValue", "") for item in items or []}


def _target(self: CloudFormationResponse) -> Target:
    wanted = self._get_param("DeploymentTargets") or {}
    if not wanted:
        raise ValidationError(message="StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target")
    unit_ids = list(wanted.get("OrganizationalUnitIds") or [])
    if not unit_ids:
        raise ValidationError(message="OrganizationalUnitIds are required")
    account_filter = wanted.get("AccountFilterType") or "NONE"
    if account_filter not in ("NONE", "INTERSECTION", "DIFFERENCE", "UNION"):
        raise ValidationError(message=f"AccountFilterType {account_filter} is not valid")
    accounts = list(wanted.get("Accounts") or [])
    if (account_filter == "NONE") != (not accounts):
        raise ValidationError(message="AccountFilterType should be specified when both OrganizationalUnitIds and Accounts are provided")
    backend = organizations.owner_of(self.current_account)
    known = {unit.id for unit in backend.ou} if backend else set()
    for unit_id in unit_ids:
        if unit_id not in known:
            raise ValidationError(message=f"OrganizationalUnit {unit_id} does not exist in the organization")
    regions, overrides = self._get_param("Regions"), self._get_param("ParameterOverrides")
    return Target(unit_ids, accounts, account_filter, list(regions or []), _members(overrides))


def _create_stack_set(original: Any) -> Any:
    def create(self: CloudFormationResponse) -> ActionResult:
        name = self._get_param("StackSetName")
        if any(s.name == name and s.status != "DELETED" for s in self.cloudformation_backend.stacksets.values()):
            raise CloudFormationError("NameAlreadyExistsException", f"StackSet {name} already exists")
        service_managed = self._get_param("PermissionModel") == "SERVICE_MANAGED"
        if service_managed and not organizations.is_management(_acting_account(self)):
            raise ValidationError(
                message="You must be the management account or delegated admin of an organization before operating "
                "a SERVICE_MANAGED stack set"
            )
        if self._get_param("TemplateBody"):
            stacks.check_template(self._get_param("TemplateBody"), self._get_param("Capabilities") or [])
        result = original(self)
        stack_set = self.cloudformation_backend.describe_stack_set(name)
        given = self._get_param("AutoDeployment") or {}
        stack_set.auto_deployment = {
            "Enabled": _true(given.get("Enabled")),
            "RetainStacksOnAccountRemoval": _true(given.get("RetainStacksOnAccountRemoval")),
        }
        stack_set.polo_managed_execution = {"Active": _true((self._get_param("ManagedExecution") or {}).get("Active"))}
        stack_set.capabilities = list(self._get_param("Capabilities") or [])
        if service_managed:
            stack_set.polo_targets = []
        return result

    return create


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


def _acting_account(self: CloudFormationResponse) -> str:
    """The account whose StackSets are meant: the management account's, where a delegated administrator calls as such."""
    if self._get_param("CallAs") != "DELEGATED_ADMIN":
        return self.current_account
    owner = organizations.owner_of(self.current_account)
    admins = [admin.account.id for admin in owner.admins if organizations.STACK_SETS_PRINCIPAL in admin.services] if owner else []
    if owner is None or self.current_account not in admins:
        raise ValidationError(message="You must be a delegated administrator to use CallAs DELEGATED_ADMIN")
    return owner.account_id


def _create_stack_instances(original: Any) -> Any:
    def create(self: CloudFormationResponse) -> ActionResult:
        stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
        if not managed(stack_set):
            return original(self)
        if self._get_param("Accounts"):
            raise ValidationError(message="StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target")
        with lock:
            target = _target(self)
            backend = organizations.owner_of(_acting_account(self))
            assert backend is not None
            operation_id = new_id(stack_set, self._get_param("OperationId"))
            stack_set.polo_targets.append(target)
            touched = []
            for account in list(backend.accounts):
                if target.covers(backend, account.id):
                    touched += deploy_to(backend, stack_set, target, account.id, operation_id)
            record(stack_set, operation_id, "CREATE", touched, _tolerance(self._get_param("OperationPreferences"), len(touched)))
        return ActionResult({"OperationId": operation_id})

    return create


def _redeploy(self: CloudFormationResponse, stack_set: StackSet, target: Target | None, overrides: dict[str, str] | None) -> str:
    operation_id = new_id(stack_set, self._get_param("OperationId"))
    backend = organizations.owner_of(_acting_account(self))
    assert backend is not None
    touched = []
    for instance in stack_set.stack_instances:
        if target is not None and not target.covers(backend, instance.account_id):
            continue
        if overrides is not None:
            instance.overrides = dict(overrides)
        instance.operation_id = operation_id
        instance.deploy()
        touched.append(instance)
    record(stack_set, operation_id, "UPDATE", touched, _tolerance(self._get_param("OperationPreferences"), len(touched)))
    return operation_id


def _update_stack_set(original: Any) -> Any:
    def update(self: CloudFormationResponse) -> ActionResult:
        stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
        if not managed(stack_set):
            return original(self)
        with lock:
            if self._get_param("TemplateBody"):
                stack_set.template = self._get_param("TemplateBody")
            previous = stack_set.parameters
            stack_set.parameters = {
                item["ParameterKey"]: previous.get(item["ParameterKey"], "")
                if _true(item.get("UsePreviousValue"))
                else item.get("ParameterValue", "")
                for item in self._get_param("Parameters") or []
            } or previous
            if self._get_param("AutoDeployment"):
                given = self._get_param("AutoDeployment")
                stack_set.auto_deployment = {key: _true(given.get(key)) for key in ("Enabled", "RetainStacksOnAccountRemoval")}
            operation_id = _redeploy(self, stack_set, None, None)
        return ActionResult({"OperationId": operation_id})

    return update


def _update_stack_instances(original: Any) -> Any:
    def update(self: CloudFormationResponse) -> ActionResult:
        stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
        if not managed(stack_set):
            return original(self)
        with lock:
            overrides = self._get_param("ParameterOverrides")
            operation_id = _redeploy(self, stack_set, _target(self), _members(overrides) if overrides is not None else None)
        return ActionResult({"OperationId": operation_id})

    return update


def _delete_stack_instances(original: Any) -> Any:
    def delete(self: CloudFormationResponse) -> ActionResult:
        stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
        if not managed(stack_set):
            return original(self)
        with lock:
            target = _target(self)
            backend = organizations.owner_of(_acting_account(self))
            assert backend is not None
            operation_id = new_id(stack_set, self._get_param("OperationId"))
            retain = _true(self._get_param("RetainStacks"))
            touched = [
                i for i in stack_set.stack_instances if i.region_name in target.regions and target.covers(backend, i.account_id)
            ]
            for instance in touched:
                if not retain:
                    instance.remove_stack()
                stack_set.stack_instances.remove(instance)
            for known in stack_set.polo_targets:
                if target.account_filter == "NONE":
                    known.unit_ids = [unit_id for unit_id in known.unit_ids if unit_id not in target.unit_ids]
            stack_set.polo_targets[:] = [known for known in stack_set.polo_targets if known.unit_ids]
            record(stack_set, operation_id, "DELETE", [], 0)
            stack_set.operations[-1]["Instances"] = [{i.account_id: i.region_name} for i in touched]
        return ActionResult({"OperationId": operation_id})

    return delete


def _describe_stack_set(self: CloudFormationResponse) -> ActionResult:
    stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
    result: dict[str, Any] = {
        "StackSetName": stack_set.name,
        "StackSetId": stack_set.id,
        "Description": stack_set.description,
        "Status": stack_set.status,
        "TemplateBody": stack_set.template,
        "Parameters": dict(stack_set.parameters or {}),  # moto's serializer makes the lists of keys and values
        "Tags": dict(stack_set.tags or {}),
        "StackSetARN": stack_set.arn,
        "PermissionModel": stack_set.permission_model,
        "Capabilities": getattr(stack_set, "capabilities", []),
        "ManagedExecution": getattr(stack_set, "polo_managed_execution", {"Active": False}),
    }
    if managed(stack_set):
        result["AutoDeployment"] = stack_set.auto_deployment
        result["OrganizationalUnitIds"] = sorted({unit for target in stack_set.polo_targets for unit in target.unit_ids})
    else:
        result["AdministrationRoleARN"] = stack_set.administration_role_arn
        result["ExecutionRoleName"] = stack_set.execution_role_name
    return ActionResult({"StackSet": result})


def _describe_stack_instance(self: CloudFormationResponse) -> ActionResult:
    account_id, region = self._get_param("StackInstanceAccount"), self._get_param("StackInstanceRegion")
    stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
    instance = stack_set.instances.get_instance(account_id, region)
    if instance is None:
        raise CloudFormationError("StackInstanceNotFoundException", f"Stack instance {account_id}/{region} was not found")
    return ActionResult({"StackInstance": instance.to_dict()})


def _list_stack_instances(self: CloudFormationResponse) -> ActionResult:
    stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
    with lock:
        rows = [instance.to_dict() for instance in stack_set.stack_instances]
    account_id, region = self._get_param("StackInstanceAccount"), self._get_param("StackInstanceRegion")
    rows = [row for row in rows if account_id in (None, row["Account"]) and region in (None, row["Region"])]
    for wanted in self._get_param("Filters") or []:
        if wanted.get("Name") == "DETAILED_STATUS":
            rows = [row for row in rows if row["StackInstanceStatus"]["DetailedStatus"] == wanted.get("Values")]
        elif wanted.get("Name") == "LAST_OPERATION_ID":
            rows = [row for row in rows if row.get("LastOperationId") == wanted.get("Values")]
        else:
            raise ValidationError(message=f"The filter {wanted.get('Name')} is not supported by the local AWS")
    limit = self._get_int_param("MaxResults", PAGE_LIMIT)
    if not 1 <= limit <= PAGE_LIMIT:
        raise ValidationError(
            message=f"1 validation error detected: Value '{limit}' at 'maxResults' failed to satisfy constraint: "
            f"Member must have value between 1 and {PAGE_LIMIT}"
        )
    token = self._get_param("NextToken")
    if token is not None and not str(token).isdigit():
        raise ValidationError(message="NextToken is not valid")
    start = int(token or 0)
    end = start + limit
    result: dict[str, Any] = {"Summaries": [{k: v for k, v in row.items() if k != "ParameterOverrides"} for row in rows[start:end]]}
    if end < len(rows):
        result["NextToken"] = str(end)
    return ActionResult(result)


def _backend_for_caller(self: CloudFormationResponse) -> CloudFormationBackend:
    about_sets = "StackSet" in self._get_action() or "StackInstance" in self._get_action()
    account_id = _acting_account(self) if about_sets else self.current_account
    return cloudformation_backends[account_id][self.region]


def install() -> None:
    """Put these StackSets in place of moto's and follow the organization's changes."""
    response = CloudFormationResponse
    response.cloudformation_backend = property(_backend_for_caller)
    response.create_stack_set = _create_stack_set(response.create_stack_set)
    response.create_stack_instances = _create_stack_instances(response.create_stack_instances)
    response.update_stack_set = _update_stack_set(response.update_stack_set)
    response.update_stack_instances = _update_stack_instances(response.update_stack_instances)
    response.delete_stack_instances = _delete_stack_instances(response.delete_stack_instances)
    response.describe_stack_set = _describe_stack_set
    response.describe_stack_instance = _describe_stack_instance
    response.list_stack_instances = _list_stack_instances
    stack_set_operations.install()
    organizations.on_membership_change.append(stack_sets.follow_membership)
