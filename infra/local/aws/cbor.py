"""CBOR (RFC 8949), as far as Smithy's RPC v2 CBOR uses it (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html).

Invariant: what is encoded here is read by any decoder (definite lengths, 64-bit floats, times as tag 1); what any encoder may send is
read here, indefinite lengths and half floats included. Anything else is a ValueError.
"""

import datetime
import struct
from typing import Any

_BREAK = object()
_TIME_TAG = 1


def encode(value: Any) -> bytes:
    """A value of None, truth values, numbers, texts, bytes, times, lists and maps with text keys."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        raw = value.encode()
        return _head(3, len(raw)) + raw
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, datetime.datetime):
        return _head(6, _TIME_TAG) + encode(value.timestamp())
    if isinstance(value, list | tuple):
        return _head(4, len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(encode(str(key)) + encode(item) for key, item in value.items())
    raise ValueError(f"a {type(value).__name__} has no place in CBOR")


def decode(data: bytes) -> Any:
    """The one value that the bytes hold; times come back in UTC."""
    try:
        value, end = _item(data, 0)
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise ValueError(f"the CBOR ends early or is broken: {error}") from None
    if value is _BREAK or end != len(data):
        raise ValueError("the CBOR holds something other than one value")
    return value


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for extra, size in enumerate((1, 2, 4, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | 24 + extra]) + number.to_bytes(size, "big")
    raise ValueError(f"{number} is too large for CBOR")


def _item(data: bytes, at: int) -> tuple[Any, int]:
    major, extra = data[at] >> 5, data[at] & 0x1F
    if major == 7:
        return _simple(data, at + 1, extra)
    number, at = _number(data, at + 1, extra)
    if major in (0, 1) and number is not None:
        return (number if major == 0 else -1 - number), at
    if major in (2, 3):
        return _string(data, at, number, text=major == 3)
    if major == 4:
        return _sequence(data, at, number)
    if major == 5:
        items, at = _sequence(data, at, None if number is None else number * 2)
        return dict(zip(items[::2], items[1::2], strict=True)), at
    if major == 6 and number is not None:
        value, at = _item(data, at)
        if number == _TIME_TAG:
            return datetime.datetime.fromtimestamp(value, datetime.UTC), at
        return value, at
    raise ValueError("this number or tag has no length")


def _number(data: bytes, at: int, extra: int) -> tuple[int | None, int]:
    if extra < 24:
        return extra, at
    if extra == 31:
        return None, at
    if extra > 27:
        raise ValueError(f"{extra} is reserved in CBOR")
    size = 1 << extra - 24
    if at + size > len(data):
        raise IndexError("length")
    return int.from_bytes(data[at : at + size], "big"), at + size


def _simple(data: bytes, at: int, extra: int) -> tuple[Any, int]:
    if extra in (20, 21):
        return extra == 21, at
    if extra in (22, 23):
        return None, at
    if extra in (25, 26, 27):
        layout, size = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}[extra]
        return struct.unpack(layout, data[at : at + size])[0], at + size
    if extra == 31:
        return _BREAK, at
    raise ValueError(f"simple value {extra} is not known here")


def _string(data: bytes, at: int, length: int | None, text: bool) -> tuple[Any, int]:
    if length is None:
        parts, at = _sequence(data, at, None)
        return ("" if text else b"").join(parts), at
    raw = data[at : at + length]
    if len(raw) < length:
        raise IndexError("string")
    return (raw.decode() if text else raw), at + length


def _sequence(data: bytes, at: int, count: int | None) -> tuple[list[Any], int]:
    items: list[Any] = []
    while count is None or len(items) < count:
        value, at = _item(data, at)
        if value is _BREAK:
            if count is None:
                break
            raise ValueError("a break inside of a counted sequence")
        items.append(value)
    return items, at
