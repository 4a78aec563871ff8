"""Forms made from the catalogue: what they take, what they refuse, and that they agree with the gate of the record."""

from time import process_time
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from portal.audit.entry import ActorKind
from portal.catalogue import Catalogue
from portal.catalogue.check import field_problem, is_unkeepable, text_problem
from portal.catalogue.model import Field, Kind
from portal.errors import Forbidden, NotFound
from portal.i18n import using
from portal.web.forms import SectionForm, section_form
from portal.web.forms.fields import form_field
from portal.web.forms.lists import countries, languages, zones
from portal.web.forms.text import line, lines
from tests.unit.web.fields import a_field

NAMES = {"given_name": "Alice", "family_name": "Marsh"}
CARRIED = {"seq": "1", "request_id": str(UUID(int=7))}


def sent(*pairs: tuple[str, str]) -> FormData:
    """What a form of ours sends, with what it carries along."""
    return FormData([*CARRIED.items(), *pairs])


def posted(catalogue: Catalogue, **values: str | list[str]) -> SectionForm:
    pairs: list[Any] = []
    for name, value in (CARRIED | NAMES | values).items():
        pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
    return section_form(catalogue, "about")(FormData(pairs))


def test_a_good_form_gives_values_for_the_record(catalogue: Catalogue) -> None:
    form = posted(catalogue, call_me="  Alice ", pronouns="she", language="de", time_zone="Europe/London")

    assert form.validate(), form.errors
    assert form.values({}) == {
        "profile/given_name": "Alice",
        "profile/family_name": "Marsh",
        "profile/call_me": "Alice",
        "profile/pronouns": "she",
        "profile/language": "de",
        "profile/time_zone": "Europe/London",
    }


def test_what_is_left_empty_is_absent(catalogue: Catalogue) -> None:
    form = posted(catalogue, call_me="   ", pronouns="", language="")

    assert form.validate(), form.errors
    assert {form.values({})[f"profile/{key}"] for key in ("call_me", "pronouns", "language")} == {None}


def test_a_field_that_was_not_sent_is_not_meant(catalogue: Catalogue) -> None:
    form = posted(catalogue)

    assert form.validate(), form.errors
    assert form.values({}).keys() == {"profile/given_name", "profile/family_name"}


@pytest.mark.asvs("2.2.1", "2.2.2")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", ""),
        ("given_name", "A" * 81),
        ("call_me", "Al\x00ice"),
        ("call_me", "Al\x1b[31mice"),
        ("call_me", "two\nlines"),
        ("pronouns", "it's"),
        ("language", "tlh"),
        ("language", "de\x00"),
        ("time_zone", "Europe/Atlantis"),
        ("time_zone", "../../etc/passwd"),
    ],
)
def test_what_cannot_be_kept_is_told_at_its_field(catalogue: Catalogue, field: str, value: str) -> None:
    form = posted(catalogue, **{field: value})

    assert not form.validate()
    assert set(form.errors) == {field}


@pytest.mark.asvs("15.3.3")
def test_a_field_that_the_form_does_not_have_is_refused(catalogue: Catalogue) -> None:
    form = posted(catalogue, account_tier="business")

    assert not form.validate()
    assert "account_tier" in form.form_errors[0]


def test_what_every_form_carries_is_no_stranger(catalogue: Catalogue) -> None:
    form = posted(
        catalogue,
        form_token="x",
        seq="41",
        request_id=str(UUID(int=7)),
        action="save",
        **{"choice.given_name": "typed"},
    )

    assert form.validate(), form.errors
    assert (form.seen_version, form.request) == (41, UUID(int=7))


@pytest.mark.parametrize("carried", [{"seq": "-1"}, {"seq": "x"}, {"seq": "9" * 30}, {"seq": "٤"}, {"request_id": "7"}])
def test_damaged_carried_values_are_refused(catalogue: Catalogue, carried: dict[str, str]) -> None:
    form = posted(catalogue, **carried)

    assert not form.validate()
    assert form.form_errors


