"""The law of the change log: folding all diffs of a chain gives the record, whatever happened to it."""

import asyncio
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.audit.entry import fold, unseal
from portal.audit.values import Value
from portal.errors import Invalid
from portal.record.change import change
from portal.record.flat import flatten, unflatten
from portal.record.models import Record
from portal.record.read import read
from portal.record.verify import ENTRIES
from tests.builders import SYSTEM, a_consent, a_contact_point, a_customer, a_note, a_window, an_intention
from tests.conftest import Stores

IDS = [UUID(int=number, version=4) for number in range(1, 4)]
ids = st.sampled_from(IDS)
words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), min_size=1, max_size=20
).filter(lambda text: bool(text.strip()))
profiles = st.fixed_dictionaries(
    {},
    optional={
        "profile/call_me": st.none() | words,
        "profile/language": st.none() | st.sampled_from(["en", "de", "fr"]),
        "profile/helps_me": st.none()
        | st.lists(st.sampled_from(["extra_time", "text_first"]), min_size=1, unique=True),
        "profile/account_tier": st.none() | st.sampled_from(["home", "business"]),
    },
)
points = st.builds(
    lambda id, name, rank: a_contact_point(value=f"{name}@example.com", id=id, rank=rank),
    ids, st.sampled_from(["a", "b", "c"]), st.integers(1, 3),
)  # fmt: skip
windows = st.builds(
    lambda id, days, start: a_window(weekdays=tuple(sorted(days)), start=f"{start:02}:30", id=id),
    ids, st.sets(st.integers(1, 7), min_size=1), st.integers(0, 23),
)  # fmt: skip
notes = st.builds(lambda id, body: a_note(body, id=id), ids, words)
consents = st.builds(
    lambda channel, status: a_consent("offers", channel, status),
    st.sampled_from(["email", "phone"]), st.sampled_from(["opt_in", "opt_out"]),
)  # fmt: skip
removals = st.builds(lambda item: dict.fromkeys(item), st.one_of(points, windows, notes))
changes = st.lists(st.one_of(profiles, points, windows, notes, consents, removals), min_size=1, max_size=8)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes)
async def test_folding_gives_the_record(stores: Stores, steps: list[dict[str, Value]]) -> None:
    stored = await a_customer(stores.worker, values={})
    for values in steps:
        try:
            await change(stores.worker, stored.record.id, an_intention("record:changed", SYSTEM), values)
        except Invalid:
            continue  # two with one rank: refused whole, so the law must hold all the same
    await _holds(stores, stored.record.id)


async def test_it_holds_when_everybody_writes_at_once(stores: Stores) -> None:
    stored = await a_customer(stores.worker, values={})

    async def write(number: int) -> None:
        values = {"profile/call_me": f"name {number}"} if number % 2 else a_note(f"note {number}", id=uuid4())
        await change(stores.worker, stored.record.id, an_intention("record:changed", SYSTEM), values)

    await asyncio.gather(*(write(number) for number in range(6)))
    await _holds(stores, stored.record.id)


async def _holds(stores: Stores, id: UUID) -> None:
    stored = await read(stores.worker.database, stores.worker.keys, id)
    assert stored is not None
    rows = await stores.worker.database.fetch_all(ENTRIES, [[id]])
    folded = fold(diff for row in rows for diff in unseal(bytes(row["entry"]), stored.key).diffs)
    assert folded == flatten(stored.record)
    rebuilt: Record = unflatten(folded, id=id, seq=stored.record.seq)
    assert rebuilt == stored.record
