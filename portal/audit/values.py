"""What a path can hold, and how a time is written: the words that entries and records share."""

from datetime import UTC, datetime
from typing import TypeAlias

Value: TypeAlias = str | int | bool | list[str] | list[int] | None
State: TypeAlias = dict[str, Value]
"""A flat record: path to value, without what is absent."""


def format_moment(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and Z, the one form in which entries and values carry a time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
