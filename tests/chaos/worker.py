"""A worker with two CRMs: the built-in one and a faulty one. Run as a process of its own, to be killed."""

import asyncio
import os
import signal
from dataclasses import replace
from datetime import timedelta

from portal.audit.cipher import KeyRing
from portal.catalogue import load
from portal.crm.embedded import EmbeddedCrm
from portal.db.database import Database, Role
from portal.paths import resource
from portal.record.store import RecordStore
from portal.settings import load_settings
from portal.sync.line import Line
from portal.sync.worker import run
from tests.chaos.crm import connected

LEASE = timedelta(seconds=9)


async def main() -> None:
    settings, stop = load_settings(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    catalogue = load(resource("catalogue.toml"))
    # The faulty CRM calls the fields what the built-in one calls them.
    both = {
        k: replace(f, crm={**f.crm, "faulty": f.crm["embedded"]}) if "embedded" in f.crm else f
        for k, f in catalogue.fields.items()
    }
    async with Database.configured(settings, Role.WORKER) as database, connected(os.environ["FAULTY_CRM"]) as faulty:
        keys = KeyRing(settings.key_encryption_bytes)
        store = RecordStore(database, keys, replace(catalogue, fields=both), settings.audit_origin)
        lines = [
            Line("embedded", EmbeddedCrm(database), store, 100, LEASE),
            Line("faulty", faulty, store, 50, LEASE),
        ]
        await run(lines, stop, idle=0.25)


if __name__ == "__main__":
    asyncio.run(main())
