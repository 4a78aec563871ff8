"""`portal crm erase | restrict | lift`: every CRM is told, each confirms it, and the journal has who wanted it."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL

from portal.crm.sample import sample
from tests.commands import environment, portal
from tests.standins.hubspot import TOKEN, HubSpot
from tests.standins.server import Fault

NUMBER = "4711"


@dataclass
class Office:
    """An operator's folder and settings, with a customer: the built-in CRM, and a HubSpot that is called sales."""

    env: dict[str, str]
    folder: Path
    url: URL

    async def crm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = await asyncio.to_thread(portal, "crm", *arguments, env=self.env, folder=self.folder)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url.set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
            return owner.execute(statement).fetchall()

    def in_the_built_in_crm(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT restricted FROM crm.contact")


@pytest.fixture
def office(empty_database: URL, tmp_path: Path) -> Callable[[str], Office]:
    def at(hubspot: str) -> Office:
        shown = '\n[restriction]\ncrm.sales = "paperless"\n'
        (tmp_path / "own.toml").write_text(sample("hubspot", "sales") + shown, encoding="utf-8")
        env = environment(
            empty_database, CATALOGUE="own.toml", CRM__EMBEDDED__KIND="embedded", CRM__SALES__KIND="hubspot",
            CRM__SALES__TOKEN=TOKEN, CRM__SALES__URL=hubspot, CRM__SALES__ALLOW_PRIVATE="true", LOG_LEVEL="error",
        )  # fmt: skip
        name = ("--given-name", "Alice", "--family-name", "Marsh")
        made = portal("customer", "create", NUMBER, *name, env=env, folder=tmp_path)
        assert made.returncode == 0, made.stderr
        return Office(env, tmp_path, empty_database)

    return at


@pytest.fixture
def work() -> Iterator[Callable[[Office], None]]:
    started = []

    def start(office: Office) -> None:
        started.append(subprocess.Popen([sys.executable, "-m", "portal", "work"], env=office.env, cwd=office.folder))

    yield start
    for process in started:
        process.terminate()
        process.wait(20)


def confirmed(output: str) -> dict[str, bool]:
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in output.splitlines() if "│" in line]
    return {connector: confirmed[:2] == "20" for connector, _label, confirmed in cells}


async def test_every_crm_is_told_and_confirms_it(
    office: Callable[[str], Office], work: Callable[[Office], None]
) -> None:
    async with HubSpot().serving() as hubspot:
        assert isinstance(hubspot, HubSpot)
        at = office(hubspot.url)
        work(at)

        restricted = await at.crm("restrict", NUMBER, "--yes", "--wait")
        assert restricted.returncode == 0, restricted.stderr
        assert "own record is not touched" in restricted.stdout
        assert confirmed(restricted.stdout) == {"embedded": True, "sales": True}
        assert [each.properties["paperless"] for each in hubspot.contacts.values()] == ["true"]
        assert at.in_the_built_in_crm() == [(True,)]

        lifted = await at.crm("lift", NUMBER, "--yes", "--wait")
        assert confirmed(lifted.stdout) == {"embedded": True, "sales": True}
        assert [each.properties["paperless"] for each in hubspot.contacts.values()] == ["false"]
        assert at.in_the_built_in_crm() == [(False,)]

        hubspot.fail(Fault(status=400, body=b'{"message": "under [/legal] hold"}'), lambda call: "gdpr" in call.path)
        refused = await at.crm("erase", NUMBER, "--yes", "--wait")
        assert refused.returncode == 1
        assert confirmed(refused.stdout) == {"embedded": True, "sales": False}
        assert "under [/legal] hold" in refused.stdout
        assert f"portal sync retry sales {NUMBER}" in refused.stdout
        assert (len(hubspot.contacts), at.in_the_built_in_crm()) == (1, [])

        retried = await asyncio.to_thread(portal, "sync", "retry", "sales", NUMBER, env=at.env, folder=at.folder)
        assert retried.returncode == 0, retried.stderr
        erased = await at.crm("erase", NUMBER, "--yes", "--wait")
        assert (erased.returncode, confirmed(erased.stdout)) == (0, {"embedded": True, "sales": True})
        assert hubspot.contacts == {}

    for command in ("restrict", "lift"):
        late = await at.crm(command, NUMBER, "--yes")
        assert (late.returncode, "nothing leads back" in late.stderr) == (1, True)
    wanted = at.rows("SELECT connector, event, actor FROM portal.sync_event WHERE event LIKE '%\\_wanted' ORDER BY id")
    whats = ("restricted_wanted", "record_wanted", "erased_wanted")
    assert sorted(wanted) == sorted((crm, what, getuser()) for what in whats for crm in ("embedded", "sales"))
    assert at.rows("SELECT number FROM portal.customer") == [(NUMBER,)]


async def test_nothing_is_asked_of_the_crms_before_somebody_has_agreed(office: Callable[[str], Office]) -> None:
    at = office("http://127.0.0.1:9")
    asked = await at.crm("erase", NUMBER)
    assert asked.returncode == 1
    assert f"erase the contact of customer {NUMBER}" in asked.stdout
    assert at.rows("SELECT FROM portal.sync_state WHERE wanted <> 'record'") == []

    not_restricted = await at.crm("lift", NUMBER, "--yes")
    assert (not_restricted.returncode, "is not restricted" in not_restricted.stderr) == (1, True)
    nobody = await at.crm("erase", "99", "--yes")
    assert (nobody.returncode, "There is no customer 99" in nobody.stderr) == (1, True)


async def test_a_crm_that_no_worker_has_served_yet_is_told_and_who_cannot_show_it_is_named(
    office: Callable[[str], Office],
) -> None:
    at = office("http://127.0.0.1:9")
    (at.folder / "own.toml").write_text(sample("hubspot", "sales"), encoding="utf-8")
    told = await at.crm("restrict", NUMBER, "--yes")
    assert told.returncode == 0, told.stderr
    assert "sales cannot show it" in told.stdout and "embedded cannot" not in told.stdout
    assert confirmed(told.stdout) == {"embedded": False, "sales": False}
    assert sorted(at.rows("SELECT connector, wanted FROM portal.sync_state")) == [
        ("embedded", "restricted"),
        ("sales", "restricted"),
    ]
