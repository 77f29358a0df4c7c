"""One page of a listing, and the token that leads to the next.

Invariant: following the tokens to their end yields every entry once; a token is good for the listing that it came from and no other.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Sequence
from typing import Any, TypeVar

from aws import options

Row = TypeVar("Row")


class BadToken(Exception):
    """The token is not one of this listing's."""


def cut(listing: str, rows: Sequence[Row], token: str | None, size: int) -> tuple[list[Row], str | None]:
    """The page that begins where the token says, of at most `size` entries (or the option `page_limit`), and the next token."""
    start = _position(listing, token) if token else 0
    if start > len(rows):
        raise BadToken
    end = start + min(size, options.values["page_limit"] or size)
    following = base64.urlsafe_b64encode(f"{listing}:{end}".encode()).decode() if end < len(rows) else None
    return list(rows[start:end]), following


def fingerprint(name: str, document: dict[str, Any], *paging: str) -> str:
    """A listing's name where AWS wants each page asked for with the same request; `paging` names the members that may change."""
    request = {key: value for key, value in document.items() if key not in paging}
    return f"{name}-{zlib.crc32(json.dumps(request, sort_keys=True, default=str).encode()):08x}"


def _position(listing: str, token: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(token.encode()).decode().rpartition(":")
        start = int(number)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise BadToken from None
    if word != listing or start < 0:
        raise BadToken
    return start
