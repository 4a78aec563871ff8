"""Two CRMs: the built-in one, and HubSpot's stand-in, reached by the connector that reaches HubSpot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from portal.catalogue import load
from portal.catalogue.model import Catalogue, CrmContactPoint, CrmField
from portal.crm import connectors
from portal.crm.hubspot.connector import HubSpot
from portal.paths import resource
from portal.record.models import System
from portal.record.store import RecordStore
from portal.settings import Settings
from portal.settings.connectors import ConnectorSettings
from portal.sync.line import Line
from tests.chaos.crm import LATEST_SECONDS
from tests.standins.hubspot import TOKEN

LEASE = timedelta(seconds=9)
THERE = {"given_name": "firstname", "family_name": "lastname", "call_me": "call_me", "account_tier": "plan"}


def both() -> Catalogue:
    """The catalogue that comes along, and what HubSpot calls some of it."""
    catalogue = load(resource("catalogue.toml"))
    fields = {
        key: replace(one, crm={**one.crm, "hubspot": CrmField(THERE[key])}) if key in THERE else one
        for key, one in catalogue.fields.items()
    }
    email = CrmContactPoint("email", System.EMAIL, (), {"hubspot": CrmField("email")})
    return replace(catalogue, fields=fields, contact_points={"email": email})


@asynccontextmanager
async def lines(settings: Settings, store: RecordStore, url: str) -> AsyncIterator[list[Line]]:
    """Both, for the length of an `async with` block; HubSpot as quick as a storm of two minutes needs it."""
    hubspot = ConnectorSettings.model_validate(
        {"kind": "hubspot", "url": url, "token": TOKEN, "allow_private": True, "timeout_seconds": 2}
    )
    crm = {"embedded": ConnectorSettings(kind="embedded"), "hubspot": hubspot}
    async with connectors(settings.model_copy(update={"crm": crm}), store.catalogue, store.database) as made:
        quick = made["hubspot"]
        assert isinstance(quick, HubSpot)
        quick.caps = replace(quick.caps, poll_seconds=1.0, max_execution_seconds=LATEST_SECONDS + 1)
        quick.feed.settles = timedelta(seconds=1)
        yield [Line(name, made[name], store, 50, LEASE) for name in made]
