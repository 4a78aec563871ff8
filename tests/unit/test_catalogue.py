"""The catalogue: what it takes, and how it tells an operator what is wrong with it."""

import shutil
from pathlib import Path

import pytest

from portal.catalogue import CatalogueError, load
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
