"""What happens to Alice's record beside the page that she has open."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import pytest

from portal import clock
from portal.audit.entry import Actor, ActorKind
from portal.audit.values import Value
from portal.record.change import Changed, Intention, change
from portal.record.models import Record
from portal.record.read import StoredRecord, read
from tests.builders import SYSTEM, an_intention
from tests.conftest import Stores


@dataclass
class Elsewhere:
    """Alice's record, seen and changed from elsewhere."""

    stores: Stores
    id: UUID

    async def stored(self) -> StoredRecord:
        store = self.stores.worker
        found = await read(store.database, store.keys, self.id)
        assert found is not None
        return found

    async def record(self) -> Record:
        return (await self.stored()).record

    async def change(self, values: Mapping[str, Value], *, by: Actor = SYSTEM, action: str = "profile:merged") -> None:
        intention: Intention = an_intention(action, by)
        assert isinstance(await change(self.stores.worker, self.id, intention, values), Changed)

    async def delivered(self) -> None:
        """Everything is in the CRM, as the drain leaves it."""
        seq = (await self.record()).seq
        await self.stores.worker.database.fetch_all(
            "UPDATE portal.sync_state SET synced_seq = desired_seq WHERE customer_id = %s", [self.id]
        )
        await self.stores.worker.database.fetch_all(
            "INSERT INTO portal.delivery (customer_id, connector, through_seq, at) VALUES (%s, 'embedded', %s, %s)",
            [self.id, seq, clock.now()],
        )


@pytest.fixture
def alices(stores: Stores, alice: StoredRecord) -> Elsewhere:
    return Elsewhere(stores, alice.record.id)


def an_agent(name: str = "grace") -> Actor:
    return Actor(ActorKind.AGENT, name, "desk")
