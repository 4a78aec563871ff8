"""How far each CRM is with a record, and each change: as `delivery_state_v1.sql` tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far one connector is with one customer, and all that it may wait for.

    Attributes:
        status, wanted: sync_state's; see portal/sync/state.py.
        wanted_at, confirmed_at: since when it is to be as `wanted`, and since when it is; None where nobody asked.
        says: the CRM's own words where it did not do as it was asked. Not for customers.
        due: something is to be written to it, now or at a time that is set.
        added_at: since when there is this connector.
        since: when the oldest change was made that it does not have.
        silent_since, tried_at: it does not answer, and is tried again then.
        rests_until: it asked for a break, or its budget is spent.
        alive, served: a worker was seen lately; and one of those knows this connector.
        had: when it got which of the last versions, where that was asked for.
    """

    connector: str
    label: str
    desired_seq: int
    synced_seq: int
    status: str
    attempts: int
    wanted: str
    wanted_at: datetime | None
    confirmed_at: datetime | None
    says: str | None
    due: bool
    added_at: datetime
    since: datetime | None
    paused_at: datetime | None
    silent_since: datetime | None
    tried_at: datetime | None
    rests_until: datetime | None
    alive: bool
    served: bool
    had: Mapping[int, datetime] | None = None

    def had_at(self, seq: int) -> datetime | None:
        """When it had the change of this number; None while that waits."""
        return next((at for through, at in sorted((self.had or {}).items()) if through >= seq), None)

    @property
    def behind(self) -> bool:
        """Whether a change is on its way, or stuck."""
        return self.synced_seq < self.desired_seq


def delivery(raw: Mapping[str, Any]) -> Delivery:
    """From the JSON of a row of the view."""
    moments = {name: datetime.fromisoformat(raw[name]) for name in _MOMENTS if raw[name]}
    return Delivery(**{**raw, **moments})


def delivered(raw: Mapping[str, str] | None) -> dict[str, datetime]:
    """When each connector's CRM had a change, from JSON; absent while it waits."""
    return {name: datetime.fromisoformat(at) for name, at in (raw or {}).items()}


_MOMENTS = (
    "wanted_at", "confirmed_at", "added_at", "since", "paused_at", "silent_since", "tried_at", "rests_until",
)  # fmt: skip
