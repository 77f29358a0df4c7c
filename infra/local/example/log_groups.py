"""Log groups in an account: kept for a month, kept for ever, and empty ones.

Invariant: the bytes that a group holds are those of events that were put into it.
"""

import time

from accounts import REGIONS, Account
from local_aws import LocalAws

LARGE_GROUPS = 55  # more than a page of 50
_MESSAGE = "2026-01-31 12:00:00 INFO a customer looked at a product " + "." * 900


def fill(aws: LocalAws, account_id: str, account: Account, region: str) -> None:
    """Create a region's log groups."""
    logs = aws.client("logs", account_id, region)
    if region != REGIONS[0]:
        logs.create_log_group(logGroupName="/aws/lambda/image-resizer")
        return
    tags = {"service": account.service}
    for name, days in ((f"/app/{account.name}", None), ("/aws/lambda/checkout", 30)):
        logs.create_log_group(logGroupName=name, tags=tags)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        logs.create_log_stream(logGroupName=name, logStreamName="one")
        events = [{"timestamp": int(time.time() * 1000), "message": _MESSAGE}] * 20
        logs.put_log_events(logGroupName=name, logStreamName="one", logEvents=events)
    if account.size == "large":
        for number in range(LARGE_GROUPS):
            logs.create_log_group(logGroupName=f"/aws/lambda/job-{number:02}")


def count(aws: LocalAws, account_id: str, region: str) -> dict[str, int]:
    """How many there are."""
    pages = aws.client("logs", account_id, region).get_paginator("describe_log_groups").paginate()
    return {"logs_log_group": sum(len(page["logGroups"]) for page in pages)}
