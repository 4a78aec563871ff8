"""One connector as a worker holds it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal import clock
from portal.catalogue.model import CrmContactPoint
from portal.crm.port import Connector
from portal.record.store import RecordStore
from portal.settings import Settings
from portal.sync.gate import CallMeter

LOOK_BACK_SECONDS = 0.25


@dataclass(slots=True)
class WorkedOff:
    """Up to when nothing is due any more, as far as this process knows, so that a claim need not go there.

    What may be due there all the same (a lease that expired, a change whose transaction took its time) is looked for
    a few times a second, and whenever there seems to be no more than a batch.
    """

    _through: datetime | None = None
    _look_back_at: float = 0.0

    @property
    def through(self) -> datetime | None:
        """From when on a claim looks; None is from the beginning."""
        return self._through if clock.current.monotonic() < self._look_back_at else None

    def note(self, due_at: Iterable[datetime]) -> None:
        """What a full batch was due at; nothing if it was not full."""
        if self.through is None:
            self._look_back_at = clock.current.monotonic() + LOOK_BACK_SECONDS
        self._through = min(due_at, default=None)


@dataclass(slots=True)
class Line:
    """What a pass over one connector's due rows needs.

    Attributes:
        name: the connector's name in sync_state, in the catalogue and in `via`.
        store: the records as the worker sees them.
        batch: how many rows a pass claims at most.
        lease: how long they are its own; calls to the CRM get less than a third of it.
        ahead: added to the database's clock. Zero, but for tests that look into the future.
        names: what the CRM calls the profile fields that it has, by their key in the catalogue.
        points: its fields for contact points, by what it calls them.
        language, zone: in which the CRM's notes are written.
        meter: counts what this process calls.
        worked_off: up to when nothing is due, as far as this process knows.
    """

    name: str
    connector: Connector
    store: RecordStore
    batch: int
    lease: timedelta
    ahead: timedelta = timedelta(0)
    language: str = "en"
    zone: str = "UTC"
    names: Mapping[str, str] = field(init=False)
    points: Mapping[str, CrmContactPoint] = field(init=False)
    meter: CallMeter = field(init=False, default_factory=CallMeter)
    worked_off: WorkedOff = field(init=False, default_factory=WorkedOff)

    def __post_init__(self) -> None:
        self.connector.meter = self.meter
        catalogue = self.store.catalogue
        self.names = {f.key: f.crm[self.name].name for f in catalogue.fields.values() if self.name in f.crm}
        points = catalogue.contact_points.values()
        self.points = {point.crm[self.name].name: point for point in points if self.name in point.crm}

    @property
    def deadline(self) -> float:
        """Seconds that one call to the CRM may take."""
        return self.lease.total_seconds() * 0.3

    @property
    def via(self) -> str:
        """How changes that come from this CRM say where they come from."""
        return f"crm:{self.name}"


def line(name: str, connector: Connector, store: RecordStore, settings: Settings) -> Line:
    """A line with the operator's batch size and lease, the batch no larger than the CRM takes."""
    batch = min(settings.sync_batch, connector.caps.batch_max)
    return Line(
        name,
        connector,
        store,
        batch,
        timedelta(seconds=settings.sync_lease_seconds),
        language=settings.sync_language,
        zone=settings.default_time_zone,
    )
