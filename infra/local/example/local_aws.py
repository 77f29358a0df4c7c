"""The local AWS that the environment points at: clients, control endpoints, and the refusal to touch anything else.

Invariant: nothing here ever talks to the real AWS; an address that is not this machine's, or that does not answer as the local AWS,
ends the program before the first change.
"""

import json
import os
import threading
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import boto3
from botocore.config import Config


class SetupError(Exception):
    """The example cannot be loaded; the message says what to change."""


class LocalAws:
    """Clients for the management account and, by its administrator role, for every member account."""

    def __init__(self) -> None:
        self.endpoint = required("AWS_ENDPOINT_URL")
        self.region = os.environ.get("AWS_REGION", "us-east-1")
        if urllib.parse.urlparse(self.endpoint).hostname not in ("localhost", "127.0.0.1", "::1"):
            raise SetupError(f"AWS_ENDPOINT_URL is {self.endpoint}: the example organization is only ever loaded into the local AWS")
        self._session = boto3.session.Session()
        self._config = Config(retries={"total_max_attempts": 1})
        self._credentials: dict[str, dict[str, str]] = {}
        self._clients: dict[tuple[str, str | None, str], Any] = {}
        self._lock = threading.RLock()
        self.control("GET", "ping")

    def client(self, service: str, account_id: str | None = None, region: str | None = None) -> Any:
        """A client in the management account, or in a member account as its administrator."""
        key = (service, account_id, region or self.region)
        with self._lock:  # clients may be shared between threads, the session that makes them may not
            if key not in self._clients:
                self._clients[key] = self._make_client(service, account_id, region or self.region)
            return self._clients[key]

    def _make_client(self, service: str, account_id: str | None, region: str) -> Any:
        credentials = self._enter(account_id) if account_id else {
            "AccessKeyId": required("AWS_ACCESS_KEY_ID"),
            "SecretAccessKey": required("AWS_SECRET_ACCESS_KEY"),
            "SessionToken": os.environ.get("AWS_SESSION_TOKEN"),
        }
        return self._session.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            config=self._config,
        )

    def management_id(self) -> str:
        """The account that the environment's credentials are of."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One request to a control endpoint of the local AWS."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.endpoint}/polo-local/{path}", data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise SetupError(f"the local AWS refused {method} {path}: {error.read().decode()}") from None
        except (urllib.error.URLError, ValueError) as error:
            raise SetupError(f"no local AWS answers at {self.endpoint} ({error}): start it with make up") from None

    def _enter(self, account_id: str) -> dict[str, str]:
        if account_id not in self._credentials:
            answer = self.client("sts").assume_role(
                RoleArn=f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole", RoleSessionName="example-organization"
            )
            self._credentials[account_id] = answer["Credentials"]
        return self._credentials[account_id]


def required(name: str) -> str:
    """An environment variable that make up writes."""
    value = os.environ.get(name)
    if not value:
        raise SetupError(f"{name} is not set: run make up and load .local/env first")
    return value
