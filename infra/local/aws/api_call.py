"""One AWS request, read once: service, operation, region, parameters, protocol and credentials.

Invariant: reading never consumes the request; moto gets the same bytes afterwards.
"""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from moto.core.request import Request
from moto.core.routing import NotFound, get_service_router

from aws import cbor
from aws.errors import Refusal
from aws.sessions import Caller

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[^/]+/([^/]+)/([^/]+)/aws4_request")
# A bucket may stand before the host, which is always addressed as localhost.
_BUCKET_HOST = re.compile(r"([a-z0-9][a-z0-9.-]+)\.localhost(?::\d+)?")
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
    body: bytes = field(default=b"", repr=False)
    caller: Caller | None = field(default=None)

    def document(self) -> dict[str, Any]:
        """The body of a JSON or CBOR request; refused where it is none."""
        try:
            parsed = cbor.decode(self.body) if self.protocol == "cbor" else json.loads(self.body or b"{}")
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise Refusal(400, "SerializationException", "The body of the request could not be read")
        return parsed


def read(environ: dict[str, Any]) -> ApiCall:
    """Read the request in a WSGI environ; the body is put back for the next reader."""
    body = _take_body(environ)
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    match = _CREDENTIAL.search(authorization) or _CREDENTIAL.search("Credential=" + query.get("X-Amz-Credential", ""))
    access_key_id, region, service = match.groups() if match else (None, "us-east-1", "")
    path = environ.get("PATH_INFO", "/")
    bucket = _BUCKET_HOST.fullmatch(environ.get("HTTP_HOST", ""))
    if service == "s3" and bucket:
        path = f"/{bucket.group(1)}{path}"
    params: dict[str, str] = {}
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        params = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    elif "Action" in query:
        params = query
    target = environ.get("HTTP_X_AMZ_TARGET")
    rpc = re.search(r"/service/[^/]+/operation/([A-Za-z0-9]+)", path)
    if rpc:
        protocol, operation = "cbor", rpc.group(1)
        params = _flat(body, cbor.decode)
    elif target:
        protocol, operation = "json", target.rsplit(".", 1)[-1]
        params = _flat(body, json.loads)
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
        body=body,
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


def _flat(body: bytes, decode: Callable[[bytes], Any]) -> dict[str, str]:
    try:
        parsed = decode(body) if body else {}
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
