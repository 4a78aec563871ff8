"""One connector as a worker holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from portal.catalogue.model import CrmContactPoint
from portal.crm.port import Connector
from portal.record.store import RecordStore
from portal.settings import Settings
from portal.sync.gate import CallMeter


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
        behind: there were as many rows due as a batch takes when it was looked last.
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
    behind: bool = field(init=False, default=False)

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
