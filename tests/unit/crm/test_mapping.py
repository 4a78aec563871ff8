"""What a record says, written as a CRM writes it, and read back: nothing is lost or changed on the way."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.audit.values import Value
from portal.catalogue import Catalogue
from portal.catalogue.crm_names import SUITABLE
from portal.catalogue.model import CrmContactPoint, CrmField, CrmType, Kind
from portal.crm.mapping import CrmMap, Dialect, flag_forbids, told_by_flag
from portal.crm.port import Consent, ConsentStatus, ContactPoint, Desired
from portal.crm.written import Writing
from portal.record.models import System, Use

CHOICES = ("text_first", "extra_time", "in_writing")
KEPT = st.text(st.characters(exclude_characters="\r"), min_size=1)
"""No record has a carriage return: what a CRM makes of the end of a line is read as a line's end."""
VALUES: Mapping[Kind, st.SearchStrategy[Value]] = {
    Kind.TEXT: KEPT,
    Kind.MULTILINE: KEPT,
    Kind.CHOICE: st.sampled_from(CHOICES),
    Kind.CHOICES: st.lists(st.sampled_from(CHOICES), min_size=1, unique=True).map(
        lambda chosen: [one for one in CHOICES if one in chosen]
    ),
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: st.dates().map(date.isoformat),
    Kind.LANGUAGE: st.sampled_from(["en", "de", "pt-BR"]),
    Kind.TIME_ZONE: st.sampled_from(["Europe/London", "America/Argentina/Ushuaia"]),
    Kind.COUNTRY: st.sampled_from(["GB", "DE"]),
}
WORDS = {"text_first": "Text; first", "extra_time": "in_writing2"}
PAIRS = [(kind, type) for kind in Kind for type in SUITABLE.get(kind, (CrmType.TEXT,))]
STATUSES = st.sampled_from([None, *ConsentStatus])


@pytest.mark.parametrize(("kind", "type"), PAIRS)
@given(data=st.data(), empty=st.sampled_from([None, "", False]))
def test_what_is_written_is_read_back(kind: Kind, type: CrmType, data: st.DataObject, empty: object) -> None:
    words = (
        WORDS if kind in (Kind.CHOICE, Kind.CHOICES) and type is not CrmType.JOINED else {"extra_time": "Extra time"}
    )
    writing = Writing("there", type, words, CHOICES, empty)
    value = data.draw(VALUES[kind])

    assert writing.from_crm(writing.to_crm(value)) == value
    assert writing.from_crm(writing.to_crm(None)) is None or (type is CrmType.BOOLEAN and empty is False)


def test_choices_come_back_in_the_order_of_the_catalogue() -> None:
    writing = Writing("there", CrmType.JOINED, {}, CHOICES)
    assert writing.from_crm("in_writing;text_first;") == ["text_first", "in_writing"]


@pytest.mark.parametrize("raw", ["2026-03-31", "2026-03-31T00:00:00Z", "2026-03-31 00:00:00", "1774915200000"])
def test_a_day_is_understood_however_it_comes(raw: object) -> None:
    assert Writing("there", CrmType.DATE).from_crm(raw) == "2026-03-31"


@pytest.mark.parametrize("day", ["1970-01-01", "1970-01-02", "1969-12-31", "1970-04-26", "2001-09-09", "0001-01-01"])
def test_a_day_in_milliseconds_is_that_day_however_many_digits_it_has(day: str) -> None:
    writing = Writing("there", CrmType.MILLISECONDS)
    assert writing.from_crm(writing.to_crm(day)) == day
    assert writing.from_crm(float(writing.to_crm(day))) == day, "a field for decimal numbers gives one back"


def test_eight_digits_in_a_field_for_days_are_no_milliseconds() -> None:
    assert Writing("there", CrmType.DATE).from_crm("20260331") == "20260331"


@pytest.mark.parametrize("raw", ["soon", "9" * 30, float("inf"), float("nan")])
def test_what_is_no_day_stays_as_it_is(raw: object) -> None:
    assert Writing("there", CrmType.MILLISECONDS).from_crm(raw) == str(raw)


def test_a_flag_that_cannot_be_empty_says_no() -> None:
    writing = Writing("there", CrmType.BOOLEAN, booleans_can_be_empty=False)
    assert (writing.to_crm(None), writing.to_crm(True), writing.to_crm(False)) == (False, True, False)


def test_a_checkbox_that_is_not_ticked_may_say_nothing(catalogue: Catalogue) -> None:
    box = replace(catalogue.fields["call_me"], key="paperless", kind=Kind.BOOLEAN, crm={"sales": CrmField("Box")})
    with_a_box = replace(catalogue, fields={"paperless": box})
    strict = CrmMap(with_a_box, "sales", Dialect(booleans_can_be_empty=False))

    assert strict.unsaid({"Box": False}) == {"Box"}
    assert strict.unsaid({"Box": True}) == frozenset()
    assert CrmMap(with_a_box, "sales", Dialect()).unsaid({"Box": False}) == frozenset()


