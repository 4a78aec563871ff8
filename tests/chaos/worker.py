"""A worker with two CRMs. Run as a process of its own, to be killed."""

import asyncio
import os
import signal

from portal.audit.cipher import KeyRing
from portal.db.database import Database, Role
from portal.record.store import RecordStore
from portal.settings import load_settings
from portal.sync.worker import run
from tests.chaos.lines import both, lines


async def main() -> None:
    settings, stop = load_settings(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Database.configured(settings, Role.WORKER) as database:
        store = RecordStore(database, KeyRing(settings.key_encryption_bytes), both(), settings.audit_origin)
        async with lines(settings, store, os.environ["FAULTY_CRM"]) as ours:
            await run(ours, stop, idle=0.25)


if __name__ == "__main__":
    asyncio.run(main())
