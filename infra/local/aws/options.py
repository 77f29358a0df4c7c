"""Settings of the local AWS that may change while it runs (POST /polo-local/options).

Invariant: an unknown option or a value of the wrong kind is refused, and then nothing changes.
"""

from typing import Any

DEFAULTS: dict[str, Any] = {
    "account_paths": True,  # organizations answers carry Paths
    "account_state": "state",  # "state" (today's AWS) | "status" (the retired field) | "none"
    "enabled_regions": None,  # None = AWS's default regions; a list = these and no others
    "page_limit": None,  # None = AWS's page sizes; a number = at most so many entries in a page of any listing that `pages` cuts
    "ec2_page_limit": 50,  # at most so many entries in one page of an ec2 listing, as AWS may also return fewer than asked
}

values: dict[str, Any] = dict(DEFAULTS)
regions_by_account: dict[str, list[str]] = {}


def reset() -> None:
    """Back to the defaults."""
    values.clear()
    values.update(DEFAULTS)
    regions_by_account.clear()


def change(wanted: dict[str, Any]) -> dict[str, Any]:
    """Apply the given options and return all of them; `account_id` beside `enabled_regions` narrows it to one account."""
    wanted = dict(wanted)
    account_id = wanted.pop("account_id", None)
    for name, value in wanted.items():
        _check(name, value)
    if account_id is not None:
        if set(wanted) != {"enabled_regions"}:
            raise ValueError("account_id goes with enabled_regions alone: give both and nothing else")
        regions_by_account[str(account_id)] = list(wanted["enabled_regions"] or [])
        if wanted["enabled_regions"] is None:
            del regions_by_account[str(account_id)]
    else:
        values.update(wanted)
    return current()


def current() -> dict[str, Any]:
    """Every option as it is now."""
    return {**values, "regions_by_account": dict(regions_by_account)}


def _check(name: str, value: Any) -> None:
    if name not in DEFAULTS:
        raise ValueError(f"unknown option {name!r}: the options are {', '.join(DEFAULTS)}")
    if name == "account_paths" and not isinstance(value, bool):
        raise ValueError(f"account_paths is {value!r}: it must be true or false")
    if name == "account_state" and value not in ("state", "status", "none"):
        raise ValueError(f"account_state is {value!r}: it must be state, status or none")
    if name == "enabled_regions" and value is not None and not (
        isinstance(value, list) and value and all(isinstance(region, str) for region in value)
    ):
        raise ValueError(f"enabled_regions is {value!r}: it must be a list of region names, or null for AWS's defaults")
    if name == "page_limit" and value is not None and not (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        raise ValueError(f"page_limit is {value!r}: it must be a whole number of at least 1, or null for AWS's page sizes")
    if name == "ec2_page_limit" and not (isinstance(value, int) and not isinstance(value, bool) and value >= 5):
        raise ValueError(f"ec2_page_limit is {value!r}: it must be a whole number of at least 5")
