"""Error answers in the wire format of the protocol that the request spoke.

Invariant: every refusal of the local AWS goes through `answer`, so an SDK of any language reads the code and the message from
where AWS puts them (XML for EC2, query and S3; `__type` and `x-amzn-ErrorType` for JSON; CBOR for Smithy RPC v2).
"""

import json
import uuid
from dataclasses import dataclass
from xml.sax.saxutils import escape

from aws import cbor


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, ready to be sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Refusal(Exception):
    """The call is refused: carries what AWS would answer."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None):
        super().__init__(f"{code}: {message}")
        self.headers = headers or {}
        self.status = status
        self.code = code
        self.message = message


def answer(protocol: str, refusal: Refusal) -> Answer:
    """The error as an HTTP answer in the given protocol (see `api_call.protocol_of`)."""
    status, code, message = refusal.status, refusal.code, refusal.message
    request_id = str(uuid.uuid4())
    headers = [("x-amzn-RequestId", request_id), *refusal.headers.items()]
    if protocol == "ec2":
        content_type = "text/xml;charset=UTF-8"
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Response><Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        ).encode()
    elif protocol == "query":
        content_type = "text/xml"
        fault = "Receiver" if status >= 500 else "Sender"
        body = (
            f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(code)}</Code>"
            f"<Message>{escape(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        ).encode()
    elif protocol == "rest-xml":
        content_type = "application/xml"
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message><RequestId>{request_id}</RequestId></Error>"
        ).encode()
    elif protocol == "cbor":
        content_type = "application/cbor"
        fault = "Receiver" if status >= 500 else "Sender"
        headers += [("smithy-protocol", "rpc-v2-cbor"), ("x-amzn-query-error", f"{code};{fault}")]
        body = cbor.encode({"__type": code, "message": message})
    elif protocol == "rest-json":
        content_type = "application/json"
        headers.append(("x-amzn-ErrorType", code))
        body = json.dumps({"message": message}).encode()
    else:
        content_type = "application/x-amz-json-1.1"
        headers.append(("x-amzn-ErrorType", code))
        body = json.dumps({"__type": code, "message": message}).encode()
    headers.append(("Content-Type", content_type))
    return Answer(status, headers, body)


def access_denied(protocol: str, sentence: str) -> Refusal:
    """A denied call under the code and status that each protocol's services use."""
    if protocol == "ec2":
        return Refusal(403, "UnauthorizedOperation", f"You are not authorized to perform this operation. {sentence}")
    if protocol in ("query", "rest-xml", "cbor"):
        return Refusal(403, "AccessDenied", sentence)
    return Refusal(403 if protocol == "rest-json" else 400, "AccessDeniedException", sentence)


def invalid_token(protocol: str) -> Refusal:
    """Credentials that AWS does not know (or that do not exist in the region asked)."""
    if protocol == "ec2":
        return Refusal(401, "AuthFailure", "AWS was not able to validate the provided access credentials")
    if protocol == "rest-xml":
        return Refusal(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    code = "InvalidClientTokenId" if protocol == "query" else "UnrecognizedClientException"
    return Refusal(403 if protocol in ("query", "rest-json") else 400, code, "The security token included in the request is invalid.")


def expired_token(protocol: str) -> Refusal:
    """Temporary credentials past their expiry."""
    sentence = "The security token included in the request is expired"
    if protocol == "ec2":
        return Refusal(400, "RequestExpired", "Request has expired.")
    if protocol == "rest-xml":
        return Refusal(400, "ExpiredToken", "The provided token has expired.")
    code = "ExpiredToken" if protocol == "query" else "ExpiredTokenException"
    return Refusal(403 if protocol in ("query", "rest-json") else 400, code, sentence)
