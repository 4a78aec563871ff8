"""What it means that somebody wrote something else into a CRM's field for a contact point."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.audit.values import State, Value
from portal.catalogue.model import CrmContactPoint, Owner
from portal.record.flat import flatten, unflatten
from portal.record.models import ContactPoint, Record, System, Use
from portal.sync.points import Points, known_as, merge_points, standing

EMAIL = CrmContactPoint("email", System.EMAIL, (), {})
PHONE = CrmContactPoint("phone", System.PHONE, (), {})
MOBILE = CrmContactPoint("mobile", System.PHONE, (Use.MOBILE,), {})
PLACES = {"Email": EMAIL, "Phone": PHONE, "MobilePhone": MOBILE}
OLD, NEW, OTHER = "+442079460018", "+442079460019", "+442079460020"
NOBODYS = UUID(int=1)


def a_phone(id: int, value: str, rank: int = 1, use: Use = Use.HOME) -> ContactPoint:
    return ContactPoint(UUID(int=id), System.PHONE, value, use, rank)


def a_record(*points: ContactPoint) -> Record:
    return Record(NOBODYS, "N-1", 5, contact_points=points)


def merged(now: Record, then: Record | None, place: CrmContactPoint = PHONE, **said: str | None) -> Points:
    places = {"Phone": place}
    return merge_points(places, now, None if then is None else standing(places, then), said, "GB")


def after(record: Record, take: dict[str, Value]) -> Record:
    return unflatten({**flatten(record), **take}, id=record.id, seq=record.seq + 1)


def test_a_corrected_number_is_that_contact_points_new_value() -> None:
    record = a_record(a_phone(7, OLD))
    found = merged(record, record, Phone=NEW)
    assert found.merge.take == {f"contact_points/{UUID(int=7)}/value": NEW}
    assert found.merge.fields == {f"contact_points/{UUID(int=7)}/value": "Phone"}
    assert not found.merge.lost and not found.merge.give
    assert found.base({}, {}) == standing({"Phone": PHONE}, after(record, found.merge.take))


def test_the_one_that_stood_there_is_corrected_though_the_customer_has_put_another_one_first() -> None:
    then, now = a_record(a_phone(7, OLD)), a_record(a_phone(8, OTHER, 1), a_phone(7, OLD, 2))
    found = merged(now, then, Phone=NEW)
    assert found.merge.take == {f"contact_points/{UUID(int=7)}/value": NEW}


def test_where_both_changed_it_the_customers_word_stands_and_the_agents_is_kept_as_evidence() -> None:
    found = merged(a_record(a_phone(7, OTHER)), a_record(a_phone(7, OLD)), Phone=NEW)
    assert not found.merge.take
    assert found.merge.lost == {f"contact_points/{UUID(int=7)}/value": NEW}
    assert found.merge.give == {"points/Phone"}


def test_what_the_customer_removed_does_not_come_back_with_a_correction() -> None:
    found = merged(a_record(), a_record(a_phone(7, OLD)), Phone=NEW)
    assert (found.merge.take, found.merge.lost) == ({}, {f"contact_points/{UUID(int=7)}/value": NEW})


def test_an_emptied_field_removes_nothing_and_is_filled_again() -> None:
    record = a_record(a_phone(7, OLD))
    found = merged(record, record, Phone=None)
    assert (found.merge.take, found.merge.give) == ({}, frozenset({"points/Phone"}))
    assert found.merge.lost == {f"contact_points/{UUID(int=7)}/value": None}


def test_a_number_in_an_empty_field_is_added_last() -> None:
    mail = ContactPoint(UUID(int=3), System.EMAIL, "a@example.com", Use.WORK, 4)
    record = a_record(mail)
    found = merged(record, record, Phone="020 7946 0018")
    [added] = [p for p in after(record, found.merge.take).contact_points if p.system is System.PHONE]
    assert (added.value, added.rank, added.use) == (OLD, 5, Use.OTHER)
    assert merged(record, record, Phone="020 7946 0018").merge == found.merge, "brought in twice, it is one"


def test_a_number_that_comes_again_does_not_overwrite_what_the_customer_has_made_of_it() -> None:
    empty = a_record()
    [added] = after(empty, merged(empty, empty, MOBILE, Phone=OLD).merge.take).contact_points
    theirs = replace(added, value=NEW, use=Use.HOME)
    record = replace(a_record(theirs), seq=7)

    found = merged(record, record, MOBILE, Phone=OLD)

    [kept, again] = after(record, found.merge.take).contact_points
    assert (kept, again.value, again.use) == (theirs, OLD, Use.MOBILE)
    assert found.base({}, {}) == standing({"Phone": MOBILE}, after(record, found.merge.take))


def test_another_number_of_the_customers_changes_places_with_the_first() -> None:
    record = a_record(a_phone(7, OLD, 1), a_phone(8, NEW, 2))
    found = merged(record, record, Phone=NEW)
    assert [p.value for p in after(record, found.merge.take).contact_points] == [NEW, OLD]


def test_one_that_the_record_has_as_something_else_is_not_there_twice() -> None:
    record = a_record(a_phone(7, OLD, 1, Use.MOBILE), a_phone(8, NEW, 2, Use.HOME))
    found = merged(record, record, MOBILE, Phone=NEW)
    assert (found.merge.take, found.merge.give) == ({}, frozenset({"points/Phone"}))
    assert list(found.merge.lost.values()) == [NEW]


def test_without_a_base_two_different_ones_are_the_customers_to_decide() -> None:
    found = merged(a_record(a_phone(7, OLD)), None, Phone=NEW)
    assert (found.merge.take, list(found.merge.lost.values())) == ({}, [NEW])


@pytest.mark.parametrize(("owner", "stands"), [(Owner.PORTAL, OTHER), (Owner.SHARED, OTHER), (Owner.CRM, NEW)])
def test_the_owner_decides(owner: Owner, stands: str) -> None:
    now, then = a_record(a_phone(7, OTHER)), a_record(a_phone(7, OLD))
    found = merged(now, then, replace(PHONE, owner=owner), Phone=NEW)
    assert after(now, found.merge.take).contact_points[0].value == stands


def test_what_only_the_portal_may_say_is_taken_from_no_crm() -> None:
    record = a_record(a_phone(7, OLD))
    found = merged(record, record, replace(PHONE, owner=Owner.PORTAL), Phone=NEW)
    assert (found.merge.take, list(found.merge.lost.values())) == ({}, [NEW])


@pytest.mark.parametrize(
    ("place", "said", "means"),
    [
        (PHONE, "+44 20 7946 0018", OLD),
        (PHONE, "020 7946 0018", OLD),
        (EMAIL, "ALICE@example.COM", "Alice@example.com"),
        (EMAIL, "straße@example.com", "straße@example.com"),
        (PHONE, "ask her mother", "ask her mother"),
    ],
)
def test_the_same_in_another_form_is_no_edit(place: CrmContactPoint, said: str, means: str) -> None:
    assert known_as(place, said, "GB", OLD, "Alice@example.com", "strasse@example.com") == means


def test_a_value_that_cannot_be_kept_leaves_the_base_as_it_was() -> None:
    record = a_record(a_phone(7, OLD))
    before: State = standing({"Phone": PHONE}, record)
    found = merged(record, record, Phone="ask her mother")
    [path] = found.merge.take
    assert found.base(before, {path: "is no phone number"}) == before


VALUES = st.sampled_from([OLD, NEW, OTHER])
FIELD = st.one_of(st.none(), VALUES)


@st.composite
def some_points(draw: st.DrawFn) -> tuple[ContactPoint, ...]:
    values = draw(st.lists(VALUES, unique=True, max_size=3))
    uses = draw(st.lists(st.sampled_from([Use.MOBILE, Use.HOME]), min_size=3, max_size=3))
    ids = draw(st.permutations([7, 8, 9]))
    return tuple(a_phone(ids[place], value, place + 1, uses[place]) for place, value in enumerate(values))


@given(some_points(), st.one_of(st.none(), some_points()), st.tuples(FIELD, FIELD))
def test_it_comes_to_rest_and_nobody_is_overruled_in_silence(
    now: tuple[ContactPoint, ...], then: tuple[ContactPoint, ...] | None, said: tuple[str | None, str | None]
) -> None:
    places = {"Phone": PHONE, "MobilePhone": MOBILE}
    record, base = a_record(*now), None if then is None else standing(places, a_record(*then))
    there = dict(zip(places, said, strict=True))

    found = merge_points(places, record, base, there, "GB")
    taken = after(record, found.merge.take)

    ids = {point.id for point in now}
    assert ids <= {point.id for point in taken.contact_points}, "an edit there removes no way to reach somebody"
    assert len({point.value for point in taken.contact_points}) == len(taken.contact_points), "nobody is there twice"
    assert len({point.rank for point in taken.contact_points}) == len(taken.contact_points)
    lost = ", ".join(str(value) for value in found.merge.lost.values())
    known = base or {}
    for name, value in there.items():
        first = places[name].first(taken.contact_points)
        if value == (first.value if first else None):
            continue
        told = (value or "") in lost or value in {point.value for point in taken.contact_points}
        assert told or value == known.get(f"points/{name}"), "their word is in the record or in the log"
        assert found.merge.take or f"points/{name}" in found.merge.give, "the field gets what the record says"
    for point in now:
        if then is not None and point.value not in {old.value for old in then if old.id == point.id}:
            assert next(p.value for p in taken.contact_points if p.id == point.id) == point.value, "the customer's word"

    settled = found.base(known, {})
    again = merge_points(places, taken, settled, there, "GB").merge
    assert not again.take and not again.lost, "what was settled once is settled"
