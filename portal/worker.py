"""What `portal work` does: brings changes to the CRMs and back, and does the jobs that were put off. One process does
both, on one pool of connections; run any number, on any number of machines."""

import asyncio

from portal.audit.cipher import KeyRing
from portal.catalogue import load
from portal.crm import connectors
from portal.db.database import Database, Role
from portal.jobs import worker as jobs
from portal.mail.kinds import TASK as MAIL
from portal.mail.post import Post
from portal.paths import resource
from portal.record.store import RecordStore
from portal.settings import Settings
from portal.sync import worker as sync
from portal.web.brand import colours


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set; then end what is in hand and give everything back.

    Raises:
        SettingsError: a CRM's settings are not enough; nothing has begun by then.
    """
    async with Database.configured(settings, Role.WORKER) as database:
        store = RecordStore(
            database,
            KeyRing(settings.key_encryption_bytes),
            load(settings.catalogue or resource("catalogue.toml")),
            settings.audit_origin,
        )
        tasks = {MAIL: Post(settings, store, colours(settings))}
        async with connectors(settings, store.catalogue, database) as made, asyncio.TaskGroup() as both:
            both.create_task(sync.work(settings, store, made, stop))
            both.create_task(jobs.run(tasks, database, stop))
