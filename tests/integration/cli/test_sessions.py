"""`portal sessions end`, as an operator runs it when an account was taken over."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import URL

from tests.commands import environment, portal

pytestmark = pytest.mark.asvs("7.4.5")

SESSION = """
INSERT INTO portal.session (token_hash, id, audience, customer_id, login_id, staff_id, roles, name, provider,
    authenticated_at, expires_at, idle, form_hash)
VALUES (%(hash)s, %(id)s, %(audience)s, %(customer)s, %(login)s, %(staff)s, %(roles)s, 'x', 'main', now(),
    now() + interval '1 hour', '30 minutes', %(hash)s)
"""


@pytest.fixture
def env(empty_database: URL) -> dict[str, str]:
    return environment(empty_database)


@pytest.fixture
def owner(empty_database: URL) -> Iterator[psycopg.Connection]:
    address = empty_database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


@pytest.fixture
def sessions(env: dict[str, str], owner: psycopg.Connection, tmp_path: Path) -> None:
    """Alice is logged in twice, Bob once, Grace once."""
    for number, name, times in (("4711", "Alice", 2), ("4712", "Bob", 1)):
        arguments = ("customer", "create", number, "--given-name", name, "--family-name", "X")
        assert portal(*arguments, env=env, folder=tmp_path).returncode == 0
        row = owner.execute("SELECT id FROM portal.customer WHERE number = %s", [number]).fetchone()
        assert row is not None
        for _ in range(times):
            begin(owner, customer=row[0])
    grace = owner.execute(
        "INSERT INTO portal.staff (id, issuer, subject, name, email, roles) "
        "VALUES (%s, 'https://id.example', 'grace', 'Grace', 'Grace@Example.com', '{agent}') RETURNING id",
        [uuid4()],
    ).fetchone()
    assert grace is not None
    begin(owner, staff=grace[0])


def begin(owner: psycopg.Connection, *, customer: UUID | None = None, staff: UUID | None = None) -> None:
    values = {
        "hash": uuid4().bytes * 2,
        "id": uuid4(),
        "audience": "customer" if customer else "staff",
        "customer": customer,
        "login": uuid4() if customer else None,
        "staff": staff,
        "roles": [] if customer else ["agent"],
    }
    owner.execute(SESSION, values)


def left(owner: psycopg.Connection) -> int:
    row = owner.execute("SELECT count(*) FROM portal.session").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.usefixtures("sessions")
def test_it_ends_those_of_one_person_and_no_others(
    env: dict[str, str], owner: psycopg.Connection, tmp_path: Path
) -> None:
    alices = portal("sessions", "end", "--customer", "4711", env=env, folder=tmp_path)
    assert (alices.returncode, left(owner)) == (0, 2), alices.stderr
    assert alices.stdout.startswith("2 sessions have ended.")

    graces = portal("sessions", "end", "--staff", "grace@example.com", env=env, folder=tmp_path)
    assert graces.stdout.startswith("1 session has ended.") and left(owner) == 1

    everybodys = portal("sessions", "end", "--everybody", env=env, folder=tmp_path)
    assert everybodys.stdout.startswith("1 session has ended.") and left(owner) == 0


@pytest.mark.usefixtures("sessions")
def test_those_of_a_provider_that_was_taken_out_are_told_and_ended(
    env: dict[str, str], owner: psycopg.Connection, tmp_path: Path
) -> None:
    staffs = env | {
        "STAFF_OIDC__MAIN__ISSUER": "http://localhost:1",
        "STAFF_OIDC__MAIN__CLIENT_ID": "portal",
        "STAFF_OIDC__MAIN__CLIENT_SECRET": "s",
    }
    told = portal("doctor", env=staffs, folder=tmp_path).stdout
    assert "sessions of providers that the settings name no more: 3 of main" in told

    customers = portal("sessions", "end", "--orphaned", env=staffs, folder=tmp_path)

    assert customers.stdout.startswith("3 sessions have ended.") and left(owner) == 1, customers.stderr
    assert "name no more" not in portal("doctor", env=staffs, folder=tmp_path).stdout


@pytest.mark.usefixtures("sessions")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "Say whose sessions shall end"),
        (("--customer", "4711", "--everybody"), "Say whose sessions shall end"),
        (("--customer", "99"), "There is no customer 99."),
        (("--staff", "mallory"), "Nobody of the staff is known as mallory."),
    ],
    ids=["nobody", "two", "a stranger", "no staff"],
)
def test_it_ends_none_unless_it_is_clear_whose(
    env: dict[str, str], owner: psycopg.Connection, tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    refused = portal("sessions", "end", *arguments, env=env, folder=tmp_path)

    assert refused.returncode == 1 and why in refused.stderr
    assert left(owner) == 4
