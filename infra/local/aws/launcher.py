"""Starts the local AWS: moto's server behind the gate, with the hub's roles from the synthesized templates.

    python infra/local/aws/launcher.py --host 127.0.0.1 --port 5000 --template infra/polo/cdk.out/polo.template.json

Invariant: it listens only once it is complete, then says so in one line on stdout; a start that cannot work ends with exit code 2 and
one sentence.
"""

import argparse
import gc
import logging
import os
import re
import signal
import sys
from pathlib import Path

# Read by moto when it is imported. Its stock images would put 1,302 snapshots of their own into every account, a fixed account id
# would undo the isolation of accounts, and buckets would be open to every account.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
os.environ["MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS"] = "false"
os.environ.pop("MOTO_ACCOUNT_ID", None)
# The modules beside this file form the package `aws`; its folder itself must not be on the path (its names are common ones).
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

from aws import (  # noqa: E402
    assume_role,
    ec2_pages,
    hub_roles,
    listings,
    load_balancers,
    organizations,
    regions,
    s3_buckets,
    sessions,
    stack_set_api,
    stacks,
)
from aws.control import Control  # noqa: E402
from aws.gate import Gate  # noqa: E402
from aws.template import TemplateError  # noqa: E402


class Handler(MotoRequestHandler):
    """Moto's request handler for many small answers. The server under it ends the connection after each one."""

    disable_nagle_algorithm = True  # head and body are two writes: Nagle could hold the second back for 40 ms

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are in the call log, not on the terminal."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="The local AWS for Polo's local stack and tests.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--template", type=Path, action="append", default=[], help="synthesized template with the hub's roles; repeatable")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="value of a template parameter; repeatable")
    parser.add_argument("--external-id", help="value of template parameters called ExternalId or PoloExternalId")
    parser.add_argument("--account-id", default=sessions.hub_account_id, help="the hub and management account (default %(default)s)")
    parser.add_argument("--region", default="us-east-1", help="the hub's region (default us-east-1)")
    parsed = parser.parse_args()
    for entry in parsed.parameter:
        if "=" not in entry:
            parser.error(f"--parameter {entry} is not NAME=VALUE")
    if not re.fullmatch(r"\d{12}", parsed.account_id):
        parser.error(f"--account-id {parsed.account_id} is not an account id: give its 12 digits")
    return parsed


def main() -> int:
    """Start, serve until told to stop."""
    # Moto's models of services are hundreds of thousands of objects that stay: looking through them again and again for what has
    # gone took more than a tenth of a test run's CPU.
    gc.set_threshold(100_000, 50, 100)
    chosen = arguments()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    parameters = dict(entry.split("=", 1) for entry in chosen.parameter)
    if chosen.external_id:
        parameters = {"ExternalId": chosen.external_id, "PoloExternalId": chosen.external_id, **parameters}
    sessions.hub_account_id = chosen.account_id
    for module in (organizations, stacks, stack_set_api, assume_role, regions, ec2_pages, listings, load_balancers, s3_buckets):
        module.install()
    try:
        control = Control(hub_roles.load(chosen.template, chosen.account_id, chosen.region, parameters), chosen.account_id)
    except TemplateError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    gate = Gate(DomainDispatcherApplication(create_backend_app), control)
    try:
        server = make_server(chosen.host, chosen.port, gate, threaded=True, request_handler=Handler)
    except (OSError, SystemExit):
        print(f"error: cannot listen on {chosen.host}:{chosen.port}: choose a free port", file=sys.stderr)
        return 2
    os.environ["MOTO_PORT"] = str(server.port)  # moto calls itself in a few places
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    print(f"local AWS on http://localhost:{server.port}, hub account {chosen.account_id}, {len(control.role_arns)} hub roles", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
