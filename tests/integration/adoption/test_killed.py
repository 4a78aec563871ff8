"""The command as an operator runs it, and ended at any moment."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL

from portal.paths import resource
from tests.commands import environment, portal
from tests.standins import salesforce as standins

PEOPLE = 150
SECONDS = 60


def with_sales(folder: Path) -> Path:
    """The catalogue that comes along, with what Salesforce calls some of it."""
    text = resource("catalogue.toml").read_text(encoding="utf-8")
    for ours, theirs in (("first_name", "FirstName"), ("last_name", "LastName")):
        named = f'crm.embedded = "{ours}"'
        assert named in text
        text = text.replace(named, f'{named}\ncrm.sales = "{theirs}"')
    path = folder / "catalogue.toml"
    path.write_text(text, encoding="utf-8")
    return path


def settings_for(url: URL, crm: standins.Salesforce, folder: Path) -> dict[str, str]:
    return environment(
        url,
        CATALOGUE=str(with_sales(folder)),
        CRM__SALES__KIND="salesforce",
        CRM__SALES__URL=crm.url,
        CRM__SALES__CLIENT_ID=standins.CLIENT_ID,
        CRM__SALES__CLIENT_SECRET=standins.CLIENT_SECRET,
        CRM__SALES__NUMBER_FIELD="Number__c",
        CRM__SALES__ALLOW_PRIVATE="true",
        CRM__SALES__BATCH="10",
    )


async def run(*arguments: str, env: Mapping[str, str], folder: Path) -> tuple[int, str, str]:
    process = await begin(*arguments, env=env, folder=folder)
    out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    return process.returncode or 0, out.decode(), err.decode()


async def begin(*arguments: str, env: Mapping[str, str], folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "portal", *arguments, env=env, cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


def one(url: URL, sql: str) -> tuple[Any, ...]:
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
        row = admin.execute(sql.encode()).fetchone()
    assert row is not None
    return row


async def killed_after(url: URL, through: int, env: Mapping[str, str], folder: Path) -> None:
    """Adopt, and be killed when so many have been gone through."""
    process = await begin("crm", "adopt", "sales", "--report", "report.csv", env=env, folder=folder)
    async with asyncio.timeout(SECONDS):
        while one(url, "SELECT coalesce(max(through), 0) FROM portal.adoption")[0] < through:
            assert process.returncode is None, await process.communicate()
            await asyncio.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    await process.communicate()


async def test_killed_again_and_again_it_comes_to_the_same(empty_database: URL, tmp_path: Path) -> None:
    crm = standins.Salesforce()
    for number in range(PEOPLE):
        crm.change("Contact", None, {"LastName": "Berg", "Number__c": f"K{number}"})
    crm.change("Contact", None, {"LastName": "Nobody"})
    async with crm.serving():
        env = settings_for(empty_database, crm, tmp_path)
        await killed_after(empty_database, 10, env, tmp_path)
        await killed_after(empty_database, 80, env, tmp_path)
        code, out, err = await run("crm", "adopt", "sales", "--report", "report.csv", env=env, folder=tmp_path)

    assert code == 1, "somebody has to look"
    assert "Going on at" in err
    assert out.startswith("151 contacts: 150 new, 0 matched, 1 doubtful.\n  1 has no customer number\n"), err
    assert (tmp_path / "report.csv").read_text(encoding="utf-8").count("has no customer number") == 1
    assert one(empty_database, "SELECT count(*), max(seq) FROM portal.customer") == (PEOPLE, 1)
    assert one(empty_database, "SELECT count(*) FROM portal.adoption WHERE ended_at IS NOT NULL") == (1,)
    settled = (
        "SELECT count(*) FROM portal.sync_state WHERE connector = 'sales' AND status = 'synced' AND push_due_at IS NULL"
    )
    assert one(empty_database, settled) == (PEOPLE,)
    tied = [row["Portal_Id__c"] for row in crm.rows["Contact"].values() if row["Portal_Id__c"]]
    assert len(tied) == len(set(tied)) == PEOPLE
    verified = portal("audit", "verify", env=env, folder=tmp_path)
    assert verified.returncode == 0 and "Expected 150 chains" in verified.stdout, verified.stderr


async def test_what_cannot_be_adopted_is_told_in_a_sentence(empty_database: URL, tmp_path: Path) -> None:
    crm = standins.Salesforce()
    async with crm.serving():
        env = settings_for(empty_database, crm, tmp_path)
        unnumbered = {name: value for name, value in env.items() if name != "CRM__SALES__NUMBER_FIELD"}
        listening = environment(
            empty_database, CRM__SHOP__KIND="webhook", CRM__SHOP__URL="https://shop.example",
            CRM__SHOP__WEBHOOK_SECRET="whsec_" + "A" * 32,
        )  # fmt: skip
        cases = [
            (("crm", "adopt", "nobody"), env, "There is no CRM nobody."),
            (("crm", "adopt", "sales"), unnumbered, "CRM__SALES__NUMBER_FIELD is not set"),
            (("crm", "adopt", "sales", "--country", "XX"), env, "XX is no country"),
            (("crm", "adopt", "embedded"), environment(empty_database), "is filled from the portal"),
            (("crm", "adopt", "shop"), listening, "shop only listens"),
        ]
        for arguments, settings, why in cases:
            code, _out, err = await run(*arguments, env=settings, folder=tmp_path)
            assert code == 1 and why in err and "Traceback" not in err, err
