"""savingsplans:DescribeSavingsPlans over seeded plans (POST /polo-local/savings-plans).

Invariant: an account sees its own plans alone, the management account too (the organization's use of them is Cost Explorer's to tell);
a plan's state, id and end follow from what it was seeded with and from the clock.
"""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aws import billing, pages, seeds, sessions
from aws.api_call import ApiCall

MEMBERS = {"savingsPlanArns", "savingsPlanIds", "nextToken", "maxResults", "states", "filters"}
PAGE_LIMIT = 1000
STATES = {
    "payment-pending", "payment-failed", "active", "retired", "queued", "queued-deleted", "pending-return", "returned",
}  # fmt: skip
YEAR_SECONDS = 365 * 24 * 3600
# Type -> (what the plan can be used for, the Cost Explorer service that the local AWS counts it towards).
TYPES = {
    "Compute": (["Fargate", "Lambda", "EC2"], "Amazon Elastic Compute Cloud - Compute"),
    "EC2Instance": (["EC2"], "Amazon Elastic Compute Cloud - Compute"),
    "SageMaker": (["SageMaker"], "Amazon SageMaker"),
}
_FILTERS = {"region": "region", "ec2-instance-family": "ec2InstanceFamily", "savings-plan-type": "savingsPlanType",
            "payment-option": "paymentOption"}  # fmt: skip
_OTHER_FILTERS = {"commitment", "upfront", "term", "start", "end", "instance-family"}


@dataclass(frozen=True)
class Plan:
    """One savings plan; `commitment_usd` is per hour, `utilization_percent` how much of it is used, every hour."""

    account_id: str
    type: str
    payment_option: str
    commitment_usd: Decimal
    term_years: int
    start: datetime.datetime
    region: str
    instance_family: str | None
    utilization_percent: Decimal
    discount_percent: Decimal
    tags: dict[str, str]

    @property
    def id(self) -> str:
        """The plan's id: the same for the same plan."""
        seeded = f"{self.account_id}/{self.type}/{self.commitment_usd}/{self.start.isoformat()}/{self.region}"
        return str(uuid.uuid5(uuid.NAMESPACE_URL, seeded))

    @property
    def arn(self) -> str:
        """The plan's ARN."""
        return f"arn:aws:savingsplans::{self.account_id}:savingsplan/{self.id}"

    @property
    def term_seconds(self) -> int:
        """How long it runs."""
        return self.term_years * YEAR_SECONDS

    @property
    def end(self) -> datetime.datetime:
        """When it expires."""
        return self.start + datetime.timedelta(seconds=self.term_seconds)

    @property
    def state(self) -> str:
        """As of now."""
        now = sessions.now()
        return "queued" if now < self.start else "active" if now < self.end else "retired"

    @property
    def upfront_share(self) -> Decimal:
        """How much of the commitment is paid at its beginning."""
        return {"All Upfront": Decimal(1), "Partial Upfront": Decimal("0.5"), "No Upfront": Decimal(0)}[self.payment_option]

    def hours_on(self, day: billing.Day) -> Decimal:
        """How many hours of the day it is active."""
        midnight = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
        active = min(self.end, midnight + datetime.timedelta(days=1)) - max(self.start, midnight)
        return max(Decimal(0), Decimal(str(active.total_seconds())) / 3600)


plans: seeds.Seeds[Plan] = seeds.Seeds(
    "savings_plans",
    {
        "account_id": seeds.account(),
        "type": seeds.one_of(*TYPES, default="Compute"),
        "payment_option": seeds.one_of("No Upfront", "Partial Upfront", "All Upfront", default="No Upfront"),
        "commitment_usd": seeds.amount(),
        "term_years": seeds.whole(1),
        "start": seeds.moment(),
        "region": seeds.text("us-east-1"),
        "instance_family": seeds.text(None),
        "utilization_percent": seeds.amount(Decimal(100)),
        "discount_percent": seeds.amount(Decimal(28)),
        "tags": seeds.texts({}),
    },
    Plan,
)


def describe(call: ApiCall, document: dict[str, Any]) -> dict[str, Any]:
    """The caller's own plans."""
    assert call.caller is not None
    limit = document.get("maxResults", PAGE_LIMIT)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= PAGE_LIMIT:
        raise billing.invalid(f"maxResults is {limit!r}: it must be from 1 to {PAGE_LIMIT}")
    rows = [_described(plan) for plan in plans.all() if plan.account_id == call.caller.account_id]
    for state in document.get("states") or []:
        if state not in STATES:
            raise billing.invalid(f"states holds {state!r}: it must be one of {', '.join(sorted(STATES))}")
    for member, key in (("states", "state"), ("savingsPlanIds", "savingsPlanId"), ("savingsPlanArns", "savingsPlanArn")):
        if document.get(member):
            rows = [row for row in rows if row[key] in document[member]]
    for wanted in document.get("filters") or []:
        name = wanted.get("name")
        if name in _OTHER_FILTERS:
            raise billing.missing(f"the filter {name} of DescribeSavingsPlans")
        if name not in _FILTERS:
            raise billing.invalid(f"filters holds {name!r}: it must be one of {', '.join(sorted({*_FILTERS, *_OTHER_FILTERS}))}")
        rows = [row for row in rows if row.get(_FILTERS[name]) in wanted.get("values", [])]
    try:
        page, token = pages.cut(pages.fingerprint("plans", document, "nextToken"), rows, document.get("nextToken"), limit)
    except pages.BadToken:
        raise billing.invalid("nextToken is invalid or was given with another request") from None
    return {"savingsPlans": page, **({"nextToken": token} if token else {})}


def _described(plan: Plan) -> dict[str, Any]:
    total = plan.commitment_usd * plan.term_seconds / 3600
    described = {
        "offeringId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{plan.type}/{plan.payment_option}/{plan.term_years}/{plan.region}")),
        "savingsPlanId": plan.id,
        "savingsPlanArn": plan.arn,
        "description": f"{plan.term_years} year {plan.payment_option} {plan.type} Savings Plan",
        "start": _iso(plan.start),
        "end": _iso(plan.end),
        "state": plan.state,
        "savingsPlanType": plan.type,
        "paymentOption": plan.payment_option,
        "productTypes": TYPES[plan.type][0],
        "currency": "USD",
        "commitment": billing.usd(plan.commitment_usd),
        "upfrontPaymentAmount": billing.usd(total * plan.upfront_share),
        "recurringPaymentAmount": billing.usd(plan.commitment_usd * (1 - plan.upfront_share)),
        "termDurationInSeconds": plan.term_seconds,
        "tags": plan.tags,
    }
    if plan.type == "EC2Instance":  # the others are good for any region and family
        described |= {"region": plan.region, "ec2InstanceFamily": plan.instance_family or "m6i"}
    return described


def _iso(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
