"""An operator hears of CRMs that cannot work before anything is sent: whichever command they happen to run."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from portal.catalogue import load
from portal.crm.checking import Checked, check_all
from portal.crm.sample import kinds_with_sample, sample
from portal.db.database import Database, Role
from portal.errors import NotFound
from tests.commands import environment, portal
from tests.conftest import make_settings
from tests.standins.hubspot import TOKEN, HubSpot
from tests.standins.odoo import DATABASE, KEY, Odoo
from tests.standins.salesforce import CLIENT_ID, CLIENT_SECRET, Salesforce
from tests.standins.server import Break, Fault, StandIn

COMMANDS = (("doctor",), ("sync", "status"), ("catalogue", "check"), ("crm", "check"))
NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
async def test_those_that_cannot_work_are_told_with_what_to_do(
    command: tuple[str, ...], database_url: URL, tmp_path: Path
) -> None:
    crms = {"CRM__EMBEDDED__KIND": "embedded"}
    for name, token in (("SALES", TOKEN), ("OFFICE", "")):
        crms |= {f"CRM__{name}__KIND": "hubspot", f"CRM__{name}__URL": NOWHERE, f"CRM__{name}__TOKEN": token}
        crms[f"CRM__{name}__ALLOW_PRIVATE"] = "true"
    done = await asyncio.to_thread(portal, *command, env=environment(database_url, **crms), folder=tmp_path)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert "The catalogue has no crm.sales anywhere" in said
    assert "portal catalogue sample hubspot --name sales" in said
    assert "CRM__OFFICE__TOKEN: is missing, and KIND=hubspot needs it" in said
    assert done.returncode == (1 if command in (("doctor",), ("crm", "check")) else 0)


async def test_a_catalogue_is_checked_where_nothing_is_configured(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(sample("hubspot", "sales"), encoding="utf-8")
    done = await asyncio.to_thread(portal, "catalogue", "check", "own.toml", env={"PATH": ""}, folder=tmp_path)
    assert (done.returncode, "purposes: good." in done.stdout) == (0, True), done.stderr


@pytest.fixture
def look(database_url: URL, tmp_path: Path) -> Any:
    """What is found out where a catalogue made from a sample is used."""

    async def look(catalogue: str, **crm: Mapping[str, Any]) -> dict[str, Checked]:
        (tmp_path / "own.toml").write_text(catalogue, encoding="utf-8")
        settings = make_settings(database_url, crm=crm)
        database = Database.configured(settings, Role.WORKER)
        return {one.name: one for one in await check_all(settings, load(tmp_path / "own.toml"), database)}

    return look


async def test_a_name_in_the_catalogue_that_no_setting_knows_is_a_slip(look: Any) -> None:
    slip = (await look(sample("hubspot", "salse"), embedded={"kind": "embedded"}))["salse"]
    assert not slip.configured and "CRM__SALSE__KIND" in slip.why


async def test_a_crm_that_hangs_keeps_nobody_waiting(look: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.crm.checking.ASKING_SECONDS", 0.5)
    async with HubSpot().serving() as hubspot:
        hubspot.fail(Fault(breaks=Break.HANG, repeat=9), on=lambda _call: True)
        sales = {"kind": "hubspot", "token": TOKEN, "url": hubspot.url, "allow_private": True}
        async with asyncio.timeout(5):
            found = await look(sample("hubspot", "sales"), sales=sales, embedded={"kind": "embedded"})
    assert found["sales"].why == "It gives no list of its fields: no answer in time."
    assert found["embedded"] == Checked("embedded")


SAMPLES: Mapping[str, tuple[type[StandIn], Mapping[str, str]]] = {
    "hubspot": (HubSpot, {"token": TOKEN, "number_field": "customer_number"}),
    "salesforce": (
        Salesforce, {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "number_field": "Number__c"}
    ),
    "odoo": (Odoo, {"token": KEY, "database": DATABASE, "number_field": "ref"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(SAMPLES))
async def test_a_sample_fits_a_crm_that_has_what_it_names(look: Any, kind: str) -> None:
    standin, settings = SAMPLES[kind]
    async with standin().serving() as vendor:
        crm = {"kind": kind, "url": vendor.url, "allow_private": True, **settings}
        found = (await look(sample(kind, "sales"), sales=crm))["sales"]
    assert found.why is None
    assert not [field for field in found.fields if field.problem]
    assert len(found.fields) > 15


async def test_what_a_crm_lacks_is_told_with_how_it_would_be_written(look: Any) -> None:
    async with HubSpot().serving() as hubspot:
        sales = {"kind": "hubspot", "token": TOKEN, "url": hubspot.url, "allow_private": True}
        text = sample("hubspot", "sales").replace('crm.sales = "helps"', 'crm.sales = "adjustments"')
        [lacking] = [field for field in (await look(text, sales=sales))["sales"].fields if field.problem]
    assert lacking.problem == (
        "is missing; it would be written as joined: extra_time, in_writing, large_print, speak_slowly, text_first"
    )


def test_the_sample_is_printed_under_the_name_that_the_crm_has(tmp_path: Path) -> None:
    done = portal("catalogue", "sample", "salesforce", "--name", "sales", env={"PATH": ""}, folder=tmp_path)
    assert done.stdout == sample("salesforce", "sales") == sample("salesforce", "SALES"), "settings are read so"
    asked = portal("catalogue", "sample", "--help", env={"PATH": "", "COLUMNS": "200"}, folder=tmp_path)
    assert "hubspot, odoo, salesforce, tryton" in asked.stdout
    refused = portal("catalogue", "sample", "odoo", "--name", "sales-eu", env={"PATH": ""}, folder=tmp_path)
    assert refused.returncode == 1 and "No CRM can be called 'sales-eu'" in refused.stderr
    assert 'crm.sales = "FirstName"' in done.stdout and 'crm.embedded = "first_name"' in done.stdout


def test_there_are_samples_for_all_products_with_fields_of_their_own() -> None:
    assert kinds_with_sample() == ["hubspot", "odoo", "salesforce", "tryton"]
    with pytest.raises(NotFound, match="no sample for 'webhook'"):
        sample("webhook", "any")


async def test_a_crm_that_was_taken_out_of_the_settings_is_told(empty_database: URL, tmp_path: Path) -> None:
    env = environment(empty_database, CRM__HOOK__KIND="webhook", CRM__HOOK__URL="https://crm.example.com")
    done = await asyncio.to_thread(portal, "sync", "status", env=env, folder=tmp_path)
    [embedded] = [line for line in done.stdout.splitlines() if "embedded" in line]
    assert "not in the settings" in embedded
    assert "CRM__HOOK__WEBHOOK_SECRET: is missing" in done.stdout
