"""One IAM policy statement against one request: principals, actions, resources, conditions.

Invariant: what cannot be evaluated fails closed. A condition operator that is not known here, or a policy variable without a value,
never makes an Allow apply and never keeps a Deny from applying.
"""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

Context = dict[str, str | list[str]]  # condition key in lower case -> value(s)


class UnknownOperator(Exception):
    """A condition operator that this evaluator does not know."""


def load(document: Any) -> list[dict[str, Any]]:
    """The statements of a policy document given as text or as an object."""
    parsed = json.loads(document) if isinstance(document, str | bytes) else document
    return as_list((parsed or {}).get("Statement", []))


def as_list(value: Any) -> list[Any]:
    """IAM lets a single value stand for a list of one."""
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=4096)
def _glob(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile(expression, (re.IGNORECASE if ignore_case else 0) | re.DOTALL)


def like(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """IAM's wildcard match: `*` and `?`."""
    return _glob(pattern, ignore_case).fullmatch(text) is not None


def action_matches(statement: dict[str, Any], action: str) -> bool:
    """Whether the statement's Action (or NotAction) covers the action; action names ignore case."""
    if "NotAction" in statement:
        return not any(like(pattern, action, True) for pattern in as_list(statement["NotAction"]))
    return any(like(pattern, action, True) for pattern in as_list(statement.get("Action", [])))


def resource_matches(statement: dict[str, Any], resource: str, context: Context) -> bool:
    """Whether the statement's Resource (or NotResource) covers the resource.

    A resource of `*` means that the call's resource is not known here: then an Allow on any resource covers it, and a Deny only
    if it is on every resource.
    """
    if "Resource" not in statement and "NotResource" not in statement:
        return True
    key = "NotResource" if "NotResource" in statement else "Resource"
    patterns = [filled for filled in (_fill(pattern, context) for pattern in as_list(statement[key])) if filled is not None]
    if resource == "*":
        if statement.get("Effect") == "Allow":
            return True
        return key == "Resource" and "*" in patterns
    covered = any(like(pattern, resource) for pattern in patterns)
    return not covered if key == "NotResource" else covered




def principal_matches(statement: dict[str, Any], principal_arn: str, session_arn: str, account_id: str) -> bool:
    """Whether the statement names this AWS principal: everyone, its account, its ARN or its session's ARN."""
    if "NotPrincipal" in statement:
        return False  # not evaluated here, so it never lets anyone in
    principal = statement.get("Principal")
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    for entry in as_list(principal.get("AWS", [])):
        if entry in ("*", account_id, principal_arn, session_arn):
            return True
        if re.fullmatch(rf"arn:[a-z-]+:iam::{account_id}:root", entry):
            return True
    return False


def service_principal_matches(statement: dict[str, Any], service: str) -> bool:
    """Whether the statement names this AWS service."""
    principal = statement.get("Principal")
    return isinstance(principal, dict) and service in as_list(principal.get("Service", []))


def conditions_hold(statement: dict[str, Any], context: Context) -> bool:
    """Whether all conditions hold; unknown operators fail closed for the statement's effect."""
    try:
        return all(
            _condition_holds(operator, key, as_list(expected), context)
            for operator, block in (statement.get("Condition") or {}).items()
            for key, expected in block.items()
        )
    except UnknownOperator:
        return statement.get("Effect") != "Allow"


def _condition_holds(operator: str, key: str, expected: list[Any], context: Context) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    actual = context.get(key.lower())
    if name == "Null":
        return any((str(value).lower() == "true") == (actual is None) for value in expected)
    test = _OPERATORS.get(name)
    if test is None or quantifier not in ("", "ForAnyValue", "ForAllValues"):
        raise UnknownOperator(operator)
    negated = "Not" in name
    if actual is None:
        return if_exists or negated or quantifier == "ForAllValues"
    wanted = [filled for filled in (_fill(str(_text(value)), context) for value in expected) if filled is not None]
    present = [str(value) for value in as_list(actual)]

    def one(value: str) -> bool:
        hit = any(test(pattern, value) for pattern in wanted)
        return not hit if negated else hit

    if quantifier == "ForAllValues":
        return all(one(value) for value in present)
    if quantifier == "ForAnyValue":
        return any(one(value) for value in present)
    return all(one(value) for value in present) if negated else any(one(value) for value in present)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fill(pattern: str, context: Context) -> str | None:
    """The pattern with its `${policy:variables}` replaced; None if one has no single value."""
    missing = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = match.group(1).partition(",")
        if name in ("*", "?", "$"):
            return name
        value = context.get(name.strip().lower())
        if isinstance(value, str):
            return value
        if default:
            return default.strip().strip("'")
        missing = True
        return ""

    filled = re.sub(r"\$\{([^}]+)\}", value_of, pattern)
    return None if missing else filled


def _arn_like(pattern: str, value: str) -> bool:
    """ARN match: each of the six parts on its own, so that `*` does not run over a colon."""
    left, right = pattern.split(":", 5), value.split(":", 5)
    return len(left) == 6 and len(right) == 6 and all(like(p, v) for p, v in zip(left, right, strict=True))


def _number(test: Any) -> Any:
    def compare(pattern: str, value: str) -> bool:
        try:
            return bool(test(float(value), float(pattern)))
        except ValueError:
            return False

    return compare


def _equal(pattern: str, value: str) -> bool:
    return pattern == value


def _equal_ignoring_case(pattern: str, value: str) -> bool:
    return pattern.lower() == value.lower()


# Negated operators share the positive test; `_condition_holds` turns the answer round.
_OPERATORS: dict[str, Any] = {
    "StringEquals": _equal,
    "StringNotEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringNotEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": like,
    "StringNotLike": like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "ArnNotEquals": _arn_like,
    "ArnNotLike": _arn_like,
    "Bool": _equal_ignoring_case,
    "NumericEquals": _number(lambda value, limit: value == limit),
    "NumericNotEquals": _number(lambda value, limit: value == limit),
    "NumericLessThan": _number(lambda value, limit: value < limit),
    "NumericLessThanEquals": _number(lambda value, limit: value <= limit),
    "NumericGreaterThan": _number(lambda value, limit: value > limit),
    "NumericGreaterThanEquals": _number(lambda value, limit: value >= limit),
}


def verdict(statements: Iterable[dict[str, Any]], action: str, resource: str, context: Context) -> str:
    """`deny` (explicit), `allow`, or `none`, for policies without principals (identity policies and SCPs)."""
    allowed = False
    for statement in statements:
        if not action_matches(statement, action) or not resource_matches(statement, resource, context):
            continue
        if not conditions_hold(statement, context):
            continue
        if statement.get("Effect") == "Deny":
            return "deny"
        allowed = allowed or statement.get("Effect") == "Allow"
    return "allow" if allowed else "none"
