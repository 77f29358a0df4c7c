"""The call log: every AWS request that arrived, in order (GET /polo-local/calls).

Invariant: numbers only grow; secrets (external ids, secret strings, policies) are never kept.
"""

import threading
from collections import deque
from typing import Any

from aws.api_call import ApiCall

_KEEP = 200_000
_HIDDEN = {"ExternalId", "SecretString", "SecretBinary", "Action", "Version", "TemplateBody", "PolicyDocument", "Content"}

_lock = threading.Lock()
_log: deque[dict[str, Any]] = deque(maxlen=_KEEP)
_next = 1


def reset() -> None:
    """Empty the log; the numbers go on."""
    with _lock:
        _log.clear()


def record(call: ApiCall) -> dict[str, Any]:
    """Note one call; the returned entry gets its outcome (`error`) later, if it is refused."""
    global _next
    entry: dict[str, Any] = {
        "service": call.service,
        "operation": call.operation,
        "account_id": call.caller.account_id if call.caller else None,
        "region": call.region,
        "caller_arn": call.caller.arn if call.caller else None,
        "params": {key: value[:200] for key, value in call.params.items() if key.split(".")[0] not in _HIDDEN},
    }
    with _lock:
        entry["n"] = _next
        _next += 1
        _log.append(entry)
    return entry


def since(number: int) -> dict[str, Any]:
    """The calls numbered `number` and later, and the number that the next call will get."""
    with _lock:
        newer = []
        for entry in reversed(_log):
            if entry["n"] < number:
                break
            newer.append(dict(entry))
        return {"next": _next, "calls": newer[::-1]}
