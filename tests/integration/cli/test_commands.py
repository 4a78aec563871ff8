"""The command `portal` as an operator runs it: a process of its own, settings from the environment."""

import os
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import URL, make_url

from portal.record.read import StoredRecord
from tests.builders import a_customer
from tests.commands import environment, portal
from tests.conftest import Stores, Template


@pytest.fixture
def env(empty_database: URL) -> dict[str, str]:
    return environment(empty_database)


def test_verify_says_what_it_walked_and_names_what_is_broken(
    env: dict[str, str], empty_database: URL, tmp_path: Path
) -> None:
    made = portal(
        "customer", "create", "4711", "--given-name", "Alice", "--family-name", "Marsh", env=env, folder=tmp_path
    )
    assert "Alice Marsh, customer 4711, has a record now." in made.stdout, made.stderr
    sound = portal("audit", "verify", env=env, folder=tmp_path)

    assert sound.returncode == 0, sound.stderr
    assert "Expected 1 chains with 1 changes; walked 1 chains with 1 changes." in sound.stdout
    assert "Every chain holds" in sound.stdout

    with psycopg.connect(empty_database.set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
        owner.execute("UPDATE portal.change_record SET entry = entry || ' '")
        row = owner.execute("SELECT chain FROM portal.customer").fetchone()
    broken = portal("audit", "verify", env=env, folder=tmp_path)

    assert row is not None
    assert broken.returncode == 1
    assert f"BROKEN: customer 4711, chain {row[0]}, change 1: the entry was altered" in broken.stdout
    noted = portal("audit", "events", "--kind", "log:verified", env=env, folder=tmp_path).stdout.splitlines()
    assert ["integrity=broken" in noted[0], "integrity=holds" in noted[1], len(noted)] == [True, True, 2]
    assert "chains=1  entries=1  erased=0  integrity=holds" in noted[1]


def test_verify_names_who_was_erased(env: dict[str, str], empty_database: URL, tmp_path: Path) -> None:
    portal("customer", "create", "4711", "--given-name", "Alice", "--family-name", "Marsh", env=env, folder=tmp_path)
    with psycopg.connect(empty_database.set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
        owner.execute("DELETE FROM keys.customer_key")
        owner.execute("UPDATE portal.customer SET profile = '{}', provenance = '{}'")

    verified = portal("audit", "verify", env=env, folder=tmp_path)

    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "Erased, and checked by their hashes alone: 1 customers (4711)." in verified.stdout


def test_verify_tells_that_what_was_counted_is_not_the_logs(
    env: dict[str, str], empty_database: URL, tmp_path: Path
) -> None:
    with psycopg.connect(empty_database.set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
        owner.execute("INSERT INTO portal.change_count VALUES ('2026-03-01 12:15Z', 5, 1, '{}', 5, 1)")

    first, again = (portal("audit", "verify", env=env, folder=tmp_path) for _ in range(2))

    told = "How many changes the log's page told from 2026-03-01 12:15 UTC on was not so. Workers count anew."
    assert told in first.stdout and first.returncode == 0, "every chain holds"
    assert "was not so" not in again.stdout


def test_security_events_are_shown_the_newest_first(env: dict[str, str], empty_database: URL, tmp_path: Path) -> None:
    assert "There is none." in portal("audit", "events", env=env, folder=tmp_path).stdout
    with psycopg.connect(empty_database.set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
        for number, action in enumerate(["login:failed", "login:refused", "login:failed"], start=1):
            owner.execute(
                "INSERT INTO portal.security_event (id, at, action, facts, count) "
                'VALUES (gen_random_uuid(), %s, %s, \'{"provider": "main"}\', %s)',
                [f"2026-03-0{number} 12:00Z", action, number],
            )

    def told(*options: str) -> list[str]:
        shown = portal("audit", "events", *options, env=env, folder=tmp_path)
        assert shown.returncode == 0, shown.stderr
        return shown.stdout.splitlines()

    first, second, third = (
        "2026-03-01T12:00:00Z  1x  login:failed  provider=main",
        "2026-03-02T12:00:00Z  2x  login:refused  provider=main",
        "2026-03-03T12:00:00Z  3x  login:failed  provider=main",
    )
    assert told() == [third, second, first]
    assert told("--kind", "login:failed") == [third, first]
    assert told("--since", "2026-03-02", "--until", "2026-03-03") == [second]
    assert told("--most", "1") == [third, "There are more than these 1: see --most, --since and --until."]


def test_a_number_is_given_once(env: dict[str, str], tmp_path: Path) -> None:
    command = ("customer", "create", "1", "--given-name", "A", "--family-name", "B")
    made = portal(*command, env=env, folder=tmp_path)
    refused = portal(*command, env=env, folder=tmp_path)

    assert made.returncode == 0
    assert refused.returncode == 1
    assert "There is a customer with number 1 already." in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_mistake_in_the_catalogue_is_told_in_one_line(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text('[sections.about]\nlabel = { en = "About" }\n')

    for command in (("catalogue", "check", str(file)), ("serve", "--port", "1")):
        refused = portal(*command, env=env | {"CATALOGUE": str(file)}, folder=tmp_path)
        assert refused.returncode == 1
        assert f"{file}:2: sections.about.label.de: is missing" in refused.stderr
        assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("command", [("serve",), ("work",), ("migrate",), ("audit", "verify")])
def test_settings_that_cannot_be_used_are_named(command: tuple[str, ...], tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "PUBLIC_URL": "https://profile.example.com"}

    refused = portal(*command, env=env, folder=tmp_path)

    assert refused.returncode == 1
    assert "KEY_ENCRYPTION_KEY" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_workers_say_what_a_crm_lacks(env: dict[str, str], tmp_path: Path) -> None:
    worker = portal("work", env=env | {"CRM__SALES__KIND": "hubspot"}, folder=tmp_path)

    assert worker.returncode == 1
    assert worker.stderr == "CRM__SALES__URL: is missing, and KIND=hubspot needs it\n"


def test_the_doctor_finds_what_is_wrong_and_says_what_to_do(env: dict[str, str], tmp_path: Path) -> None:
    told = portal("doctor", env=env, folder=tmp_path)

    assert told.returncode == 1
    assert "✓ database as portal_customer" in told.stdout
    assert "Nobody can log in: set CUSTOMER_OIDC__<NAME>__ISSUER" in told.stdout


def test_the_doctor_tells_a_database_that_is_not_there(env: dict[str, str], tmp_path: Path) -> None:
    told = portal("doctor", env=env | {"DATABASE_URL": "postgresql://127.0.0.1:9/portal"}, folder=tmp_path)

    assert told.returncode == 1
    assert "Check DATABASE_URL" in told.stdout
    assert "Traceback" not in told.stderr


def test_the_doctor_refuses_too_much_power(env: dict[str, str], empty_database: URL, tmp_path: Path) -> None:
    address = empty_database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("ALTER ROLE portal_staff BYPASSRLS")
        try:
            told = portal("doctor", env=env, folder=tmp_path)
        finally:
            admin.execute("ALTER ROLE portal_staff NOBYPASSRLS")

    assert told.returncode == 1
    assert "portal_staff has BYPASSRLS" in told.stdout


def test_a_new_database_is_made_with_all_that_it_needs(
    cluster: str, template: Template, worker_id: str, tmp_path: Path
) -> None:
    name = f"portal_init_{worker_id}"
    template.drop(name)
    admin = make_url(cluster).set(database=name)
    try:
        made = portal(
            "database", "init", "--admin-url", admin.render_as_string(hide_password=False),
            env={"PATH": os.environ["PATH"], "COLUMNS": "300"}, folder=tmp_path,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        settings = dict(line.split("=", 1) for line in made.stdout.splitlines() if not line.startswith("#"))
        assert "portal_staff exists" in made.stdout, "a server's roles may be in use: their passwords stay"
        assert admin.username is None or f"{admin.username}@" not in settings["DATABASE_URL"]
        env = environment(admin) | {"DATABASE_URL": settings["DATABASE_URL"]}
        assert portal("migrate", env=env, folder=tmp_path).returncode == 0
        assert portal("migrate", env=env, folder=tmp_path).returncode == 0, "a second time changes nothing"
        assert "no power too many" in portal("doctor", env=env, folder=tmp_path).stdout
    finally:
        template.drop(name)


def test_a_database_without_a_name_is_refused(cluster: str, tmp_path: Path) -> None:
    nameless = make_url(cluster)._replace(database=None).render_as_string(hide_password=False)

    refused = portal("database", "init", "--admin-url", nameless, env={"PATH": os.environ["PATH"]}, folder=tmp_path)

    assert refused.returncode == 1
    assert "Name the database" in refused.stderr


def test_the_example_of_the_settings_works_with_nothing_but_its_secrets_filled_in(
    empty_database: URL, tmp_path: Path
) -> None:
    example = (Path(__file__).parents[3] / ".env.example").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(example, encoding="utf-8")
    env = {
        name: value for name, value in environment(empty_database).items() if name not in ("PUBLIC_URL", "ENVIRONMENT")
    }
    env |= {"CUSTOMER_OIDC__MAIN__CLIENT_SECRET": "c", "STAFF_OIDC__MAIN__CLIENT_SECRET": "s"}

    verified = portal("audit", "verify", env=env, folder=tmp_path)

    assert verified.returncode == 0, verified.stderr


async def test_what_waits_for_a_crm_is_shown(
    stores: Stores, settings: object, database_url: URL, tmp_path: Path
) -> None:
    waiting: StoredRecord = await a_customer(stores.worker, number=f"W{uuid4().hex[:8]}")
    assert waiting.record.seq == 1

    told = portal("sync", "status", env=environment(database_url), folder=tmp_path)

    assert told.returncode == 0, told.stderr
    assert "embedded" in told.stdout


def test_the_doctor_asks_for_the_proxies_that_stand_in_front(env: dict[str, str], tmp_path: Path) -> None:
    https = env | {"PUBLIC_URL": "https://localhost"}

    def told(**more: str) -> str:
        return portal("doctor", env=https | more, folder=tmp_path).stdout

    assert "! proxies" in told() and "! proxies" in told(TRUSTED_PROXIES="none")
    assert "✓ proxies: none" in portal("doctor", env=env, folder=tmp_path).stdout
    assert "✓ proxies: 10.0.0.0/8" in told(TRUSTED_PROXIES="10.0.0.0/8")
    assert "✗ proxies" in told(TRUSTED_PROXIES="0.0.0.0/0") and "✗ proxies" in told(TRUSTED_PROXIES="everybody")
