"""The calls that the local AWS answers itself, because moto does not know them or answers them with nothing.

Invariant: an answer has the shape of AWS's in the protocol of the request (JSON, REST JSON or CBOR); a member of a request that AWS
knows and the local AWS does not evaluate is refused (501), so that no caller is answered as if it had been.
"""

import datetime
import json
import uuid
from collections.abc import Callable
from typing import Any

from aws import cbor, costs, metric_data, savings_plan_usage, savings_plans
from aws.api_call import ApiCall
from aws.errors import Answer, Refusal

Answerer = Callable[[ApiCall, dict[str, Any]], dict[str, Any]]

# (signing name, operation) -> (the members that are evaluated, what answers).
_ANSWERERS: dict[tuple[str, str], tuple[set[str], Answerer]] = {
    ("ce", "GetCostAndUsage"): (costs.MEMBERS, costs.get_cost_and_usage),
    ("ce", "GetSavingsPlansUtilization"): (savings_plan_usage.UTILIZATION_MEMBERS, savings_plan_usage.utilization),
    ("ce", "GetSavingsPlansUtilizationDetails"): (savings_plan_usage.DETAILS_MEMBERS, savings_plan_usage.utilization_details),
    ("ce", "GetSavingsPlansCoverage"): (savings_plan_usage.COVERAGE_MEMBERS, savings_plan_usage.coverage),
    ("savingsplans", "DescribeSavingsPlans"): (savings_plans.MEMBERS, savings_plans.describe),
    ("monitoring", "GetMetricData"): (metric_data.MEMBERS, metric_data.get),
}  # fmt: skip
_CONTENT_TYPES = {"json": "application/x-amz-json-1.1", "rest-json": "application/json", "cbor": "application/cbor"}


def answer(call: ApiCall) -> Answer | None:
    """The answer to a call, or None where it is moto's to answer."""
    entry = _ANSWERERS.get((call.service, call.operation))
    if entry is None and call.protocol != "cbor":
        return None
    if entry is None or call.protocol not in _CONTENT_TYPES:
        raise Refusal(501, "NotImplemented", f"the local AWS has no {call.service}:{call.operation} over {call.protocol}")
    members, answerer = entry
    document = call.document()
    for name, value in document.items():
        if name not in members and value not in (None, [], {}):
            raise Refusal(501, "NotImplemented", f"the local AWS does not evaluate {name} of {call.service}:{call.operation}")
    result = answerer(call, {name: value for name, value in document.items() if value is not None})
    headers = [("x-amzn-RequestId", str(uuid.uuid4())), ("Content-Type", _CONTENT_TYPES[call.protocol])]
    if call.protocol == "cbor":
        return Answer(200, [*headers, ("smithy-protocol", "rpc-v2-cbor")], cbor.encode(result))
    return Answer(200, headers, json.dumps(result, default=_in_json).encode())


def _in_json(value: Any) -> float:
    """Times are seconds since 1970 in both JSON protocols that are spoken here."""
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    raise TypeError(f"a {type(value).__name__} has no place in JSON")
