"""What is in the accounts, kind by kind, and how many of each Polo must find.

Invariant: the counts of `count` come from AWS's own answers, so what Polo collects can be compared with them.
"""

from collections import Counter

import balancers
import bills
import buckets
import compute
import log_groups
import machine_learning
from accounts import REGIONS, Account
from local_aws import LocalAws
from metrics import Metrics


def fill(aws: LocalAws, account_id: str, account: Account) -> None:
    """Create the account's resources and alias."""
    if account.alias:
        aws.client("iam", account_id).create_account_alias(AccountAlias=f"acme-{account.name}")
    if account.size == "none":
        return
    metrics = Metrics(account_id)
    for region in REGIONS:
        servers = compute.fill(aws, account_id, account, region, metrics)
        if account.size != "compute":
            if region == REGIONS[0]:
                balancers.fill(aws, account_id, account, region, servers, metrics)
                machine_learning.fill(aws, account_id, account, region, metrics)
            log_groups.fill(aws, account_id, account, region)
        compute.stop_spare(aws, account_id, region, servers)
    if account.size != "compute":
        buckets.fill(aws, account_id, account, metrics)
    metrics.send(aws)


def count(aws: LocalAws, account_id: str, account: Account) -> dict[str, int]:
    """How many of each there are; kinds and regions that `fill` leaves empty are not asked for."""
    counts: Counter[str] = Counter()
    if account.size == "none":
        return counts
    for region in REGIONS:
        counts.update(compute.count(aws, account_id, region))
    if account.size != "compute":
        counts.update(buckets.count(aws, account_id))
        counts.update(bills.count(aws, account_id))
        for kind in (balancers, machine_learning):
            counts.update(kind.count(aws, account_id, REGIONS[0]))
        for region in REGIONS:
            counts.update(log_groups.count(aws, account_id, region))
    return {name: number for name, number in sorted(counts.items()) if number}
