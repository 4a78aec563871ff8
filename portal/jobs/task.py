"""What a worker is given to do, and how it says that it cannot."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID


class NotDone(Exception):
    """The message says why; it is kept and shown, so no personal value is in it."""


class NotNow(NotDone):
    """To be tried again later. So is whatever else is raised, but its message is not kept."""


class Hopeless(NotDone):
    """Trying again is no use: a person has to look."""


@dataclass(frozen=True, slots=True)
class Order:
    """One job, as it was put off: for change `seq` of a customer. `id` is the same however often it is tried."""

    id: UUID
    customer_id: UUID
    seq: int
    args: Mapping[str, Any]
    secret: Mapping[str, str] | None

    @classmethod
    def read(cls, args: Mapping[str, Any]) -> "Order":
        """An order from what the database keeps of it."""
        rest = dict(args)
        id, customer_id, seq = UUID(rest.pop("id")), UUID(rest.pop("customer")), int(rest.pop("seq"))
        return cls(id, customer_id, seq, secret=rest.pop("secret", None), args=rest)


Task: TypeAlias = Callable[[Order], Awaitable[None]]
"""Does one job. At least once, that is: a worker that is killed may have done it, and the next one does it again."""
