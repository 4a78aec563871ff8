"""A worker that makes one pass over a CRM at some address, with the settings of its environment."""

import asyncio
import sys

from portal.audit.cipher import KeyRing
from portal.db.database import Database, Role
from portal.record.store import RecordStore
from portal.settings import load_settings
from portal.sync.drain import drain
from portal.sync.line import line
from tests.conformance.made import made
from tests.conformance.of_hubspot import NAMES
from tests.conformance.subject import NAME, a_catalogue
from tests.standins.hubspot import TOKEN


async def main(url: str) -> None:
    settings, catalogue = load_settings(), a_catalogue(NAMES)
    async with (
        Database.configured(settings, Role.WORKER) as database,
        made("hubspot", NAMES, url=url, token=TOKEN) as hubspot,
    ):
        keys = KeyRing(settings.key_encryption_bytes)
        store = RecordStore(database, keys, catalogue, settings.audit_origin)
        await drain(line(NAME, hubspot, store, settings))


asyncio.run(main(sys.argv[1]))
