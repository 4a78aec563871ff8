"""The catalogue: what it takes, and how it tells an operator what is wrong with it."""

import re
import shutil
from pathlib import Path

import pytest

from portal.catalogue import CatalogueError, load
from portal.catalogue.model import CrmField, CrmType
from portal.paths import resource


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(resource("catalogue.toml"), tmp_path / "catalogue.toml"))


def line_with(file: Path, text: str) -> int:
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if line.startswith(text))


def replaced(file: Path, old: str, new: str) -> Path:
    before = file.read_text()
    assert old in before
    file.write_text(before.replace(old, new, 1))
    return file


def test_the_catalogue_that_comes_along_is_good() -> None:
    catalogue = load(resource("catalogue.toml"))

    assert list(catalogue.sections) == ["about", "service", "account"]
    assert [field.key for field in catalogue.section_fields("service")] == ["helps_me", "good_to_know"]
    assert all(set(field.labels) == {"en", "de"} for field in catalogue.fields.values())


@pytest.mark.parametrize(
    ("old", "new", "at", "key", "why"),
    [
        ('kind = "language"', 'kind = "tongue"', 'kind = "tongue"', "fields.language.kind", "must be one of"),
        ('section = "about"', 'section = "abuot"', 'section = "abuot"', "fields.given_name.section", "no section"),
        ("required = true", "requierd = true", "requierd", "fields.given_name.requierd", "misspelt"),
        ('label = { en = "Time zone", de = "Zeitzone" }', 'label = { en = "Time zone" }', 'label = { en = "Time zone" ',
         "fields.time_zone.label.de", "is missing"),
        ("[fields.pronouns.choices]", "[fields.pronouns.kinds]", "[fields.pronouns.kinds]", "fields.pronouns.kinds",
         "misspelt"),
        ('owner = "crm"\ncustomer = "view"', 'owner = "crm"\ncustomer = "edit"', 'customer = "edit"',
         "fields.account_tier.customer", "cannot be edited by the customer"),
        ('notice = "offers"', 'notice = "ofers"', 'notice = "ofers"', "purposes.offers.notice", "no notice 'ofers'"),
        ('lawful_basis = "consent"', 'lawful_basis = "consent"\ndefault = "opt_in"', 'default = "opt_in"',
         "purposes.offers.default", "silence is no consent"),
        ('locked = ["email", "letter"]', 'locked = ["email", "pigeon"]', "locked", "purposes.service.locked",
         "no channel 'pigeon'"),
        ("[fields.call_me]", "[fields.callMe]", "[fields.callMe]", "fields.callMe", "small letters"),
        ('crm.embedded = "pronouns"', 'crm.SALES = "pronouns"', 'crm.SALES = "pronouns"', "fields.pronouns.crm.SALES",
         "small letters"),
        ('system = "postal"', 'system = "pigeon"', 'system = "pigeon"', "channels.letter.system", "must be one of"),
    ],
)  # fmt: skip
def test_a_mistake_names_file_line_and_key(file: Path, old: str, new: str, at: str, key: str, why: str) -> None:
    replaced(file, old, new)

    with pytest.raises(CatalogueError) as refusal:
        load(file)

    error = refusal.value
    expected = [n for n, line in enumerate(file.read_text().splitlines(), 1) if line.startswith(at)]
    assert error.key == key
    assert error.line in expected, f"line {error.line} is not one of {expected}"
    assert why in error.why
    assert str(error).startswith(f"{file}:{error.line}: {key}: ")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"[sections.about\n", "not TOML"), (b"\xff\xfe", "UTF-8"), (b"", "is missing")],
)
def test_what_is_no_catalogue_at_all_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_bytes(content)
    with pytest.raises(CatalogueError, match=why):
        load(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        load(tmp_path / "nothing.toml")


def with_lines(file: Path, *lines: str) -> Path:
    file.write_text(file.read_text() + "\n" + "\n".join(lines) + "\n")
    return file


def test_a_crm_may_have_names_types_and_words_of_its_own(file: Path) -> None:
    replaced(
        file,
        'crm.embedded = "pronouns"',
        'crm.embedded = "pronouns"\ncrm.sales = { name = "Pronouns__c", values = { she = "She/Her" } }',
    )
    replaced(
        file, 'notice = "offers"', 'notice = "offers"\ncrm.sales = { phone = { name = "DoNotCall", type = "opt_out" } }'
    )
    with_lines(
        file,
        "[contact_points.mobile]", 'system = "phone"', 'uses = ["mobile"]', 'crm.sales = "MobilePhone"',
        "[summary]", 'crm.sales = "Summary__c"',
        "[restriction]", 'crm.sales = "Restricted__c"',
    )  # fmt: skip

    catalogue = load(file)

    pronouns = catalogue.fields["pronouns"].crm
    assert (pronouns["embedded"].name, pronouns["sales"].name) == ("pronouns", "Pronouns__c")
    assert pronouns["sales"].values == {"she": "She/Her"}
    assert catalogue.purposes["offers"].crm["sales"]["phone"] == CrmField("DoNotCall", CrmType.OPT_OUT)
    assert catalogue.contact_points["mobile"].crm["sales"].name == "MobilePhone"
    assert catalogue.summary["sales"].name == "Summary__c"
    assert catalogue.restriction["sales"].name == "Restricted__c"


@pytest.mark.parametrize(
    ("old", "new", "key", "why"),
    [
        ('crm.embedded = "pronouns"', 'crm.sales = { name = "P", type = "list" }', "fields.pronouns.crm.sales.type",
         "must be one of text"),
        ('crm.embedded = "pronouns"', 'crm.sales = { name = "P", values = { them = "T" } }',
         "fields.pronouns.crm.sales.values.them", "is none of she, he, they"),
        ('crm.embedded = "pronouns"', 'crm.sales = { name = "P", values = { she = "he" } }',
         "fields.pronouns.crm.sales", "two choices have the same name"),
        ('crm.embedded = "pronouns"', 'crm.sales = { name = "P", values = { she = "X", he = "X" } }',
         "fields.pronouns.crm.sales", "two values have the same name"),
        ('crm.embedded = "adjustments"', 'crm.sales = { name = "P", values = { extra_time = "a;b" } }',
         "fields.helps_me.crm.sales", "has a ; in it"),
        ('crm.embedded = "customer_since"', 'crm.sales = { name = "P", values = { x = "y" } }',
         "fields.customer_since.crm.sales.values", "not written in words"),
        ('crm.embedded = "pronunciation"', 'crm.embedded = "preferred_name"', "fields.pronunciation.crm.embedded",
         "something else is called 'preferred_name'"),
        ('notice = "offers"', 'notice = "offers"\ncrm.sales = { pigeon = "X" }', "purposes.offers.crm.sales.pigeon",
         "there is no channel 'pigeon'"),
        ('notice = "offers"', 'notice = "offers"\ncrm.sales = { email = { name = "X", values = { maybe = "M" } } }',
         "purposes.offers.crm.sales.email.values.maybe", "is none of opt_in"),
        ("[sections.about]",
         '[contact_points.email]\nsystem = "email"\ncrm.crm = { name = "E", type = "international" }\n[sections.about]',
         "contact_points.email.crm.crm.type", "must be one of text"),
    ],
)  # fmt: skip
def test_a_mistake_about_a_crm_names_its_key(file: Path, old: str, new: str, key: str, why: str) -> None:
    replaced(file, old, new)
    with pytest.raises(CatalogueError, match=re.escape(why)) as refusal:
        load(file)
    assert refusal.value.key == key
    line = file.read_text().splitlines()[refusal.value.line - 1]
    assert line in new, f"it points at {line!r}"
