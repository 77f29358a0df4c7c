"""The gate before moto: every request is read, attributed to a caller, logged, and refused where AWS would refuse it.

Invariant: moto only ever sees requests that AWS would have let through, in the account of the caller that the gate has established.
"""

import json
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from aws import api_call, calls, errors, faults, own_answers, permissions, regions, s3_buckets, sessions
from aws.api_call import ApiCall
from aws.control import PREFIX, Control
from aws.errors import Answer, Refusal

_REASONS = {
    200: "OK", 301: "Moved Permanently", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    501: "Not Implemented",
}  # fmt: skip
# Requests that nobody signs: they carry their own proof.
_UNSIGNED = {"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"}


class Gate:
    """The WSGI application that the server runs."""

    def __init__(self, moto: Callable[..., Iterable[bytes]], control: Control):
        self.moto = moto
        self.control = control

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        path = environ.get("PATH_INFO", "/")
        call = api_call.read(environ)
        if path.startswith(PREFIX):
            body = environ["wsgi.input"].read()
            status, answer = self.control.answer(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), body)
            return _send(start_response, Answer(status, [("Content-Type", "application/json")], json.dumps(answer).encode()))
        if path.startswith("/moto-api"):
            return self.moto(environ, start_response)
        entry: dict[str, Any] | None = None
        try:
            call.caller = _caller_of(call)
            entry = calls.record(call)
            for check in (faults.strike, regions.refuse_if_disabled, permissions.refuse, s3_buckets.refuse_elsewhere):
                refusal = check(call)
                if refusal is not None:
                    raise refusal
            # Moto takes the account from this header before anything else, so it and the gate cannot disagree.
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = call.caller.account_id if call.caller else sessions.hub_account_id
            environ["polo.call"] = call
            own = own_answers.answer(call)
            if own is not None:
                return _send(start_response, own)
            return self._ask_moto(call, environ, start_response)
        except Refusal as refusal:
            if entry is not None:
                entry["error"] = refusal.code
            return _send(start_response, errors.answer(call.protocol, refusal))

    def _ask_moto(self, call: ApiCall, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        what = f"{call.service}:{call.operation}"
        try:
            return self.moto(environ, start_response)
        except Refusal:
            raise
        except NotImplementedError:
            # 501 is an answer that SDKs do not retry; moto's own would be a 500 in HTML, which they do.
            raise Refusal(501, "NotImplemented", f"the local AWS has no {what}") from None
        except Exception as failure:
            if _unknown_service(failure):
                raise Refusal(501, "NotImplemented", f"the local AWS has no service {call.service}, asked for {what}") from None
            traceback.print_exc(file=sys.stderr)
            raise Refusal(500, "InternalFailure", f"the local AWS failed on {what}: {type(failure).__name__}: {failure}") from None


def _unknown_service(failure: Exception) -> bool:
    """Moto has no backend for the service: its dispatcher then fails on the name None."""
    frames = traceback.extract_tb(failure.__traceback__)
    return bool(frames) and any(frame.name in ("get_application", "create_backend_app") for frame in frames)


def _caller_of(call: ApiCall) -> sessions.Caller | None:
    key = call.access_key_id
    if key is None:
        if call.operation in _UNSIGNED:
            return None
        raise Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    if key.startswith("ASIA"):
        session = sessions.session_of(key)
        if session is None or call.session_token != session.session_token:
            raise errors.invalid_token(call.protocol)
        if session.expiration <= sessions.now():
            raise errors.expired_token(call.protocol)
        return session.caller
    return sessions.user_of(key) or sessions.administrator()


def _send(start_response: Any, answer: Answer) -> Iterable[bytes]:
    headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
    start_response(f"{answer.status} {_REASONS.get(answer.status, 'Error')}", headers)
    return [answer.body]
