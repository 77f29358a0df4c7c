"""One AWS request, read once: service, operation, region, parameters, protocol and credentials.

Invariant: reading never consumes the request; moto gets the same bytes afterwards.
"""

import io
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from moto.core.request import Request
from moto.core.routing import NotFound, get_service_router

from aws.sessions import Caller

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[^/]+/([^/]+)/([^/]+)/aws4_request")
# Signing name -> botocore's service name, for REST services whose operation follows from method and path.
_REST_MODELS = {"s3": "s3", "lambda": "lambda", "account": "account", "savingsplans": "savingsplans", "scheduler": "scheduler"}


@dataclass
class ApiCall:
    """What the gate decides on, and what the call log keeps."""

    service: str
    operation: str
    region: str
    protocol: str
    path: str
    params: dict[str, str]
    access_key_id: str | None
    session_token: str | None
    caller: Caller | None = field(default=None)


def read(environ: dict[str, Any]) -> ApiCall:
    """Read the request in a WSGI environ; the body is put back for the next reader."""
    body = _take_body(environ)
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    match = _CREDENTIAL.search(authorization) or _CREDENTIAL.search("Credential=" + query.get("X-Amz-Credential", ""))
    access_key_id, region, service = match.groups() if match else (None, "us-east-1", "")
    path = environ.get("PATH_INFO", "/")
    params: dict[str, str] = {}
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        params = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    elif "Action" in query:
        params = query
    target = environ.get("HTTP_X_AMZ_TARGET")
    rpc = re.search(r"/service/[^/]+/operation/([A-Za-z0-9]+)", path)
    if rpc:
        protocol, operation = "cbor", rpc.group(1)
    elif target:
        protocol, operation = "json", target.rsplit(".", 1)[-1]
        params = _flat_json(body)
        service = service or target.split(".", 1)[0].split("_", 1)[0].lower()
    elif "Action" in params:
        protocol, operation = ("ec2" if service == "ec2" else "query"), params["Action"]
        service = service or ("sts" if operation.startswith("AssumeRole") else "")
    else:
        protocol = "rest-xml" if service in ("s3", "") else "rest-json"
        operation = _rest_operation(service or "s3", environ)
        service = service or "s3"
    return ApiCall(
        service=service,
        operation=operation,
        region=region,
        protocol=protocol,
        path=path,
        params=params,
        access_key_id=access_key_id,
        session_token=environ.get("HTTP_X_AMZ_SECURITY_TOKEN") or query.get("X-Amz-Security-Token"),
    )


def _take_body(environ: dict[str, Any]) -> bytes:
    length = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    if length:
        body = stream.read(int(length))
    elif environ.get("wsgi.input_terminated"):
        body = stream.read()  # chunked: the server ends the stream where the body ends
    else:
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _flat_json(body: bytes) -> dict[str, str]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    if not isinstance(parsed, dict):
        return {}
    return {key: str(value) for key, value in parsed.items() if isinstance(value, str | int | float | bool)}


def _rest_operation(service: str, environ: dict[str, Any]) -> str:
    model = _REST_MODELS.get(service)
    if model is None:
        return "Unknown"
    try:
        operation, _ = get_service_router(model).match(Request(dict(environ, **{"wsgi.input": io.BytesIO()})))
    except (NotFound, NotImplementedError):
        return "Unknown"
    return str(operation.name)
