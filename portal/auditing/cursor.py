"""Where a page begins: the last change, or event, of the one before, in an address that can be shared."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.audit.values import format_moment


class Direction(StrEnum):
    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the log, which is ordered by time, then customer, then number."""

    at: datetime
    customer_id: UUID
    seq: int

    def __str__(self) -> str:
        return _written(format_moment(self.at), self.customer_id, self.seq)

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read a cursor again.

        Raises:
            ValueError: it is none of ours.
        """
        try:
            at, customer_id, seq = _read(text)
            cursor = cls(datetime.fromisoformat(at), UUID(customer_id), int(seq))
            if cursor.at.tzinfo is None or not 0 < cursor.seq < 2**63:
                raise ValueError
        except (ValueError, binascii.Error, UnicodeError, OverflowError):
            raise ValueError("no cursor") from None
        return cursor


@dataclass(frozen=True, slots=True)
class EventCursor:
    """A place among the security events, which are ordered by time, then id."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        return _written(format_moment(self.at), self.id)

    @classmethod
    def parse(cls, text: str) -> "EventCursor":
        """Read a cursor again.

        Raises:
            ValueError: it is none of ours.
        """
        try:
            at, id = _read(text)
            cursor = cls(datetime.fromisoformat(at), UUID(id))
            if cursor.at.tzinfo is None:
                raise ValueError
        except (ValueError, binascii.Error, UnicodeError, OverflowError):
            raise ValueError("no cursor") from None
        return cursor


def _written(*parts: object) -> str:
    return base64.urlsafe_b64encode(" ".join(map(str, parts)).encode()).rstrip(b"=").decode()


def _read(text: str) -> list[str]:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(" ")
