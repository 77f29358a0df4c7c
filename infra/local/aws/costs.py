"""ce:GetCostAndUsage over seeded cost lines (POST /polo-local/costs).

Invariant: a line costs the same on every day of its time, less on Saturdays and Sundays if it says so; nothing is random. A page may
end inside of a day.
"""

import datetime
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aws import billing, pages, seeds
from aws.api_call import ApiCall
from aws.billing import Day, Facts

MEMBERS = {"TimePeriod", "Granularity", "Filter", "Metrics", "GroupBy", "NextPageToken"}
HISTORY_MONTHS = 14
# AWS does not say how much it puts into a page: this many groups, over all days of the page.
PAGE_LIMIT = 1000
# https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html lists no REGION among the dimensions to
# group by; AWS takes it all the same.
_DIMENSIONS = {"LINKED_ACCOUNT", "SERVICE", "REGION"}
_OTHER_DIMENSIONS = {
    "AZ", "INSTANCE_TYPE", "LEGAL_ENTITY_NAME", "INVOICING_ENTITY", "OPERATION", "PLATFORM", "PURCHASE_TYPE", "TENANCY", "RECORD_TYPE",
    "USAGE_TYPE", "USAGE_TYPE_GROUP", "BILLING_ENTITY", "DATABASE_ENGINE", "RESERVATION_ID", "SAVINGS_PLAN_ARN",
}  # fmt: skip
_METRICS = ("UnblendedCost", "AmortizedCost")
_OTHER_METRICS = {"BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "NormalizedUsageAmount", "UsageQuantity"}


@dataclass(frozen=True)
class Line:
    """What an account pays for a service in a region, a day."""

    account_id: str
    service: str
    region: str
    daily_usd: Decimal
    amortized_daily_usd: Decimal | None
    weekend_percent: Decimal
    start: Day | None
    end: Day | None

    def runs_on(self, day: Day) -> bool:
        """Whether the line costs anything on the day; the end is exclusive."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    def on(self, day: Day) -> tuple[Decimal, Decimal]:
        """Unblended and amortized cost of the day."""
        share = self.weekend_percent / 100 if day.weekday() >= 5 else Decimal(1)
        amortized = self.daily_usd if self.amortized_daily_usd is None else self.amortized_daily_usd
        return self.daily_usd * share, amortized * share

    def facts(self) -> Facts:
        """The line's dimensions."""
        return {"LINKED_ACCOUNT": self.account_id, "SERVICE": self.service, "REGION": self.region}


lines: seeds.Seeds[Line] = seeds.Seeds(
    "costs",
    {
        "account_id": seeds.account(),
        "service": seeds.text(),
        "region": seeds.text("NoRegion"),
        "daily_usd": seeds.amount(),
        "amortized_daily_usd": seeds.amount(None),
        "weekend_percent": seeds.amount(Decimal(100)),
        "start": seeds.date(None),
        "end": seeds.date(None),
    },
    Line,
)


def get_cost_and_usage(call: ApiCall, document: dict[str, Any]) -> dict[str, Any]:
    """The costs that the caller sees, by day or month and by up to two dimensions."""
    now = billing.today()
    first_of_next = (now.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
    start, end = billing.period(document, HISTORY_MONTHS, first_of_next)
    metrics, keys = _metrics(document), _group_keys(document)
    test = billing.matching(document.get("Filter"), _DIMENSIONS, _OTHER_DIMENSIONS, only_and=False)
    names = billing.visible_accounts(call)
    seen = [line for line in lines.all() if line.account_id in names and test(line.facts())]

    rows = []
    for first, last in billing.steps(document.get("Granularity"), start, end):
        sums = _sums(seen, billing.days(first, last), keys)
        rows += [(first, last, group) for group in sorted(sums.items())] or [(first, last, None)]
    try:
        page, token = pages.cut(
            pages.fingerprint("costs", document, "NextPageToken"), rows, document.get("NextPageToken"), PAGE_LIMIT
        )
    except pages.BadToken:
        raise billing.invalid("The next page token is invalid or was given with another request") from None

    results: list[dict[str, Any]] = []
    for first, last, group in page:
        if not results or results[-1]["TimePeriod"]["Start"] != first.isoformat():
            estimated = last > now.replace(day=1)  # this month is not billed yet
            results.append({"TimePeriod": billing.time_period(first, last), "Total": {}, "Groups": [], "Estimated": estimated})
        if not keys:
            results[-1]["Total"] = _amounts(group[1] if group else (Decimal(0), Decimal(0)), metrics)
        elif group:
            results[-1]["Groups"].append({"Keys": list(group[0]), "Metrics": _amounts(group[1], metrics)})
    answer: dict[str, Any] = {"ResultsByTime": results, "DimensionValueAttributes": []}
    if keys:
        answer["GroupDefinitions"] = [{"Type": "DIMENSION", "Key": key} for key in keys]
    if "LINKED_ACCOUNT" in keys:
        position = keys.index("LINKED_ACCOUNT")
        accounts = sorted({group[0][position] for _, _, group in page if group})
        answer["DimensionValueAttributes"] = [{"Value": one, "Attributes": {"description": names[one]}} for one in accounts]
    if token:
        answer["NextPageToken"] = token
    return answer


def _sums(seen: list[Line], days: list[Day], keys: list[str]) -> dict[tuple[str, ...], tuple[Decimal, Decimal]]:
    sums: dict[tuple[str, ...], tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for line in seen:
        facts = line.facts()
        group = tuple(facts[key] for key in keys)
        for day in days:
            if line.runs_on(day):
                unblended, amortized = line.on(day)
                sums[group] = (sums[group][0] + unblended, sums[group][1] + amortized)
    return sums


def _amounts(sums: tuple[Decimal, Decimal], metrics: list[str]) -> dict[str, dict[str, str]]:
    by_name = dict(zip(_METRICS, sums, strict=True))
    return {name: {"Amount": billing.usd(by_name[name]), "Unit": "USD"} for name in metrics}


def _metrics(document: dict[str, Any]) -> list[str]:
    metrics = document.get("Metrics") or []
    if not metrics:
        raise billing.invalid("Metrics is required: name at least one")
    for name in metrics:
        if name in _OTHER_METRICS:
            raise billing.missing(f"the metric {name}")
        if name not in _METRICS:
            raise billing.invalid(f"Metric {name!r} is invalid: valid are {', '.join(sorted({*_METRICS, *_OTHER_METRICS}))}")
    return list(metrics)


def _group_keys(document: dict[str, Any]) -> list[str]:
    groups = document.get("GroupBy") or []
    if len(groups) > 2:
        raise billing.invalid("Number of group by keys exceeds the limit of 2")
    for group in groups:
        if group.get("Type") in ("TAG", "COST_CATEGORY", "PRODUCT_ATTRIBUTE"):
            raise billing.missing(f"groups by {group['Type']}")
        if group.get("Type") != "DIMENSION":
            raise billing.invalid(f"Group Definition type {group.get('Type')!r} is invalid")
        billing.check_dimension(group.get("Key"), _DIMENSIONS, _OTHER_DIMENSIONS, "GroupBy")
    keys = [group["Key"] for group in groups]
    if len(set(keys)) < len(keys):
        raise billing.invalid("Group Definition dimensions have to differ")
    return keys
