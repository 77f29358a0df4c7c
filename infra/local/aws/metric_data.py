"""cloudwatch:GetMetricData over the seeded metrics (see `metric_series`).

Invariant: AWS's limits hold: 500 queries, 100,800 points an answer, older points only at coarser periods; a query that an answer cuts off
is PartialData and goes on with the next token
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html).
"""

import datetime
import re
from typing import Any

from aws import metric_series, pages, sessions
from aws.api_call import ApiCall
from aws.errors import Refusal
from aws.metric_series import Series

MEMBERS = {"MetricDataQueries", "StartTime", "EndTime", "NextToken", "ScanBy", "MaxDatapoints", "LabelOptions"}
QUERY_LIMIT = 500
POINT_LIMIT = 100_800
_SHORT_PERIODS = {1, 5, 10, 20, 30}
# Points older than the first are kept at periods of at least the second: (age in seconds, period in seconds).
_KEPT = ((3 * 3600, 60), (15 * 86_400, 300), (63 * 86_400, 3600))
_KEPT_AT_MOST = 455 * 86_400


def get(call: ApiCall, document: dict[str, Any]) -> dict[str, Any]:
    """The points of every query in the caller's account and the region called."""
    queries = _queries(document)
    start, end = _time(document, "StartTime"), _time(document, "EndTime")
    if start >= end:
        raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
    newest_first = document.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    if not newest_first and document["ScanBy"] != "TimestampAscending":
        raise _invalid(f"Value {document['ScanBy']!r} at 'scanBy' must be TimestampDescending or TimestampAscending")
    limit = document.get("MaxDatapoints", POINT_LIMIT)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= POINT_LIMIT:
        raise _invalid(f"Value '{limit}' at 'maxDatapoints' must be from 1 to {POINT_LIMIT}")

    assert call.caller is not None
    known = {
        (one.namespace, one.metric_name, frozenset(one.dimensions.items())): one
        for one in metric_series.series.all()
        if one.account_id == call.caller.account_id and one.region == call.region
    }
    points: list[tuple[int, int, float]] = []  # (query, second, value)
    for number, query in enumerate(queries):
        found = _points(known, query["MetricStat"], start, end)
        points += [(number, second, value) for second, value in (reversed(found) if newest_first else found)]
    token = document.get("NextToken")
    try:
        page, following = pages.cut(pages.fingerprint("metrics", document, "NextToken"), points, token, limit)
    except pages.BadToken:
        raise Refusal(400, "InvalidNextToken", "The next token specified is invalid.") from None
    answer: dict[str, Any] = {"MetricDataResults": _results(queries, points, page, first=not token), "Messages": []}
    if following:
        answer["NextToken"] = following
    return answer


def _results(queries: list[dict[str, Any]], points: list[Any], page: list[Any], first: bool) -> list[dict[str, Any]]:
    """A result per query with points on the page; queries without any points are told of on the first page."""
    last_points = {point[0]: point for point in points}
    cut_off = page[-1][0] if page and last_points[page[-1][0]] != page[-1] else None
    results = []
    on_page: dict[int, list[tuple[int, float]]] = {}
    for number, second, value in page:
        on_page.setdefault(number, []).append((second, value))
    for number, query in enumerate(queries):
        if query.get("ReturnData") is False or (number not in on_page and (number in last_points or not first)):
            continue
        mine = on_page.get(number, [])
        results.append({
            "Id": query["Id"],
            "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
            "Timestamps": [datetime.datetime.fromtimestamp(second, datetime.UTC) for second, _ in mine],
            "Values": [value for _, value in mine],
            "StatusCode": "PartialData" if number == cut_off else "Complete",
        })  # fmt: skip
    return results


def _points(known: dict[Any, Series], stat: dict[str, Any], start: int, end: int) -> list[tuple[int, float]]:
    metric = stat["Metric"]
    dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions") or [])
    found = known.get((metric["Namespace"], metric["MetricName"], dimensions))
    if found is None or stat.get("Unit", found.unit) != found.unit:
        return []
    now, period, points = int(sessions.now().timestamp()), stat["Period"], []
    for second in range(start, min(end, now), period):
        age = now - second
        if age > _KEPT_AT_MOST or any(age > old and period < least for old, least in _KEPT):
            continue
        value = found.statistic(stat["Stat"], second, min(second + period, end, now))
        if value is not None:
            points.append((second, value))
    return points


def _queries(document: dict[str, Any]) -> list[dict[str, Any]]:
    queries = document.get("MetricDataQueries") or []
    if not queries:
        raise _invalid("The parameter MetricDataQueries is required.")
    if len(queries) > QUERY_LIMIT:
        raise _invalid(f"The collection MetricDataQueries must not have a size greater than {QUERY_LIMIT}.")
    for number, query in enumerate(queries, start=1):
        where = f"MetricDataQueries.member.{number}"
        if not re.fullmatch(r"[a-z][A-Za-z0-9_]{0,254}", str(query.get("Id"))):
            raise _invalid(f"The value {query.get('Id')} for parameter {where}.Id is not matching ^[a-z][a-zA-Z0-9_]*$.")
        for name in ("Expression", "AccountId"):
            if query.get(name):
                raise Refusal(501, "NotImplemented", f"the local AWS does not evaluate {name} of GetMetricData's queries")
        _check_stat(query.get("MetricStat"), f"{where}.MetricStat")
    if len({query["Id"] for query in queries}) < len(queries):
        raise _invalid("The values for parameter id in MetricDataQueries are not unique.")
    return queries


def _check_stat(stat: Any, where: str) -> None:
    metric = (stat or {}).get("Metric") or {}
    for name, value in (("Metric.Namespace", metric.get("Namespace")), ("Metric.MetricName", metric.get("MetricName")),
                        ("Period", (stat or {}).get("Period")), ("Stat", (stat or {}).get("Stat"))):  # fmt: skip
        if not value:
            raise _invalid(f"The parameter {where}.{name} is required.")
    period = stat["Period"]
    if not isinstance(period, int) or (period not in _SHORT_PERIODS and (period < 60 or period % 60)):
        raise _invalid(f"The value {period} for parameter {where}.Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
    if not metric_series.known_statistic(stat["Stat"]):
        raise Refusal(501, "NotImplemented", f"the local AWS does not know the statistic {stat['Stat']}")


def _time(document: dict[str, Any], name: str) -> int:
    """A time in seconds since 1970, rounded as CloudWatch rounds: the older, the coarser."""
    given = document.get(name)
    if isinstance(given, datetime.datetime):
        given = given.timestamp()
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise _invalid(f"The parameter {name} is required.")
    age = sessions.now().timestamp() - given
    step = 60 if age < 15 * 86_400 else 300 if age < 63 * 86_400 else 3600
    return int(given) // step * step


def _invalid(message: str) -> Refusal:
    return Refusal(400, "ValidationError", message)
