"""Agents who edit what customers are editing, in both CRMs, and remember what they wrote."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
import psycopg_pool

from portal.crm.embedded.card import Viewer, card
from portal.crm.embedded.edit import Edited, edit
from portal.errors import PortalError
from portal.record.store import RecordStore
from tests.builders import GRACE
from tests.chaos.crm import FaultyHubSpot

TIERS = ("home", "home_plus", "business")
DESK = Viewer(UUID(GRACE.id), "Grace Okafor")


@dataclass
class Agents:
    """`at_the_desk` counts their edits in the built-in CRM; those in HubSpot are in `crm.edits`."""

    staff: RecordStore
    crm: FaultyHubSpot
    chance: random.Random
    at_the_desk: int = 0
    numbers: list[int] = field(default_factory=list)

    async def work(self, customers: Sequence[UUID], stop: asyncio.Event) -> None:
        """Edit somebody's contact every now and then: in HubSpot also what only the customer has the last word on."""
        while not stop.is_set():
            customer = self.chance.choice(customers)
            self.numbers.append(len(self.numbers))
            match self.chance.randrange(4):
                case 0:
                    self.crm.agent_edits(str(customer), "email", f"agent-{self.numbers[-1]}@example.com")
                case 1:
                    self.crm.agent_edits(str(customer), "call_me", f"Dear {self.numbers[-1]}")
                case 2:
                    self.crm.agent_edits(str(customer), "plan", self.chance.choice(TIERS))
                case _:
                    with suppress(psycopg.Error, psycopg_pool.PoolTimeout, PortalError):
                        await self._at_the_desk(customer, self.chance.choice(TIERS))
            await asyncio.sleep(self.chance.uniform(0.1, 0.5))

    async def _at_the_desk(self, customer: UUID, tier: str) -> None:
        seen = await card(self.staff.database, self.staff.catalogue, customer, DESK)
        if seen is None:
            return
        values = {"account_tier": tier}
        done = await edit(self.staff.database, self.staff.catalogue, customer, seen.version, values, DESK)
        self.at_the_desk += isinstance(done, Edited)
