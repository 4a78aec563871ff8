"""What a web process holds from start to end: made in the app's lifespan, reached by views as `services(request)`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from portal.catalogue.model import Catalogue
from portal.crm.port import Connector
from portal.record.store import RecordStore
from portal.settings import Settings

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection


@dataclass(frozen=True, slots=True)
class Services:
    """`customers` reaches the database as portal_customer, one customer at a time; `staff` as portal_staff.

    `connectors` are the CRMs by name, for what they tell by themselves; workers write to them.
    """

    settings: Settings
    catalogue: Catalogue
    customers: RecordStore
    staff: RecordStore
    connectors: Mapping[str, Connector] = field(default_factory=dict)


def services(request: "HTTPConnection") -> Services:
    """The services of the process that answers this request."""
    return cast("Services", request.state.services)
