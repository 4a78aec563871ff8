"""`portal crm check`: an operator learns what a CRM lacks before anything is sent to it."""

import asyncio
import shutil
from pathlib import Path

import pytest
from sqlalchemy import URL

from portal.paths import resource
from tests.commands import environment, portal
from tests.standins.hubspot import TOKEN, HubSpot

MAPPED = {
    'crm.embedded = "first_name"': 'crm.sales = "firstname"',
    'crm.embedded = "last_name"': 'crm.sales = "lastname"',
    'crm.embedded = "language"': 'crm.sales = "hs_language"',
}


@pytest.fixture
def catalogue_file(tmp_path: Path) -> Path:
    file = Path(shutil.copy(resource("catalogue.toml"), tmp_path / "catalogue.toml"))
    text = file.read_text(encoding="utf-8")
    for old, new in MAPPED.items():
        assert old in text
        text = text.replace(old, f"{old}\n{new}", 1)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def env(database_url: URL, catalogue_file: Path) -> dict[str, str]:
    return environment(
        database_url,
        CATALOGUE=str(catalogue_file),
        CRM__SALES__KIND="hubspot",
        CRM__SALES__TOKEN=TOKEN,
        CRM__SALES__ALLOW_PRIVATE="true",
        CRM__EMBEDDED__KIND="embedded",
    )


async def check(name: str, env: dict[str, str], folder: Path) -> tuple[int, str]:
    done = await asyncio.to_thread(portal, "crm", "check", name, env=env, folder=folder)
    return done.returncode, done.stdout + done.stderr


async def test_a_crm_that_has_everything_is_good(env: dict[str, str], tmp_path: Path) -> None:
    async with HubSpot().serving() as hubspot:
        status, said = await check("sales", env | {"CRM__SALES__URL": hubspot.url}, tmp_path)
    assert status == 0, said
    assert "7 fields: good." in said
    assert "notes.portal_entry_id" in said


@pytest.fixture
def mistaken(catalogue_file: Path) -> None:
    text = catalogue_file.read_text(encoding="utf-8")
    text = text.replace('crm.sales = "hs_language"', 'crm.sales = "hs_langauge"')
    text = text.replace('crm.embedded = "adjustments"', 'crm.sales = { name = "customer_since", type = "joined" }')
    catalogue_file.write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("mistaken")
async def test_what_is_missing_or_of_another_type_is_named(env: dict[str, str], tmp_path: Path) -> None:
    async with HubSpot().serving() as hubspot:
        status, said = await check("sales", env | {"CRM__SALES__URL": hubspot.url}, tmp_path)

    assert status == 1, said
    assert "2 to be mended" in said
    assert "hs_langauge" in said and "is missing" in said
    assert "is written as joined, and takes" in said


async def test_a_crm_that_cannot_be_asked_is_told_in_a_sentence(env: dict[str, str], tmp_path: Path) -> None:
    status, said = await check("sales", env | {"CRM__SALES__URL": "http://127.0.0.1:9"}, tmp_path)
    assert status == 1 and "cannot be reached" in said and "Traceback" not in said


async def test_a_name_that_nobody_gave_is_told_with_those_there_are(env: dict[str, str], tmp_path: Path) -> None:
    status, said = await check("sails", env | {"CRM__SALES__URL": "http://127.0.0.1:9"}, tmp_path)
    assert status == 1 and "There is no CRM sails." in said and "sales" in said


async def test_the_built_in_crm_takes_whatever_there_is(env: dict[str, str], tmp_path: Path) -> None:
    status, said = await check("embedded", env | {"CRM__SALES__URL": "http://127.0.0.1:9"}, tmp_path)
    assert status == 0 and "nothing to check" in said


async def test_a_setting_that_is_missing_is_named(env: dict[str, str], tmp_path: Path) -> None:
    status, said = await check("sales", {name: value for name, value in env.items() if "TOKEN" not in name}, tmp_path)
    assert status == 1 and "CRM__SALES__" in said and "is missing" in said
