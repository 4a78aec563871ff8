"""A worker that stands still `before` or `after` it writes to the CRM, to be killed there."""

import asyncio
import sys
from collections.abc import Sequence

from portal.audit.cipher import KeyRing
from portal.catalogue import load
from portal.crm.embedded import EmbeddedCrm
from portal.crm.port import Desired, Outcome
from portal.db.database import Database, Role
from portal.paths import resource
from portal.record.store import RecordStore
from portal.settings import load_settings
from portal.sync.drain import drain
from portal.sync.line import line


class StallingCrm(EmbeddedCrm):
    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        if sys.argv[1] == "after":
            await super().push(batch)
        print("stalled", flush=True)
        await asyncio.sleep(600)
        return []


async def main() -> None:
    settings = load_settings()
    async with Database.configured(settings, Role.WORKER) as database:
        keys = KeyRing(settings.key_encryption_bytes)
        store = RecordStore(database, keys, load(resource("catalogue.toml")), settings.audit_origin)
        await drain(line("embedded", StallingCrm(database), store, settings))


asyncio.run(main())
