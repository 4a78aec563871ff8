"""`portal crm show`: an operator sees what a CRM holds of a customer, and where that is not what the record says."""

import asyncio
from getpass import getuser
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

from portal.crm.sample import sample
from tests.builders import a_contact_point, a_customer
from tests.commands import environment, portal
from tests.conftest import Stores
from tests.standins.hubspot import TOKEN, HubSpot


async def show(env: dict[str, str], folder: Path, number: str) -> tuple[int, list[str]]:
    done = await asyncio.to_thread(portal, "crm", "show", "sales", number, env=env, folder=folder)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, (done.stdout + done.stderr).splitlines()


async def test_what_differs_is_marked_and_the_reading_is_written_down(
    stores: Stores, database_url: URL, tmp_path: Path
) -> None:
    values = a_contact_point("email", "alice@example.com")
    alice = (await a_customer(stores.worker, values=values, language="en", helps_me=["text_first"])).record
    (tmp_path / "own.toml").write_text(sample("hubspot", "sales"), encoding="utf-8")
    async with HubSpot().serving() as hubspot:
        assert isinstance(hubspot, HubSpot)
        env = environment(
            database_url, CATALOGUE="own.toml", CRM__SALES__KIND="hubspot", CRM__SALES__TOKEN=TOKEN,
            CRM__SALES__URL=hubspot.url, CRM__SALES__ALLOW_PRIVATE="true",
        )  # fmt: skip
        nobody = await show(env, tmp_path, alice.number)
        id = hubspot.add(
            {
                "portal_id": str(alice.id), "portal_seq": "1", "firstname": "Alice [/]", "lastname": "Marsh",
                "hs_language": "de", "helps": "text_first", "email": "ALICE@example.com",
            }
        )  # fmt: skip
        status, lines = await show(env, tmp_path, alice.number)

    assert nobody == (1, [f"sales has no contact of customer {alice.number}."])
    assert status == 0 and f"Contact {id} has version 1 of 1." in lines[0]
    [language] = [line for line in lines if "hs_language" in line]
    assert [cell.strip() for cell in language.strip("│").split("│")] == [
        "Preferred language",
        "hs_language",
        "en",
        "de",
    ]
    assert "Alice [/]" in "".join(lines), "a value is no markup"
    [email] = [line for line in lines if "E-mail" in line and "offers" not in line]
    assert email.count("alice@example.com") == 2, "in small letters it is no other address"
    with psycopg.connect(database_url.set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
        read = owner.execute(
            "SELECT actor_kind, actor_id, actor_name, via FROM portal.access_record WHERE customer_id = %s", [alice.id]
        ).fetchall()
    assert read == [("operator", getuser(), getuser(), "cli")] * 2


@pytest.mark.parametrize(
    ("name", "number", "why"), [("nowhere", "1", "no CRM nowhere"), ("embedded", "1", "no customer")]
)
def test_a_slip_of_the_pen_is_told(name: str, number: str, why: str, database_url: URL, tmp_path: Path) -> None:
    done = portal("crm", "show", name, number, env=environment(database_url), folder=tmp_path)
    assert done.returncode == 1 and why in done.stderr