@given(agreed=STATUSES, needs_consent=st.booleans())
def test_a_flag_that_nobody_touched_says_what_was_agreed(agreed: ConsentStatus | None, needs_consent: bool) -> None:
    forbids = flag_forbids(agreed, needs_consent=needs_consent)
    assert told_by_flag(agreed, forbids, needs_consent=needs_consent) is agreed


@given(agreed=STATUSES, needs_consent=st.booleans())
def test_a_flag_that_somebody_set_opts_out_and_a_cleared_one_is_no_consent(
    agreed: ConsentStatus | None, needs_consent: bool
) -> None:
    forbids = flag_forbids(agreed, needs_consent=needs_consent)
    expected = None if forbids else ConsentStatus.OPT_OUT
    assert told_by_flag(agreed, not forbids, needs_consent=needs_consent) is expected


@pytest.fixture
def mapped(catalogue: Catalogue) -> Catalogue:
    """A catalogue with names for a CRM called sales."""
    offers, service = catalogue.purposes["offers"], catalogue.purposes["service"]
    flag = CrmField("DoNotCall", CrmType.OPT_OUT)
    return replace(
        catalogue,
        fields={
            **catalogue.fields,
            "language": replace(catalogue.fields["language"], crm={"sales": CrmField("Lang", values={"en": "en_GB"})}),
        },
        purposes={
            **catalogue.purposes,
            "offers": replace(offers, crm={"sales": {"phone": flag, "email": CrmField("Offers")}}),
            "service": replace(service, crm={"sales": {"phone": flag}}),
        },
        contact_points={
            "mobile": CrmContactPoint(
                "mobile", System.PHONE, (Use.MOBILE,), {"sales": CrmField("Mobile", CrmType.INTERNATIONAL)}
            ),
            "email": CrmContactPoint("email", System.EMAIL, (), {"sales": CrmField("Email")}),
        },
        summary={"sales": CrmField("Summary")},
        restriction={"sales": CrmField("Restricted")},
    )


def a_wish(*consents: Consent, points: tuple[ContactPoint, ...] = (), **fields: Value) -> Desired:
    nobody = UUID(int=1)
    return Desired(nobody, "T1", "Alice Marsh", 3, fields, {}, points, (), consents, (), (), summary="Call after 17:00")


def a_consent(purpose: str, channel: str, status: ConsentStatus) -> Consent:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    return Consent(purpose, channel, status, now, "portal", now, None, "consent", purpose, "1")


def a_point(system: System, value: str, rank: int, use: Use = Use.PRIVATE) -> ContactPoint:
    return ContactPoint(UUID(int=rank), system, value, use, rank)


def test_a_whole_record_becomes_the_crms_fields(mapped: Catalogue) -> None:
    sales = CrmMap(mapped, "sales", Dialect())
    wish = a_wish(
        a_consent("offers", "email", ConsentStatus.OPT_OUT),
        points=(
            a_point(System.PHONE, "+442079460018", 1, Use.HOME),
            a_point(System.PHONE, "+447700900123", 3, Use.MOBILE),
            a_point(System.EMAIL, "second@example.com", 4),
            a_point(System.EMAIL, "first@example.com", 2),
        ),
        Lang="en",
    )

    assert sales.to_crm(wish) == {
        "Lang": "en_GB", "Mobile": "+44 7700 900123", "Email": "first@example.com",
        "DoNotCall": True, "Offers": "opt_out", "Summary": "Call after 17:00", "Restricted": False,
    }  # fmt: skip
    assert set(sales.names()) == {"Lang", "Mobile", "Email", "DoNotCall", "Offers", "Summary", "Restricted"}
    assert {writing.name for writing in sales.writings()} == set(sales.names())


def test_a_restriction_is_shown(mapped: Catalogue) -> None:
    wish = replace(a_wish(), restricted=True)
    assert CrmMap(mapped, "sales", Dialect()).to_crm(wish)["Restricted"] is True
    assert CrmMap(mapped, "sales", Dialect(boolean=CrmType.TRUE_FALSE)).to_crm(wish)["Restricted"] == "true"


def test_a_flag_of_several_purposes_forbids_as_soon_as_one_does(mapped: Catalogue) -> None:
    sales = CrmMap(mapped, "sales", Dialect())

    def do_not_call(*consents: Consent) -> object:
        return sales.to_crm(a_wish(*consents))["DoNotCall"]

    agreed = a_consent("offers", "phone", ConsentStatus.OPT_IN)
    assert do_not_call() is True, "offers rest on consent, and nobody gave one"
    assert do_not_call(agreed) is False
    assert do_not_call(agreed, a_consent("service", "phone", ConsentStatus.OPT_OUT)) is True


def test_what_a_crm_says_becomes_the_records_words(mapped: Catalogue) -> None:
    sales = CrmMap(mapped, "sales", Dialect(boolean=CrmType.TRUE_FALSE))
    raw = {"Lang": "en_GB", "DoNotCall": "true", "Offers": "opt_in", "Mobile": "what an agent typed"}

    assert sales.from_crm(raw) == {"Lang": "en"}
    assert sales.consents(raw) == {("offers", "email"): ConsentStatus.OPT_IN}
    assert sales.flags(raw) == {("offers", "phone"): True, ("service", "phone"): True}
    assert sales.consents({"Offers": "perhaps"}) == {}
