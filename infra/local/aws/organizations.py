"""AWS Organizations as it answers today: access rules, pages of at most 20, State, Paths, policy types.

Invariant: only the management account and registered delegated administrators read the organization; a policy counts only while
its type is enabled on the root. Ids that documents and settings quote are the same in every local AWS: an account's follows from its
e-mail address, and the root of the hub's organization is `r-polo`.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

from moto.core.utils import unix_time
from moto.iam.models import iam_backends
from moto.organizations.exceptions import (
    AccountAlreadyClosedException,
    AWSOrganizationsNotInUseException,
    InvalidInputException,
    OrganizationNotEmptyException,
    OrganizationsClientError,
    PolicyTypeNotEnabledException,
)
from moto.organizations import utils
from moto.organizations.models import (
    FakeAccount,
    FakeDelegatedAdministrator,
    FakeOrganization,
    OrganizationsBackend,
    organizations_backends,
)
from moto.organizations.responses import OrganizationsResponse

from aws import options, pages, policy, sessions

PAGE_LIMIT = 20
# States in which nobody can get into an account. Any other text (one that AWS may add) is treated as open.
CLOSED_STATES = {"PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"}
HUB_ROOT_ID = "r-polo"
STACK_SETS_PRINCIPAL = "member.org.stacksets.cloudformation.amazonaws.com"

# Called with (backend, account id) whenever an account enters, moves in, leaves or changes its state.
on_membership_change: list[Callable[[OrganizationsBackend, str], None]] = []


def owner_of(account_id: str) -> OrganizationsBackend | None:
    """The organization that the account is in, as its management account's backend; None outside organizations."""
    own = organizations_backends.get(account_id)
    if own is not None and own["aws"].org is not None:
        return own["aws"]
    member = organizations_backends.master_accounts.get(account_id)
    return organizations_backends[member[0]][member[1]] if member else None


def is_management(account_id: str) -> bool:
    """Whether the account is the management account of its organization."""
    backend = owner_of(account_id)
    return backend is not None and backend.account_id == account_id


def account_in(backend: OrganizationsBackend, account_id: str) -> FakeAccount | None:
    """The account's entry in this organization."""
    return next((account for account in backend.accounts if account.id == account_id), None)


def state_of(account_id: str) -> str:
    """The account's State; ACTIVE where it is in no organization."""
    backend = owner_of(account_id)
    account = account_in(backend, account_id) if backend else None
    return account.state if account else "ACTIVE"


def chain(backend: OrganizationsBackend, account: FakeAccount) -> list[Any]:
    """The root, the OUs below it and the account itself, from the top down."""
    by_id = {unit.id: unit for unit in backend.ou}
    nodes: list[Any] = [account]
    parent = by_id.get(account.parent_id)
    while parent is not None:
        nodes.append(parent)
        parent = by_id.get(parent.parent_id)
    return nodes[::-1]


def path_of(backend: OrganizationsBackend, account: FakeAccount) -> str:
    """The account's path: `o-…/r-…/ou-…/123456789012/`."""
    return "/".join([backend.org.id, *(node.id for node in chain(backend, account))]) + "/"


def policy_levels(account_id: str, policy_type: str) -> Iterator[list[list[dict[str, Any]]]]:
    """The statements of the policies of a type, level by level from the root to the account; nothing while the type is off."""
    backend = owner_of(account_id)
    account = account_in(backend, account_id) if backend else None
    if backend is None or account is None or not _type_enabled(backend, policy_type):
        return
    for node in chain(backend, account):
        yield [policy.load(attached.content) for attached in node.attached_policies if attached.type == policy_type]


def set_state(account_id: str, state: str) -> bool:
    """Set an account's State to any text; False if no organization has the account."""
    backend = owner_of(account_id)
    account = account_in(backend, account_id) if backend else None
    if backend is None or account is None:
        return False
    account.state = account.status = state
    _changed(backend, account_id)
    return True


def _changed(backend: OrganizationsBackend, account_id: str) -> None:
    for listener in on_membership_change:
        listener(backend, account_id)


def _type_enabled(backend: OrganizationsBackend, policy_type: str) -> bool:
    roots = [unit for unit in backend.ou if unit.type == "ROOT"]
    return any(entry["Type"] == policy_type for root in roots for entry in root.policy_types)


def _describe_account(self: FakeAccount) -> dict[str, Any]:
    described = {
        "Id": self.id,
        "Arn": self.arn,
        "Email": self.email,
        "Name": self.name,
        "JoinedMethod": self.joined_method,
        "JoinedTimestamp": unix_time(self.create_time),
    }
    shown = options.values["account_state"]
    if shown == "state":
        described["State"] = self.state
    elif shown == "status":
        # The retired field knew three values.
        described["Status"] = self.state if self.state in ("ACTIVE", "PENDING_CLOSURE") else "SUSPENDED"
    backend = owner_of(self.id)
    if options.values["account_paths"] and backend is not None:
        described["Paths"] = [path_of(backend, self)]
    return described


def _close(self: FakeAccount) -> None:
    if self.state in ("PENDING_CLOSURE", "CLOSED"):
        raise AccountAlreadyClosedException
    self.state = self.status = "PENDING_CLOSURE"


def _backend_for_caller(self: OrganizationsResponse) -> OrganizationsBackend:
    operation = self._get_action()
    own = organizations_backends[self.current_account][self.partition]
    if own.org is not None or operation == "CreateOrganization":
        return own
    owner = owner_of(self.current_account)
    if owner is None:
        raise AWSOrganizationsNotInUseException
    if operation == "DescribeOrganization":
        return owner
    delegated = any(admin.account.id == self.current_account for admin in owner.admins)
    if delegated and operation.startswith(("Describe", "List")):
        return owner
    raise OrganizationsClientError("AccessDeniedException", "You don't have permissions to access this resource.")