@pytest.mark.parametrize("name", CARRIED)
@pytest.mark.parametrize("value", ["", None])
def test_a_form_that_does_not_say_what_it_was_made_from_overwrites_nothing(
    catalogue: Catalogue, name: str, value: str | None
) -> None:
    carried = CARRIED | {name: value}
    form = section_form(catalogue, "about")(FormData({k: v for k, v in (NAMES | carried).items() if v is not None}))

    assert not form.validate()
    assert "does not say what it was made from" in form.form_errors[0]


def test_a_form_keeps_the_version_that_it_was_first_made_from(catalogue: Catalogue) -> None:
    assert section_form(catalogue, "about")(data=NAMES).version_to_carry(5) == 5
    assert posted(catalogue, seq="3").version_to_carry(5) == 3
    assert posted(catalogue, seq="").version_to_carry(5) == ""


@pytest.mark.asvs("15.3.7")
@pytest.mark.parametrize("name", ["given_name", "seq", "request_id", "form_token", "action", "choice.given_name"])
def test_what_has_one_value_is_not_sent_twice(catalogue: Catalogue, name: str) -> None:
    form = posted(catalogue, **{name: [(CARRIED | NAMES).get(name, "typed")] * 2})

    assert not form.validate()
    assert form.form_errors == [f"This form says {name} more than once. Nothing was saved."]


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u2066", "\u200e", "\u00ad", "\ufeff", "\U000e0041"])
def test_what_nobody_sees_is_not_kept(catalogue: Catalogue, hidden: str) -> None:
    assert not posted(catalogue, call_me=f"Al{hidden}ice").validate()
    assert text_problem(f"Al{hidden}ice", 80) == "has characters that cannot be kept"
    assert text_problem(hidden, 80) == "is empty"


@pytest.mark.parametrize("nothing", ["\u200b", "\u200d\u200c", "\u3164", "\u2800", "\u00a0\u2003", "\ufe0f"])
def test_where_nothing_is_to_be_seen_is_no_text(catalogue: Catalogue, nothing: str) -> None:
    form = posted(catalogue, given_name=nothing)

    assert not form.validate() and set(form.errors) == {"given_name"}
    assert line(nothing) is lines(nothing) is None
    assert text_problem(nothing, 80) == "is empty"


