"""Many records' changes in one statement."""

from portal.record.change import change
from portal.record.many import draft, write_all
from portal.record.read import StoredRecord
from tests.builders import SYSTEM, a_customer, an_intention
from tests.conftest import Stores


async def test_what_was_written_before_is_given_as_it_is_now(stores: Stores) -> None:
    """Somebody went on with the record since: whoever sends the same again is told of that."""
    store, stored = stores.worker, await a_customer(stores.worker)
    once = draft(store, stored, an_intention("customer:imported", SYSTEM), {"profile/language": "de"})
    assert once
    await write_all(store, [once])
    await change(store, stored.record.id, an_intention("customer:imported", SYSTEM), {"profile/language": "en"})

    found = (await write_all(store, [once]))[stored.record.id]

    assert isinstance(found, StoredRecord)
    assert (found.record.seq, found.record.profile["language"]) == (stored.record.seq + 2, "en")


async def test_one_that_somebody_was_faster_with_is_computed_anew_and_the_others_stand(stores: Stores) -> None:
    store = stores.worker
    people = [await a_customer(store) for _ in range(3)]
    wish = [draft(store, one, an_intention("customer:imported", SYSTEM), {"profile/language": "de"}) for one in people]
    await change(store, people[1].record.id, an_intention("customer:imported", SYSTEM), {"profile/given_name": "Zoe"})

    found = await write_all(store, [one for one in wish if one])

    records = [one.record for one in (found[each.record.id] for each in people) if isinstance(one, StoredRecord)]
    assert [record.profile["language"] for record in records] == ["de"] * 3
    assert [record.seq - one.record.seq for record, one in zip(records, people, strict=True)] == [1, 2, 1]
    assert records[1].profile["given_name"] == "Zoe"
