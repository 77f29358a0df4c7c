"""Cost Explorer on savings plans: utilization, utilization per plan, coverage; computed from the seeded plans and costs.

Invariant: what a plan covers and what it leaves over follow from its commitment, utilization and discount; uncovered is what the seeded
costs of the services that plans can cover hold. Nothing known about plans is DataUnavailableException, as in AWS.
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from aws import billing, costs, pages, savings_plans
from aws.api_call import ApiCall
from aws.billing import Day, Facts
from aws.errors import Refusal
from aws.savings_plans import Plan

UTILIZATION_MEMBERS = {"TimePeriod", "Granularity", "Filter"}
DETAILS_MEMBERS = {"TimePeriod", "Filter", "DataType", "NextToken", "MaxResults"}
COVERAGE_MEMBERS = {"TimePeriod", "GroupBy", "Granularity", "Filter", "Metrics", "NextToken", "MaxResults"}
HISTORY_MONTHS = 13
_DATA_TYPES = ("ATTRIBUTES", "UTILIZATION", "AMORTIZED_COMMITMENT", "SAVINGS")
_PLAN_DIMENSIONS = {"LINKED_ACCOUNT", "SAVINGS_PLAN_ARN", "SAVINGS_PLANS_TYPE", "REGION", "PAYMENT_OPTION"}
_COVERAGE_DIMENSIONS = {"LINKED_ACCOUNT", "REGION", "SERVICE"}


def utilization(call: ApiCall, document: dict[str, Any]) -> dict[str, Any]:
    """GetSavingsPlansUtilization: all plans that the caller sees, by day or month."""
    start, end = billing.period(document, HISTORY_MONTHS, billing.today())
    seen = _plans(call, document, start, end)
    by_time = []
    for first, last in billing.steps(document.get("Granularity", "MONTHLY"), start, end):
        by_time.append({"TimePeriod": billing.time_period(first, last), **_use(seen, billing.days(first, last))})
    return {"SavingsPlansUtilizationsByTime": by_time, "Total": _use(seen, billing.days(start, end))}


def utilization_details(call: ApiCall, document: dict[str, Any]) -> dict[str, Any]:
    """GetSavingsPlansUtilizationDetails: a row per plan, over the whole period."""
    start, end = billing.period(document, HISTORY_MONTHS, billing.today())
    wanted = document.get("DataType") or _DATA_TYPES
    for name in wanted:
        if name not in _DATA_TYPES:
            raise billing.invalid(f"DataType {name!r} is not one of {', '.join(_DATA_TYPES)}")
    seen, names = _plans(call, document, start, end), billing.visible_accounts(call)
    days = billing.days(start, end)
    rows = []
    for plan in seen:
        parts = {"ATTRIBUTES": ("Attributes", _attributes(plan, names[plan.account_id]))}
        use = _use([plan], days)
        for kind, key in (("UTILIZATION", "Utilization"), ("SAVINGS", "Savings"), ("AMORTIZED_COMMITMENT", "AmortizedCommitment")):
            parts[kind] = (key, use[key])
        rows.append({"SavingsPlanArn": plan.arn, **dict(parts[name] for name in wanted)})
    page, token = _page("details", document, rows)
    return {
        "SavingsPlansUtilizationDetails": page,
        "Total": _use(seen, days),
        "TimePeriod": billing.time_period(start, end),
        **({"NextToken": token} if token else {}),
    }


def coverage(call: ApiCall, document: dict[str, Any]) -> dict[str, Any]:
    """GetSavingsPlansCoverage: either by day or month, or over the whole period by up to two dimensions."""
    start, end = billing.period(document, HISTORY_MONTHS, billing.today())
    groups = document.get("GroupBy") or []
    if groups and "Granularity" in document:
        raise billing.invalid("Granularity cannot be set if GroupBy is set")
    for group in groups:
        if group.get("Type") != "DIMENSION":
            raise billing.invalid(f"Group Definition type {group.get('Type')!r} is invalid")
        # Not LINKED_ACCOUNT: one account's coverage is had by filter.
        billing.check_dimension(group.get("Key"), {"REGION", "SERVICE"}, {"INSTANCE_FAMILY"}, "GroupBy")
    for name in document.get("Metrics") or []:
        if name != "SpendCoveredBySavingsPlans":
            raise billing.invalid(f"Metric {name!r} is invalid: valid is SpendCoveredBySavingsPlans")
    test = billing.matching(document.get("Filter"), _COVERAGE_DIMENSIONS, {"INSTANCE_FAMILY"}, only_and=True)
    names = billing.visible_accounts(call)

    keys = [group["Key"] for group in groups]
    steps = [(start, end)] if groups else list(billing.steps(document.get("Granularity", "MONTHLY"), start, end))
    rows = []
    for first, last in steps:
        for group, (covered, uncovered) in sorted(_spends(names, test, billing.days(first, last), keys).items()):
            attributes = {key: value for key, value in zip(keys, group, strict=True)}
            rows.append({
                "Attributes": attributes, "Coverage": _covered(covered, uncovered), "TimePeriod": billing.time_period(first, last),
            })  # fmt: skip
    if not rows:
        raise _unavailable()
    page, token = _page("coverage", document, rows)
    return {"SavingsPlansCoverages": page, **({"NextToken": token} if token else {})}


def _unavailable() -> Refusal:
    return Refusal(400, "DataUnavailableException", "The requested data is unavailable.")


def _plans(call: ApiCall, document: dict[str, Any], start: Day, end: Day) -> list[Plan]:
    names = billing.visible_accounts(call)
    test = billing.matching(document.get("Filter"), _PLAN_DIMENSIONS, {"INSTANCE_TYPE_FAMILY"}, only_and=True)
    days = billing.days(start, end)
    seen = [
        plan for plan in savings_plans.plans.all()
        if plan.account_id in names and any(plan.hours_on(day) for day in days) and test(_facts(plan))
    ]  # fmt: skip
    if not seen:
        raise _unavailable()
    return seen


def _facts(plan: Plan) -> Facts:
    return {
        "LINKED_ACCOUNT": plan.account_id, "SAVINGS_PLAN_ARN": plan.arn, "SAVINGS_PLANS_TYPE": plan.type, "REGION": plan.region,
        "PAYMENT_OPTION": plan.payment_option, "SERVICE": savings_plans.TYPES[plan.type][1],
    }  # fmt: skip


def _committed(plan: Plan, days: list[Day]) -> Decimal:
    return plan.commitment_usd * sum((plan.hours_on(day) for day in days), Decimal(0))


def _on_demand(plan: Plan, used: Decimal) -> Decimal:
    """What the same usage costs without the plan."""
    return used / (1 - plan.discount_percent / 100)


def _use(seen: list[Plan], days: list[Day]) -> dict[str, Any]:
    total = used = on_demand = upfront = Decimal(0)
    for plan in seen:
        committed = _committed(plan, days)
        total += committed
        used += committed * plan.utilization_percent / 100
        on_demand += _on_demand(plan, committed * plan.utilization_percent / 100)
        upfront += committed * plan.upfront_share
    return {
        "Utilization": {
            "TotalCommitment": billing.usd(total),
            "UsedCommitment": billing.usd(used),
            "UnusedCommitment": billing.usd(total - used),
            "UtilizationPercentage": billing.percent(used, total),
        },
        "Savings": {"NetSavings": billing.usd(on_demand - total), "OnDemandCostEquivalent": billing.usd(on_demand)},
        "AmortizedCommitment": {
            "AmortizedRecurringCommitment": billing.usd(total - upfront),
            "AmortizedUpfrontCommitment": billing.usd(upfront),
            "TotalAmortizedCommitment": billing.usd(total),
        },
    }


def _attributes(plan: Plan, account_name: str) -> dict[str, str]:
    total = plan.commitment_usd * plan.term_seconds / 3600
    return {
        "AccountId": plan.account_id,
        "AccountName": account_name,
        "SavingsPlansType": plan.type,
        "Region": plan.region if plan.type == "EC2Instance" else "Any",
        "InstanceFamily": (plan.instance_family or "m6i") if plan.type == "EC2Instance" else "Any",
        "PaymentOption": plan.payment_option,
        "PurchaseTerm": f"{plan.term_years}yr",
        "StartDateTime": plan.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "EndDateTime": plan.end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "HourlyCommitment": billing.usd(plan.commitment_usd),
        "RecurringHourlyFee": billing.usd(plan.commitment_usd * (1 - plan.upfront_share)),
        "UpfrontFee": billing.usd(total * plan.upfront_share),
        "Status": plan.state.capitalize(),
    }


def _spends(names: dict[str, str], test: Any, days: list[Day], keys: list[str]) -> dict[tuple[str, ...], tuple[Decimal, Decimal]]:
    """Covered and uncovered spend at on-demand prices, by group."""
    spends: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])

    def add(facts: Facts, position: int, amount: Decimal) -> None:
        if amount and facts["LINKED_ACCOUNT"] in names and test(facts):
            spends[tuple(facts[key] for key in keys)][position] += amount

    coverable = {service for _, service in savings_plans.TYPES.values()}
    for plan in savings_plans.plans.all():
        add(_facts(plan), 0, _on_demand(plan, _committed(plan, days) * plan.utilization_percent / 100))
    for line in costs.lines.all():
        if line.service in coverable:
            add(line.facts(), 1, sum((line.on(day)[0] for day in days if line.runs_on(day)), Decimal(0)))
    return {group: (covered, uncovered) for group, (covered, uncovered) in spends.items()}


def _covered(covered: Decimal, uncovered: Decimal) -> dict[str, str]:
    return {
        "SpendCoveredBySavingsPlans": billing.usd(covered),
        "OnDemandCost": billing.usd(uncovered),
        "TotalCost": billing.usd(covered + uncovered),
        "CoveragePercentage": billing.percent(covered, covered + uncovered),
    }


def _page(name: str, document: dict[str, Any], rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str | None]:
    try:
        return pages.cut(
            pages.fingerprint(name, document, "NextToken"), rows, document.get("NextToken"), billing.page_size(document)
        )
    except pages.BadToken:
        raise billing.invalid("NextToken is invalid or was given with another request") from None
