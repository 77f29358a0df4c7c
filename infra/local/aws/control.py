"""The control endpoints under /polo-local/: what tests and the local stack switch, order and read.

Invariant: a request that is not understood answers 400 (or 404 where something named does not exist) with one sentence, and
changes nothing.
"""

import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qs

from moto.core.base_backend import BackendDict
from moto.organizations.models import organizations_backends

from aws import calls, costs, faults, hub_roles, hub_stacks, metric_series, options, organizations, savings_plans, sessions, stack_sets
from aws.template import Template

PREFIX = "/polo-local/"
# What calls are answered from that no AWS call could put there.
_SEEDS = {"costs": costs.lines, "savings-plans": savings_plans.plans, "metrics": metric_series.series}


class Control:
    """The endpoints, over the hub's templates."""

    def __init__(self, templates: list[Template], account_id: str):
        self.templates = templates
        self.account_id = account_id
        self.role_arns = self._create_hub()
        self.routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "ping"): self.ping,
            ("GET", "function-credentials"): self.function_credentials,
            ("POST", "account-state"): self.account_state,
            ("GET", "faults"): lambda _: {"faults": faults.listing()},
            ("POST", "faults"): faults.add,
            ("DELETE", "faults"): self.clear_faults,
            ("GET", "calls"): self.call_log,
            ("GET", "options"): lambda _: options.current(),
            ("POST", "options"): options.change,
            ("POST", "stack-instance"): self.stack_instance,
            ("POST", "reset"): self.reset,
        }
        for path, seeds in _SEEDS.items():
            self.routes["POST", path] = seeds.add
            self.routes["DELETE", path] = seeds.clear

    def answer(self, method: str, path: str, query: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and JSON body for one request."""
        name = path.removeprefix(PREFIX)
        route = self.routes.get((method, name))
        if route is None:
            known = ", ".join(sorted(f"{m} {PREFIX}{n}" for m, n in self.routes))
            return 404, {"error": f"no {method} {path} here: there are {known}"}
        try:
            given = json.loads(body) if body else {}
        except ValueError as error:
            return 400, {"error": f"the body is not JSON: {error}"}
        if not isinstance(given, dict):
            return 400, {"error": "the body must be a JSON object"}
        if method == "GET":
            given = {key: values[-1] for key, values in parse_qs(query).items()}
        try:
            return 200, route(given)
        except KeyError as missing:
            return 400, {"error": f"{missing.args[0]} is missing"}
        except ValueError as error:
            return 400, {"error": str(error)}
        except LookupError as error:
            return 404, {"error": str(error)}

    def ping(self, _: dict[str, Any]) -> dict[str, Any]:
        """Ready: and for whom."""
        return {
            "ready": True,
            "moto": version("moto"),
            "account_id": self.account_id,
            "organization_id": hub_roles.organization_of(self.account_id),
            "hub_role_arns": self.role_arns,
        }

    def function_credentials(self, given: dict[str, Any]) -> dict[str, Any]:
        """What Lambda would hand to a function that runs with the role; with `rights=all` it may do what any hub role may."""
        rights = given.get("rights", "own")
        if rights not in ("own", "all"):
            raise ValueError(f"rights is {rights!r}: it must be own or all")
        also = tuple(self.role_arns) if rights == "all" else ()
        session = hub_roles.function_credentials(given["role_name"], self.account_id, also)
        return {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.session_token,
            "Expiration": session.expiration.isoformat().replace("+00:00", "Z"),
        }

    def account_state(self, given: dict[str, Any]) -> dict[str, Any]:
        """Set an account's State."""
        account_id, state = str(given["account_id"]), str(given["state"])
        if not organizations.set_state(account_id, state):
            raise LookupError(f"no organization has the account {account_id}: create it first")
        return {"account_id": account_id, "state": state}

    def clear_faults(self, _: dict[str, Any]) -> dict[str, Any]:
        """Remove every fault."""
        faults.clear()
        return {"faults": []}

    def call_log(self, given: dict[str, Any]) -> dict[str, Any]:
        """The calls since a number."""
        since = given.get("since", "0")
        if not str(since).isdigit():
            raise ValueError(f"since is {since!r}: it must be a whole number")
        return calls.since(int(since))

    def stack_instance(self, given: dict[str, Any]) -> dict[str, Any]:
        """Give an account's stack instance a status."""
        return stack_sets.set_status(
            given["stack_set_name"],
            str(given["account_id"]),
            given["status"],
            given.get("detailed_status"),
            given.get("status_reason"),
        )

    def reset(self, _: dict[str, Any]) -> dict[str, Any]:
        """Back to an empty AWS with the hub's roles in it."""
        BackendDict.reset()
        organizations_backends.master_accounts.clear()
        for module in (sessions, options, calls):
            module.reset()
        faults.clear()
        for seeds in _SEEDS.values():
            seeds.clear()
        self.role_arns = self._create_hub()
        return self.ping({})

    def _create_hub(self) -> list[str]:
        hub_stacks.create(self.templates, self.account_id)
        return hub_roles.create(self.templates, self.account_id)
