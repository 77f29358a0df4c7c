"""What a control endpoint is given for the local AWS to answer from: rows of named fields, checked one by one.

Invariant: a list of rows is taken whole or not at all; what is wrong is said in one sentence that names row, field and value.
"""

import datetime
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")
REQUIRED = object()


@dataclass(frozen=True)
class Field:
    """How a field is read, what it must be, and what stands in for it where it is left out."""

    read: Callable[[Any], Any]
    must_be: str
    default: Any = REQUIRED


class Seeds(Generic[Row]):
    """All rows of one kind; `make` turns a row's fields into what is kept."""

    def __init__(self, name: str, fields: dict[str, Field], make: Callable[..., Row]):
        self._name = name
        self._fields = fields
        self._make = make
        self._lock = threading.Lock()
        self._rows: list[Row] = []

    def add(self, given: dict[str, Any]) -> dict[str, Any]:
        """Take `{name: [rows]}`; answers how many there are now."""
        rows = given[self._name]
        if set(given) != {self._name} or not isinstance(rows, list):
            raise ValueError(f"give {self._name} as a list of rows, and nothing else")
        made = [self._make(**self._read(row, f"{self._name}[{number}]")) for number, row in enumerate(rows)]
        with self._lock:
            self._rows = [*self._rows, *made]
            return {self._name: len(self._rows)}

    def clear(self, _: dict[str, Any] | None = None) -> dict[str, Any]:
        """Forget every row."""
        with self._lock:
            self._rows = []
        return {self._name: 0}

    def all(self) -> list[Row]:
        """Every row, in the order in which they were given."""
        return self._rows

    def _read(self, row: Any, where: str) -> dict[str, Any]:
        if not isinstance(row, dict):
            raise ValueError(f"{where} is {row!r}: a row is an object with {', '.join(self._fields)}")
        for name in row:
            if name not in self._fields:
                raise ValueError(f"{where} has an unknown field {name!r}: a row has {', '.join(self._fields)}")
        values = {}
        for name, field in self._fields.items():
            if row.get(name) is None:
                if field.default is REQUIRED:
                    raise ValueError(f"{where}.{name} is missing: it must be {field.must_be}")
                values[name] = field.default
                continue
            try:
                values[name] = field.read(row[name])
            except (ValueError, TypeError, InvalidOperation):
                raise ValueError(f"{where}.{name} is {row[name]!r}: it must be {field.must_be}") from None
        return values


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _account(value: Any) -> str:
    if not re.fullmatch(r"\d{12}", _text(value)):
        raise ValueError
    return str(value)


def _amount(value: Any) -> Decimal:
    amount = Decimal(_text(value))
    if not amount.is_finite():
        raise ValueError
    return amount


def _moment(value: Any) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(_text(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError
    return value


def _texts(value: Any) -> dict[str, str]:
    return {_text(key): _text(item) for key, item in dict(value).items()}


def account(default: Any = REQUIRED) -> Field:
    """An account id."""
    return Field(_account, "an account id of 12 digits", default)


def text(default: Any = REQUIRED) -> Field:
    """A text that is not empty."""
    return Field(_text, "a text", default)


def amount(default: Any = REQUIRED) -> Field:
    """A decimal number as text, so that no digit is lost."""
    return Field(_amount, 'a decimal number as text, such as "12.34"', default)


def number(default: Any = REQUIRED, least: float | None = None) -> Field:
    """A number, and how small it may be."""

    def read(value: Any) -> float:
        if least is not None and _number(value) < least:
            raise ValueError
        return _number(value)

    return Field(read, "a number" if least is None else f"a number, {least:g} or more", default)


def whole(default: Any = REQUIRED) -> Field:
    """A whole number of at least 1."""
    return Field(_whole, "a whole number, 1 or more", default)


def date(default: Any = REQUIRED) -> Field:
    """A day."""
    return Field(lambda value: datetime.date.fromisoformat(_text(value)), "a day such as 2026-01-31", default)


def moment(default: Any = REQUIRED) -> Field:
    """A time; UTC where it does not say."""
    return Field(_moment, "a time such as 2026-01-31T00:00:00Z", default)


def texts(default: Any = REQUIRED) -> Field:
    """A map from text to text."""
    return Field(_texts, "an object of texts", default)


def one_of(*choices: str, default: Any = REQUIRED) -> Field:
    """One of the texts."""

    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return Field(read, f"one of {', '.join(choices)}", default)
