"""What the accounts cost and which savings plans they have.

Invariant: every account of the organization has costs, also those that Polo cannot see into: the bill comes to the management account.
"""

import datetime
from decimal import Decimal
from typing import Any

from accounts import REGIONS, Account
from local_aws import LocalAws

HISTORY_DAYS = 45
_COMPUTE = "Amazon Elastic Compute Cloud - Compute"
# Service -> region -> dollars a day in a small account.
_SERVICES = {
    _COMPUTE: {REGIONS[0]: "14.6016", REGIONS[1]: "9.2160"},
    "EC2 - Other": {REGIONS[0]: "4.7315068493", REGIONS[1]: "2.1150684932"},
    "Amazon Simple Storage Service": {REGIONS[0]: "0.6342465753", REGIONS[1]: "0.0015342466"},
    "Amazon Elastic Load Balancing": {REGIONS[0]: "1.6848"},
    "Amazon SageMaker": {REGIONS[0]: "9.9408"},
    "AmazonCloudWatch": {REGIONS[0]: "0.3287671233", REGIONS[1]: "0.0164383562"},
    "Amazon Route 53": {"global": "0.0164383562"},
    "Tax": {"NoRegion": "3.9012345678"},
}
_SCALE = {"none": Decimal("0.05"), "compute": Decimal("0.5"), "small": Decimal(1), "large": Decimal(12)}
# Condition -> (first day, day after the last), in days before today; the others run all the time.
_SPANS = {"brand_new": (4, None), "suspended": (HISTORY_DAYS, 12), "closed": (HISTORY_DAYS, 30)}
# Account -> its plans, `age_days` old.
_PLANS: dict[str, list[dict[str, Any]]] = {
    "shop-production": [
        {"type": "Compute", "commitment_usd": "1.25", "utilization_percent": "98.4", "age_days": 345},  # expires in 20 days
        {"type": "SageMaker", "commitment_usd": "0.2", "payment_option": "All Upfront", "age_days": 90},
    ],
    "data-platform": [
        {"type": "EC2Instance", "commitment_usd": "0.6", "payment_option": "Partial Upfront", "term_years": 3, "age_days": 200,
         "instance_family": "m6i", "utilization_percent": "71.5", "discount_percent": "44"},
    ],
}  # fmt: skip


def load(aws: LocalAws, accounts: dict[str, Account], management_id: str) -> None:
    """Seed the costs and plans of all accounts (by id)."""
    costs, plans = _lines(management_id, Account("management", "", "management_account", "none")), []
    costs.append(_line(management_id, "AWS Support (Business)", "NoRegion", Decimal("29.5"), "management_account"))
    for account_id, account in accounts.items():
        costs += _lines(account_id, account)
        for plan in _PLANS.get(account.name, []):
            age = datetime.timedelta(days=plan["age_days"])
            start = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0) - age
            seeded = {key: value for key, value in plan.items() if key != "age_days"}
            plans.append({"account_id": account_id, "start": start.isoformat(), "region": REGIONS[0], **seeded})
    aws.control("POST", "costs", {"costs": costs})
    aws.control("POST", "savings-plans", {"savings_plans": plans})


def count(aws: LocalAws, account_id: str) -> dict[str, int]:
    """How many plans the account has."""
    # One page: DescribeSavingsPlans has room for 1,000, and boto3 no paginator for it.
    return {"savings_plan": len(aws.client("savingsplans", account_id).describe_savings_plans()["savingsPlans"])}


def _lines(account_id: str, account: Account) -> list[dict[str, Any]]:
    # No two accounts alike: the name's length decides by how many tenths they differ.
    scale = _SCALE[account.size] * (1 + Decimal(len(account.name) % 5) / 10)
    lines = []
    committed = sum((Decimal(plan["commitment_usd"]) * 24 for plan in _PLANS.get(account.name, [])), Decimal(0))
    for service, by_region in _SERVICES.items():
        for region, daily in by_region.items():
            line = _line(account_id, service, region, Decimal(daily) * scale, account.condition)
            if service == _COMPUTE and region == REGIONS[0]:
                # Amortized, what the plans pay for is part of what it is used for.
                line |= {"weekend_percent": "62.5", "amortized_daily_usd": _text(Decimal(daily) * scale + committed)}
            lines.append(line)
    if committed:
        service = "Savings Plans for AWS Compute usage"
        lines.append(_line(account_id, service, REGIONS[0], committed, account.condition) | {"amortized_daily_usd": "0"})
    return lines


def _line(account_id: str, service: str, region: str, daily: Decimal, condition: str) -> dict[str, Any]:
    today = datetime.datetime.now(datetime.UTC).date()
    first, after = _SPANS.get(condition, (HISTORY_DAYS, None))
    line = {
        "account_id": account_id, "service": service, "region": region, "daily_usd": _text(daily),
        "start": (today - datetime.timedelta(days=first)).isoformat(),
    }  # fmt: skip
    return line | ({"end": (today - datetime.timedelta(days=after)).isoformat()} if after else {})


def _text(amount: Decimal) -> str:
    return f"{amount:.10f}"
