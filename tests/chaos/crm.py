"""The stand-in for HubSpot on a bad day. It has no fence: it writes whatever arrives, some of it seconds after it was
given up, and it keeps what it was sent, what agents wrote, and which of their words were overtaken.

It answers by a seed, so that a run can be repeated as far as a machine's moods allow.
"""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from tests.standins.hubspot import HubSpot
from tests.standins.server import Break, Call, Fault

LIMIT, WINDOW = 190, 10.0
"""Calls in so many seconds, as its answers say."""
LATEST_SECONDS = 4.0
"""How long after a call was given up it may still be done."""

BUSY = Fault(status=429, headers=(("retry-after", "1"),), body=b'{"policyName": "TEN_SECONDLY_ROLLING"}')
MOODS = (
    BUSY,
    Fault(status=500),
    Fault(breaks=Break.RESET),
    Fault(after=True, status=502),
    Fault(after=True, breaks=Break.RESET),
    Fault(after=True, breaks=Break.GARBLED),
)


@dataclass(frozen=True, slots=True)
class Edit:
    """What an agent wrote there."""

    customer: str
    name: str
    value: str


@dataclass
class FaultyHubSpot(HubSpot):
    """`faulty` is how many calls in a hundred go wrong. `overtaken` are edits that nobody had read when a call was done
    that wrote something else there: a CRM without a fence tells nobody of it."""

    chance: random.Random = field(default_factory=random.Random)
    faulty: float = 0.0
    faults: int = 0
    late: int = 0
    times: list[float] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    overtaken: set[Edit] = field(default_factory=set)
    _unseen: dict[str, list[Edit]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def agent_edits(self, customer: str, name: str, value: str) -> bool:
        """An agent writes something into a contact; whether it is there."""
        thing = self.find("portal_id", customer)
        if thing is None:
            return False
        edit = Edit(customer, name, value)
        self.edit(thing.id, {name: value})
        self.edits.append(edit)
        self._unseen.setdefault(customer, []).append(edit)
        return True

    def _fault(self, call: Call) -> Fault | None:
        now = time.monotonic()
        self.times.append(now)
        self.left = LIMIT - sum(now - at < WINDOW for at in self.times[-LIMIT:])
        if self.chance.random() * 100 >= self.faulty:
            return super()._fault(call)
        self.faults += 1
        if call.path.endswith("/batch/upsert") and self.chance.random() < 0.3:
            self.late += 1
            later = asyncio.create_task(self._do_later(call, self.chance.uniform(0.5, LATEST_SECONDS)))
            self._tasks.add(later)
            later.add_done_callback(self._tasks.discard)
            return Fault(status=504)
        return self.chance.choice(MOODS)

    async def _do_later(self, call: Call, seconds: float) -> None:
        await asyncio.sleep(seconds)
        write = self._upsert_contacts if self.writes_contacts(call) else self._upsert_notes
        write(json.loads(call.body))

    def _read(self, body: Any) -> Response:
        for wanted in body["inputs"]:
            self._unseen.pop(wanted["id"], None)
        return super()._read(body)

    def _upsert_contacts(self, body: Any) -> Response:
        for one in body["inputs"]:
            unseen = self._unseen.get(one["id"], ())
            self.overtaken |= {edit for edit in unseen if one["properties"].get(edit.name) not in (None, edit.value)}
        return super()._upsert_contacts(body)