@pytest.mark.parametrize("word", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\U0001f9b0"])
def test_what_joins_letters_and_emoji_is_kept_inside(catalogue: Catalogue, word: str) -> None:
    form = posted(catalogue, call_me=f"{word}\u200d ")

    assert form.validate(), form.errors
    assert form.values({})["profile/call_me"] == word
    assert text_problem(word, 80) is None and text_problem(f"{word}\u200d", 80)


def test_the_form_speaks_the_persons_language(catalogue: Catalogue) -> None:
    with using("de"):
        form = posted(catalogue, call_me="x" * 81, language="tlh")

        assert not form.validate()
        assert form["given_name"].label.text == "Vorname"
        assert "80 Zeichen" in " ".join(form["call_me"].errors)


def test_agents_get_the_fields_that_are_theirs(catalogue: Catalogue) -> None:
    keys = [field.name for field in section_form(catalogue, "account", ActorKind.AGENT)()]

    assert keys[-3:] == ["account_tier", "customer_since", "internal_remark"]
    with pytest.raises(Forbidden):
        section_form(catalogue, "account")
    with pytest.raises(NotFound):
        section_form(catalogue, "attic")


def test_several_choices_come_once_each_in_order_and_none_are_nothing(catalogue: Catalogue) -> None:
    make = section_form(catalogue, "service")
    ticked = make(sent(("helps_me", "extra_time"), ("helps_me", "text_first"), ("helps_me", "extra_time")))

    assert ticked.validate() and ticked.values({})["profile/helps_me"] == ["text_first", "extra_time"]
    assert make(sent(("good_to_know", ""))).values({})["profile/helps_me"] is None
    assert not make(sent(("helps_me", "a parrot"))).validate()


def test_several_lines_are_kept_as_lines(catalogue: Catalogue) -> None:
    form = section_form(catalogue, "service")(sent(("good_to_know", "  one \r\ntwo\r\rthree\n\n")))

    assert form.validate() and form.values({})["profile/good_to_know"] == "one\ntwo\n\nthree"


def test_an_empty_tick_box_is_no_where_yes_was_said_and_nothing_where_nothing_was() -> None:
    field = a_field(Kind.BOOLEAN)
    make: type[SectionForm] = type("F", (SectionForm,), {"section_fields": (field,), field.key: form_field(field)})
    form = make(sent())

    assert form.validate()
    assert form.values({})[field.path] is None
    assert form.values({field.key: True})[field.path] is False
    assert make(sent((field.key, "y"))).values({})[field.path] is True


def test_a_day_is_taken_and_shown_as_the_record_has_it() -> None:
    field = a_field(Kind.DATE)
    make: type[SectionForm] = type("F", (SectionForm,), {"section_fields": (field,), field.key: form_field(field)})

    assert 'value="2026-11-22"' in make(data={field.key: "2026-11-22"})[field.key]()
    assert make(sent((field.key, "2026-11-22"))).values({})[field.path] == "2026-11-22"
    assert make(sent((field.key, ""))).values({})[field.path] is None
    assert not make(sent((field.key, "22.11.2026"))).validate()


def test_an_old_name_in_the_record_stays_choosable(catalogue: Catalogue) -> None:
    form = section_form(catalogue, "about")(data=NAMES | {"time_zone": "Asia/Calcutta"})

    assert '<option selected value="Asia/Calcutta">' in form["time_zone"]()
    assert posted(catalogue, time_zone="Asia/Calcutta").validate()


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_language_country_and_zone_that_is_offered_can_be_kept(language: str) -> None:
    with using(language):
        for kind, offered in ((Kind.LANGUAGE, languages()), (Kind.COUNTRY, countries()), (Kind.TIME_ZONE, zones())):
            values = [choice.value for choice in offered]
            assert len(values) > 150 and len(set(values)) == len(values)
            assert not [value for value in values if field_problem(a_field(kind), value)]


def test_names_are_in_the_persons_language_and_order() -> None:
    with using("de"):
        offered = languages()
        names = [choice.label for choice in offered if choice.optgroup == offered[-1].optgroup]

        assert offered[1].label == "Deutsch" and offered[0].optgroup == offered[13].optgroup
        assert names.index("Äthiopisch") < names.index("Bulgarisch") if "Äthiopisch" in names else names


texts = st.text(max_size=60) | st.text(alphabet=st.characters(max_codepoint=0xA0), max_size=60)


@given(texts, st.booleans())
def test_what_a_form_takes_the_record_takes_too(text: str, several: bool) -> None:
    kept = lines(text) if several else line(text)

    if kept is not None and not is_unkeepable(kept, lines=several):
        assert text_problem(kept, 200, lines=several) is None


@pytest.mark.parametrize("space", [" ", "\u200d", " \u200c", "\u2003\n"])
def test_however_much_space_somebody_sends_takes_no_time(space: str) -> None:
    """As much as fits into a request; each letter apart is what a search from both ends would stumble over."""
    text, began = f"a{space * 30_000}b", process_time()

    assert lines(text) and line(f"{space}{text}{space}") == text
    assert process_time() - began < 1


@given(texts)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert line(line(text)) == line(text)
    assert lines(lines(text)) == lines(text)
    assert "\r" not in (lines(text) or "")


@given(st.sampled_from(list(Kind)), st.lists(texts, max_size=3), st.booleans())
def test_any_text_in_any_field_gives_words_or_a_value_that_fits(kind: Kind, typed: list[str], required: bool) -> None:
    field: Field = a_field(kind, required=required)
    make: type[SectionForm] = type("F", (SectionForm,), {"section_fields": (field,), field.key: form_field(field)})
    form = make(sent(*((field.key, value) for value in typed)))

    if form.validate():
        for value in form.values({}).values():
            assert field_problem(field, value) is None or (value is None and not typed)
    else:
        assert all(isinstance(words, str) for words in [*form.errors.get(field.key, []), *form.form_errors])
