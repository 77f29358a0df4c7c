"""Faults on order: calls that match answer an error of the caller's choice (POST /polo-local/faults).

Invariant: a fault first lets `skip` matching calls through, then fails `times` of them (for ever if not given), then is spent.
"""

import threading
from typing import Any

from aws.actions import PREFIXES
from aws.api_call import ApiCall
from aws.errors import Refusal

_FIELDS = {"service", "operation", "account_id", "region", "status", "code", "message", "times", "skip"}
_lock = threading.Lock()
_faults: list[dict[str, Any]] = []


def clear() -> None:
    """Remove every fault."""
    with _lock:
        _faults.clear()


def listing() -> list[dict[str, Any]]:
    """The faults that are not spent, with what is left of `skip` and `times`."""
    with _lock:
        return [dict(fault) for fault in _faults]


def add(wanted: dict[str, Any]) -> dict[str, Any]:
    """Order a fault; raises ValueError in one sentence if the order is not understood."""
    unknown = set(wanted) - _FIELDS
    if unknown:
        raise ValueError(f"unknown field {sorted(unknown)[0]!r}: a fault has {', '.join(sorted(_FIELDS))}")
    for name in ("service", "operation", "status", "code"):
        if name not in wanted:
            raise ValueError(f"a fault needs {name}: give service, operation, status and code")
    status = wanted["status"]
    if not isinstance(status, int) or not 400 <= status <= 599:
        raise ValueError(f"status is {status!r}: it must be an HTTP status from 400 to 599")
    for name in ("times", "skip"):
        value = wanted.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise ValueError(f"{name} is {value!r}: it must be a whole number, 0 or more")
    fault = {**wanted, "message": wanted.get("message", ""), "skip": wanted.get("skip") or 0, "times": wanted.get("times")}
    if fault["times"] == 0:
        raise ValueError("times is 0: leave it out for a fault that stays, or give 1 or more")
    with _lock:
        _faults.append(fault)
    return fault


def strike(call: ApiCall) -> Refusal | None:
    """The fault that this call runs into, if any."""
    with _lock:
        for fault in _faults:
            if not _matches(fault, call):
                continue
            if fault["skip"] > 0:
                fault["skip"] -= 1
                continue
            if fault["times"] is not None:
                fault["times"] -= 1
                if fault["times"] == 0:
                    _faults.remove(fault)
            return Refusal(fault["status"], fault["code"], fault["message"])
    return None


def _matches(fault: dict[str, Any], call: ApiCall) -> bool:
    if fault["service"] not in ("*", call.service, PREFIXES.get(call.service)):
        return False
    if fault["operation"] not in ("*", call.operation):
        return False
    if fault.get("region") not in (None, call.region):
        return False
    if fault.get("account_id") is None:
        return True
    # AssumeRole concerns two accounts: the caller's and the role's. A fault on either one is meant.
    concerned = {call.caller.account_id if call.caller else ""}
    if call.operation.startswith("AssumeRole"):
        concerned.add((call.params.get("RoleArn", "").split(":") + [""] * 5)[4])
    return fault["account_id"] in concerned
