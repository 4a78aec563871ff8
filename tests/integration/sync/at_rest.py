"""What must hold when a simulated company has come to rest: the laws of tests/integration/sync/test_laws.py."""

from collections import Counter
from uuid import UUID

from portal.crm.port import ConsentStatus
from portal.sync.inbound import OFTEN
from portal.sync.merge import STRICTNESS
from portal.sync.resync import resync
from portal.sync.state import Wanted
from portal.sync.steer import resume, retry
from tests.integration.sync.at_work import NO_NUMBER, NOT_THERE, OFFERS, AtWork


class AtRest(AtWork):
    """Everything is put right that only people and the network can put right; then the engine has to be."""

    def teardown(self) -> None:
        try:
            if hasattr(self, "stage"):
                self.run(self._rest())
        finally:
            if hasattr(self, "conditions"):
                self.conditions.close()

    async def _rest(self) -> None:
        stage = self.stage
        line = stage.line
        self.crm.faults.clear()
        self.crm.deaf = self.crm.broken = self.crm.dies = None
        await resume(line.store.database, line.name, actor="operator", ahead=line.ahead)
        for name in ("Phone", "MobilePhone"):
            for customer, contact in self.crm.contacts.items():
                if self.crm.points.get(contact.remote_id, {}).get(name) == NO_NUMBER:
                    self.crm.corrects(customer, name, "+442079460018")
        await self._count()
        for _ in range(5):
            self.crm.land()
            await self._later(400)
            await resync(line)
            await retry(line.store.database, line.name, None, actor="operator", ahead=line.ahead)
            await stage.settle()
            await self._sweep()
            await stage.settle()
        for customer in self.customers:
            await (self._gone(customer) if customer in self.erased else self._equal(customer))
        calls, versions = self.crm.calls, [(await stage.record(customer)).seq for customer in self.customers]
        await self._later(86_400)
        await stage.settle()
        assert self.crm.calls == calls, "nothing goes to and fro"
        assert [(await stage.record(customer)).seq for customer in self.customers] == versions

    async def _gone(self, customer: UUID) -> None:
        assert (await self.stage.state(customer))["status"] == "erased"
        assert customer not in self.crm.contacts, "whoever was erased stays erased"

    async def _equal(self, customer: UUID) -> None:
        state = await self.stage.state(customer)
        if customer in self.away and state["status"] == "parked":
            assert state["last_error"].startswith(NOT_THERE), "people see it, and why"
            return
        assert (state["status"], state["last_error"]) == ("synced", None)
        stored, contact = await self.stage.stored(customer), self.crm.contacts[customer]
        record, line = stored.record, self.stage.line
        ours = {name: record.profile.get(key) for key, name in line.names.items()}
        theirs = {name: contact.fields.get(name) for name in ours}
        assert theirs == ours or await self._overruled_often(customer)
        points = {name: place.first(record.contact_points) for name, place in line.points.items()}
        stands = {name: point.value if point else None for name, point in points.items()}
        assert self.crm.points[contact.remote_id] == stands or await self._overruled_often(customer)
        consent = record.consent(*OFFERS)
        assert contact.consents.get(OFFERS) == (consent.status if consent else None)
        assert (state["synced_seq"], contact.seq) == (record.seq, record.seq)
        assert contact.restricted == (state["wanted"] == Wanted.RESTRICTED)
        assert state["wanted_at"] is None or state["confirmed_at"], "what was asked for is confirmed"
        if customer not in self.ever_away:
            assert sorted(contact.timeline) == sorted(f"{stored.chain}/{seq}" for seq in range(1, record.seq + 1))
            self._strict_enough(customer, consent.status if consent else None)

    async def _overruled_often(self, customer: UUID) -> bool:
        """Agents who insist on a word see it there after a while: then it stands in the log that often."""
        lost = Counter(f"{path}={text}" for path, text in await self._lost(customer))
        return max(lost.values(), default=0) >= OFTEN

    def _strict_enough(self, customer: UUID, status: ConsentStatus | None) -> None:
        heard = {} if customer in self.crm.overtaken else self.crm_said
        for said in (self.portal_said, heard):
            if customer in said:
                assert STRICTNESS.index(status) >= STRICTNESS.index(said[customer]), "looser than somebody said last"
