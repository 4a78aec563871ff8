"""The first day with a real Tryton, whose parties have contact mechanisms that somebody else put there."""

import pytest
from sqlalchemy import URL

from portal.record.verify import verify
from tests.builders import a_number
from tests.conformance.of_tryton import NAMES, OfTryton, of_tryton
from tests.conftest import Stores
from tests.integration.adoption.offices import opened

pytestmark = pytest.mark.slow


async def test_parties_become_customers_and_both_sides_rest(real_tryton: str, own_stores: Stores, own_url: URL) -> None:
    numbers = [a_number() for _ in range(60)]
    async with of_tryton(real_tryton) as subject:
        assert isinstance(subject, OfTryton)
        for number in numbers:
            ways = [["create", [{"type": "email", "value": f"{number}@example.com"}]]]
            party = {"name": "Berg", "given_name": "Ann", "code": number, "contact_mechanisms": ways}
            await subject._console.call("party.party.create", [party], {})
        office = await opened(subject, NAMES, own_stores, own_url)

        dry = await office.adopts(dry=True)
        done = await office.adopts()

        assert (done.new, done.matched, done.doubtful) == (dry.new, dry.matched, dry.doubtful)
        assert done.new >= len(numbers) and done.refused == 0
        customer = await office.customer(numbers[0])
        record = await office.stage.record(customer)
        assert [point.value for point in record.contact_points] == [f"{numbers[0]}@example.com"]
        state = await office.stage.state(customer)
        assert (state["status"], state["push_due_at"]) == ("synced", None)
        there = await subject.there(customer)
        assert there is not None and (there.seq, there.timeline) == (1, []), "told whose it is, and nothing else"

        await subject.promote(customer)
        await office.stage.settle()
        await office.stage.says(customer, {"profile/good_to_know": "Ring twice."})
        await office.stage.settle()
        assert (await office.stage.record(customer)).profile["account_tier"] == "business"
        there = await subject.there(customer)
        assert there is not None and there.fields["good_to_know"] == "Ring twice."
        again = await office.adopts()
        assert (again.new, again.matched) == (0, done.new)
    report = await verify(own_stores.worker.database, own_stores.worker.keys)
    assert report.holds, report.findings
