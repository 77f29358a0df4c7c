"""What Cost Explorer's operations have in common: who sees whose costs, time periods, filters, amounts.

Invariant: the management account sees every account of its organization, anyone else their own account alone
(https://docs.aws.amazon.com/cost-management/latest/userguide/ce-access.html).
"""

import datetime
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from aws import organizations, sessions
from aws.api_call import ApiCall
from aws.errors import Refusal

Day = datetime.date
Facts = dict[str, str]  # dimension -> value


def invalid(message: str) -> Refusal:
    """A request that Cost Explorer does not accept."""
    return Refusal(400, "ValidationException", message)


def missing(what: str) -> Refusal:
    """A request for something that this local AWS leaves out."""
    return Refusal(501, "NotImplemented", f"the local AWS does not know {what}")


def today() -> Day:
    """The day in UTC: bills know no other."""
    return sessions.now().date()


def visible_accounts(call: ApiCall) -> dict[str, str]:
    """The accounts whose costs the caller sees, and their names."""
    assert call.caller is not None
    own = call.caller.account_id
    backend = organizations.owner_of(own)
    names = {account.id: account.name for account in backend.accounts} if backend else {}
    return names if organizations.is_management(own) else {own: names.get(own, "")}


def period(document: dict[str, Any], months: int, latest: Day) -> tuple[Day, Day]:
    """The period asked for, its end exclusive; `months` is how far back AWS keeps data."""
    given = document.get("TimePeriod") or {}
    start, end = _day(given.get("Start")), _day(given.get("End"))
    if start >= end:
        raise invalid("Start date (and hour) should be before end date (and hour)")
    if end > latest:
        raise invalid(f"end date past {latest}: there is no data of days to come")
    month = today().year * 12 + today().month - 1 - months
    if start < Day(month // 12, month % 12 + 1, 1):
        raise invalid(f"You haven't enabled historical data beyond {months} months")
    return start, end


def _day(text: Any) -> Day:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise invalid(f"Start and end time should be in the format yyyy-MM-dd: {text!r} is not")
    try:
        return Day.fromisoformat(text)
    except ValueError:
        raise invalid(f"Start and end time should be in the format yyyy-MM-dd: {text!r} is not") from None


def steps(granularity: Any, start: Day, end: Day) -> Iterator[tuple[Day, Day]]:
    """The days or calendar months of a period, cut to it."""
    if granularity == "HOURLY":
        raise missing("hourly costs")
    if granularity not in ("DAILY", "MONTHLY"):
        raise invalid(f"Granularity {granularity!r} is not one of DAILY, MONTHLY, HOURLY")
    while start < end:
        following = start + datetime.timedelta(days=1)
        if granularity == "MONTHLY":
            following = (start.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
        yield start, min(following, end)
        start = following


def days(start: Day, end: Day) -> list[Day]:
    """Every day of a period."""
    return [start + datetime.timedelta(days=number) for number in range((end - start).days)]


def time_period(start: Day, end: Day) -> dict[str, str]:
    """A period as answers carry it."""
    return {"Start": start.isoformat(), "End": end.isoformat()}


def usd(amount: Decimal) -> str:
    """An amount as Cost Explorer writes it: at most ten decimals, no zeros at the end."""
    text = f"{amount:.10f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def percent(part: Decimal, whole: Decimal) -> str:
    """A share as Cost Explorer writes it."""
    return usd(part * 100 / whole if whole else Decimal(0))


def page_size(document: dict[str, Any]) -> int:
    """MaxResults of the operations that have one: 20 unless asked for."""
    size = document.get("MaxResults", 20)
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise invalid(f"MaxResults is {size!r}: it must be 1 or more")
    return size


def matching(expression: Any, dimensions: set[str], known: set[str], only_and: bool) -> Callable[[Facts], bool]:
    """A Filter as a test; `known` are dimensions that AWS has and the local AWS does not, `only_and` forbids Or and Not."""
    if not expression:
        return lambda _: True
    if not isinstance(expression, dict) or len(expression) != 1:
        raise invalid("Expression has to have exactly one of And, Or, Not, Dimensions, Tags, CostCategories at its root")
    ((kind, argument),) = expression.items()
    if kind in ("Tags", "CostCategories", "ProductAttributes"):
        raise missing(f"filters by {kind}")
    if kind == "Dimensions":
        return _dimension(argument, dimensions, known)
    if kind not in ("And", "Or", "Not") or (only_and and kind != "And"):
        raise invalid(f"{kind} is not allowed in this Expression")
    if kind == "Not":
        inner = matching(argument, dimensions, known, only_and)
        return lambda facts: not inner(facts)
    if not isinstance(argument, list) or len(argument) < 2:
        raise invalid(f"{kind} needs at least two expressions")
    parts = [matching(part, dimensions, known, only_and) for part in argument]
    joined = all if kind == "And" else any
    return lambda facts: joined(part(facts) for part in parts)


def _dimension(argument: dict[str, Any], dimensions: set[str], known: set[str]) -> Callable[[Facts], bool]:
    key, values = argument.get("Key"), argument.get("Values")
    check_dimension(key, dimensions, known, "Filter")
    if not values or not isinstance(values, list):
        raise invalid(f"Values of the dimension {key} must not be empty")
    for option in argument.get("MatchOptions") or []:
        if option not in ("EQUALS", "CASE_SENSITIVE"):
            raise invalid(f"MatchOptions of dimensions are EQUALS and CASE_SENSITIVE, not {option!r}")
    return lambda facts: facts[str(key)] in values


def check_dimension(key: Any, dimensions: set[str], known: set[str], where: str) -> None:
    """Refuse a dimension that AWS does not have here, or that the local AWS does not."""
    if key in known:
        raise missing(f"the dimension {key} in {where}")
    if key not in dimensions:
        raise invalid(f"{where} dimension {key!r} is invalid: valid are {', '.join(sorted(dimensions | known))}")