def _page(self: OrganizationsResponse, key: str, rows: list[dict[str, Any]]) -> str:
    limit = self._get_int_param("MaxResults", PAGE_LIMIT)
    if not 1 <= limit <= PAGE_LIMIT:
        raise InvalidInputException(
            f"1 validation error detected: Value '{limit}' at 'maxResults' failed to satisfy constraint: "
            f"Member must have value between 1 and {PAGE_LIMIT}"
        )
    try:
        page, following = pages.cut(key, rows, self._get_param("NextToken"), limit)
    except pages.BadToken:
        raise InvalidInputException("The provided NextToken is invalid: INVALID_NEXT_TOKEN") from None
    answer: dict[str, Any] = {key: page}
    if following:
        answer["NextToken"] = following
    return json.dumps(answer)


def _by_time(accounts: list[FakeAccount]) -> list[FakeAccount]:
    return sorted(accounts, key=lambda account: account.create_time)


def _list_accounts(self: OrganizationsResponse) -> str:
    return _page(self, "Accounts", [account.describe() for account in _by_time(self.organizations_backend.accounts)])


def _list_accounts_for_parent(self: OrganizationsResponse) -> str:
    backend = self.organizations_backend
    parent = backend.validate_parent_id(self._get_param("ParentId"))
    rows = [account.describe() for account in _by_time(backend.accounts) if account.parent_id == parent]
    return _page(self, "Accounts", rows)


def _list_units_for_parent(self: OrganizationsResponse) -> str:
    backend = self.organizations_backend
    parent = backend.validate_parent_id(self._get_param("ParentId"))
    rows = [{"Id": unit.id, "Arn": unit.arn, "Name": unit.name} for unit in backend.ou if unit.parent_id == parent]
    return _page(self, "OrganizationalUnits", rows)


def _list_children(self: OrganizationsResponse) -> str:
    answer = self.organizations_backend.list_children(**{k: self.request_params[k] for k in ("ParentId", "ChildType")})
    return _page(self, "Children", answer["Children"])


def _create_organization(original: Any) -> Any:
    def create(self: OrganizationsBackend, region: str, **kwargs: Any) -> dict[str, Any]:
        described = original(self, region=region, **kwargs)
        management = account_in(self, self.account_id)
        assert management is not None
        management.name = "management"
        return described

    return create


def _delete_organization(self: OrganizationsBackend) -> None:
    if self.org is None:
        raise AWSOrganizationsNotInUseException
    if any(account.id != self.account_id for account in self.accounts):
        raise OrganizationNotEmptyException
    self._reset()


def _organization(original: Any) -> Any:
    def init(self: FakeOrganization, account_id: str, *args: Any, **kwargs: Any) -> None:
        original(self, account_id, *args, **kwargs)
        if account_id == sessions.hub_account_id:
            self.root_id = HUB_ROOT_ID

    return init


# The e-mail address of the account that this thread creates.
_creating = threading.local()


def _account_id(original: Any) -> Any:
    def make() -> str:
        email = getattr(_creating, "email", None)
        chosen = f"{int(hashlib.sha256(email.encode()).hexdigest(), 16) % 10**12:012}" if email else original()
        return original() if owner_of(chosen) else chosen

    return make


def _create_account(original: Any) -> Any:
    def create(self: OrganizationsBackend, **kwargs: Any) -> dict[str, Any]:
        _creating.email = kwargs["Email"]
        try:
            status = original(self, **kwargs)
        finally:
            _creating.email = None
        account_id = status["CreateAccountStatus"]["AccountId"]
        # AWS gives the role that it creates in a new account full access; moto leaves it without any.
        role = iam_backends[account_id]["aws"].get_role(kwargs.get("RoleName", "OrganizationAccountAccessRole"))
        role.put_policy(
            "AdministratorAccess",
            json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
        )
        _changed(self, account_id)
        return status

    return create


def _with_change(original: Any) -> Any:
    def changing(self: OrganizationsBackend, **kwargs: Any) -> Any:
        result = original(self, **kwargs)
        _changed(self, kwargs["AccountId"])
        return result

    return changing


def _attach_policy(original: Any) -> Any:
    def attach(self: OrganizationsBackend, **kwargs: Any) -> None:
        attached = self.get_policy_by_id(kwargs["PolicyId"])
        if not attached.aws_managed and not _type_enabled(self, attached.type):
            raise PolicyTypeNotEnabledException
        original(self, **kwargs)

    return attach


def install() -> None:
    """Put these rules in place of moto's."""
    utils.make_random_account_id = _account_id(utils.make_random_account_id)
    FakeOrganization.__init__ = _organization(FakeOrganization.__init__)
    FakeAccount.describe = _describe_account
    FakeAccount.close = _close
    FakeDelegatedAdministrator.SUPPORTED_SERVICES.append(STACK_SETS_PRINCIPAL)
    OrganizationsResponse.organizations_backend = property(_backend_for_caller)
    OrganizationsResponse.list_accounts = _list_accounts
    OrganizationsResponse.list_accounts_for_parent = _list_accounts_for_parent
    OrganizationsResponse.list_organizational_units_for_parent = _list_units_for_parent
    OrganizationsResponse.list_children = _list_children
    OrganizationsBackend.create_organization = _create_organization(OrganizationsBackend.create_organization)
    OrganizationsBackend.delete_organization = _delete_organization
    OrganizationsBackend.create_account = _create_account(OrganizationsBackend.create_account)
    for name in ("move_account", "close_account", "remove_account_from_organization"):
        setattr(OrganizationsBackend, name, _with_change(getattr(OrganizationsBackend, name)))
    OrganizationsBackend.attach_policy = _attach_policy(OrganizationsBackend.attach_policy)
