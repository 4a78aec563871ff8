"""`portal sync ...` as an operator runs it."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

from tests.commands import environment, portal
from tests.integration.sync_stage import as_administrator

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def crm(empty_database: URL, tmp_path: Path) -> Run:
    env = environment(empty_database)
    made = portal(
        "customer", "create", "4711", "--given-name", "Alice", "--family-name", "Marsh", env=env, folder=tmp_path
    )
    assert made.returncode == 0, made.stderr
    return lambda *arguments: portal("sync", *arguments, env=env, folder=tmp_path)


@pytest.fixture
def worker(empty_database: URL, crm: Run, tmp_path: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "portal", "work"]
    process = subprocess.Popen(command, env=environment(empty_database, LOG_LEVEL="warning"), cwd=tmp_path)
    with psycopg.connect(empty_database.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
        admin.autocommit = True
        for _ in range(300):
            if admin.execute("SELECT connector FROM portal.connector_gate").fetchall():
                break
            time.sleep(0.1)
    yield
    process.terminate()
    process.wait(20)


def sql(url: URL, statement: str) -> None:
    as_administrator(url, f"SET session_replication_role = replica; {statement}")


def test_a_crm_is_paused_and_goes_on(crm: Run) -> None:
    assert "is paused" in crm("pause", "embedded").stdout
    assert "paused" in crm("status").stdout
    assert crm("pause", "embedded").returncode == 1
    assert "goes on" in crm("resume", "embedded").stdout
    unknown = crm("pause", "nowhere")
    assert (unknown.returncode, "There is no CRM" in unknown.stderr) == (1, True)


def test_what_waits_waits_since_its_change_however_late_it_is_tried_again(crm: Run, empty_database: URL) -> None:
    def oldest() -> float:
        found = re.search(r"│ embedded .* │ (-?[0-9.]+) s +│", crm("status").stdout)
        assert found
        return float(found[1])

    assert 0 <= oldest() < 60
    sql(empty_database, "UPDATE portal.sync_state SET attempts = 3, push_due_at = clock_timestamp() + interval '20 s'")
    sql(
        empty_database,
        "UPDATE portal.change_record SET at = at - interval '1 hour';"
        "UPDATE portal.connector SET added_at = added_at - interval '1 day'",
    )
    assert 3600 <= oldest() < 3660


def test_who_works_is_told_and_since_when_somebody_does_not(crm: Run, empty_database: URL) -> None:
    assert "No worker is running, so nothing reaches the CRMs. Start one: portal work.\n" in crm("status").stdout
    worker = "INSERT INTO portal.worker (id, seen_at) VALUES (gen_random_uuid(), now() - interval"
    sql(empty_database, f"{worker} '3 minutes')")
    assert "Start one: portal work. One was last seen 3 minutes ago." in crm("status").stdout
    sql(empty_database, f"{worker} '0 seconds')")
    assert "1 worker is running. One was last seen 3 minutes ago." in crm("status").stdout


def test_a_record_is_parked_skipped_and_tried_again(crm: Run) -> None:
    assert "is parked" in crm("park", "embedded", "4711", "--why", "wrong person").stdout
    shown = crm("status").stdout
    assert "wrong person" in shown
    assert "until the next change" in crm("skip", "embedded", "4711").stdout
    assert "1 record is tried again" in crm("retry", "embedded").stdout
    assert "not parked" in crm("retry", "embedded", "4711").stderr
    assert "There is no customer 99" in crm("retry", "embedded", "99").stderr
    assert "is linked" in crm("relink", "embedded", "4711").stdout


def test_what_looks_like_markup_is_shown_as_it_came(crm: Run) -> None:
    crm("park", "embedded", "4711", "--why", "at [/Contact/Email]: [red]bad[/red] :warning:")
    shown = crm("status")
    assert shown.returncode == 0, shown.stderr
    assert "at [/Contact/Email]: [red]bad[/red] :warning:" in shown.stdout


def test_everything_is_compared_anew_and_drift_is_found(crm: Run, worker: None, empty_database: URL) -> None:
    assert "Every record was compared with embedded." in crm("resync", "embedded").stdout
    assert "1 records were compared with embedded; 0 had drifted." in crm("drift", "embedded", "--grace", "0").stdout
    sql(empty_database, 'UPDATE crm.contact SET fields = fields || \'{"account_tier": "business"}\'')
    found = crm("drift", "embedded", "--grace", "0")
    assert "1 had drifted" in found.stdout, found.stderr
    assert "customer 4711: profile/account_tier" in found.stdout
    assert "business" not in found.stdout
    assert crm("drift", "nowhere").returncode == 1
