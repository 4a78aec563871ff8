"""Inviting customers from the command line, one or many."""

import csv
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

from portal.identity import codes
from portal.record.change import change
from portal.record.read import StoredRecord
from tests.builders import a_contact_point, a_customer, a_login, an_intention, the_customer
from tests.commands import environment, portal
from tests.conftest import Stores


@pytest.fixture
def env(database_url: URL) -> dict[str, str]:
    return environment(database_url, SMTP_HOST="127.0.0.1", SMTP_TLS="none", MAIL_FROM="service@northwind.example")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_one_customer_gets_a_code_and_a_link(env: dict[str, str], tmp_path: Path, alice: StoredRecord) -> None:
    number = alice.record.number

    made = portal("customer", "invite", number, "--days", "3", env=env, folder=tmp_path)

    assert made.returncode == 0, made.stderr
    told = dict(line.split(": ", 1) for line in made.stdout.splitlines() if ": " in line)
    assert codes.read(told["Code"]) == told["Code"]
    assert told["Link"] == f"http://localhost:8000/invitation#{told['Code']}"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("no-such-number",), "no customer has this number"),
        ((), "Give a customer number, or --from"),
        (("1", "--from", "x.csv", "--report", "y.csv"), "Give a customer number, or --from"),
        (("--from", "missing.csv", "--report", "y.csv"), "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    env: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    refused = portal("customer", "invite", *arguments, env=env, folder=tmp_path)

    assert refused.returncode == 1
    assert why in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.asvs("1.2.10")
async def test_many_are_invited_and_each_bad_row_is_told(
    env: dict[str, str], tmp_path: Path, stores: Stores, alice: StoredRecord
) -> None:
    linked = await a_customer(stores.worker, values=a_login())
    file, report = tmp_path / "in.csv", tmp_path / "out.csv"
    numbers = [alice.record.number, "=cmd|' /C calc'!A0", alice.record.number, linked.record.number, "", " @x"]
    file.write_text("name;Customer_Number\n" + "".join(f"somebody;{number}\n" for number in numbers), encoding="utf-8")

    done = portal("customer", "invite", "--from", "in.csv", "--report", "out.csv", env=env, folder=tmp_path)

    assert done.returncode == 1, "some were not"
    assert "1 invited, 5 not. out.csv says what became of each." in done.stdout, done.stderr
    assert "Of 2 there is no record" in done.stdout
    assert "\n  portal customer import in.csv --dry-run --report left-out.csv\n" in done.stdout
    told = rows_of(report)
    assert [(row["customer_number"], row["problem"]) for row in told] == [
        (alice.record.number, ""),
        ("'=cmd|' /C calc'!A0", "no customer has this number"),
        (alice.record.number, "stands in the file more than once"),
        (linked.record.number, "has a login already"),
        ("", "there is no customer number in this row"),
        ("'@x", "no customer has this number"),
    ]
    assert codes.read(told[0]["code"]) is not None
    assert report.stat().st_mode & 0o077 == 0, "it has codes in it"


async def test_a_run_that_was_cut_off_goes_on(
    env: dict[str, str], tmp_path: Path, stores: Stores, alice: StoredRecord, bob: StoredRecord, database_url: URL
) -> None:
    late = await a_customer(stores.worker)
    file, report = tmp_path / "in.csv", tmp_path / "out.csv"
    command = ("customer", "invite", "--from", "in.csv", "--report", "out.csv")
    file.write_text(f"number\n{alice.record.number}\n{bob.record.number}\n", encoding="utf-8-sig")
    assert portal(*command, env=env, folder=tmp_path).returncode == 0
    first = rows_of(report)
    whole = report.read_text(encoding="utf-8")
    report.write_text(whole[: whole.rindex(bob.record.number) + 8], encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8-sig") + f"{late.record.number}\n", encoding="utf-8")

    again = portal(*command, env=env, folder=tmp_path)

    assert "2 invited, 0 not; 1 had been before." in again.stdout, again.stderr
    assert "no record" not in again.stdout
    told = rows_of(report)
    assert [row["customer_number"] for row in told] == [c.record.number for c in (alice, bob, late)]
    assert told[0] == first[0], "who was invited is not invited again"
    with psycopg.connect(database_url.set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
        made = "SELECT count(*) FROM portal.change_record WHERE customer_id = %s AND action = 'login:invited'"
        assert owner.execute(made, [alice.record.id]).fetchone() == (1,)


async def test_codes_that_are_mailed_stand_nowhere(
    env: dict[str, str], tmp_path: Path, stores: Stores, alice: StoredRecord
) -> None:
    unreachable = await a_customer(stores.worker, values=a_contact_point("phone", "+442079460018"))
    (tmp_path / "in.csv").write_text(f"number\n{alice.record.number}\n{unreachable.record.number}\n", encoding="utf-8")

    done = portal("customer", "invite", "--from", "in.csv", "--report", "out.csv", "--mail", env=env, folder=tmp_path)

    assert "1 invited, 1 not." in done.stdout, done.stderr
    mailed, refused = rows_of(tmp_path / "out.csv")
    assert (mailed["result"], mailed["code"], mailed["link"]) == ("mailed", "", "")
    assert refused["problem"] == "has no e-mail address"


async def test_no_code_is_mailed_to_an_address_that_the_customer_has_just_changed(
    env: dict[str, str], tmp_path: Path, stores: Stores, alice: StoredRecord
) -> None:
    point = next(p for p in alice.record.contact_points if p.system == "email")
    intention = an_intention("contact_point:changed", the_customer(alice.record.id))
    theirs = {f"contact_points/{point.id}/value": "mallory@example.com"}
    await change(stores.customer, alice.record.id, intention, theirs)

    refused = portal("customer", "invite", alice.record.number, "--mail", env=env, folder=tmp_path)
    shown = portal("customer", "invite", alice.record.number, env=env, folder=tmp_path)

    assert refused.returncode == 1 and "changed the e-mail address in the last 7 days" in refused.stderr
    assert shown.returncode == 0 and "Code: " in shown.stdout


def test_a_file_that_is_something_else_is_left_alone(env: dict[str, str], tmp_path: Path, alice: StoredRecord) -> None:
    (tmp_path / "in.csv").write_text(f"number\n{alice.record.number}\n", encoding="utf-8")
    (tmp_path / "out.csv").write_text("my,own\n1,2\n", encoding="utf-8")

    refused = portal("customer", "invite", "--from", "in.csv", "--report", "out.csv", env=env, folder=tmp_path)

    assert refused.returncode == 1
    assert "is no report of invitations" in refused.stderr
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "my,own\n1,2\n"


def test_the_log_holds_with_changes_that_change_no_value(empty_database: URL, tmp_path: Path) -> None:
    env = environment(empty_database)
    command = ("customer", "create", "4711", "--given-name", "Alice", "--family-name", "Marsh")
    assert portal(*command, env=env, folder=tmp_path).returncode == 0
    assert portal("customer", "invite", "4711", env=env, folder=tmp_path).returncode == 0

    verified = portal("audit", "verify", env=env, folder=tmp_path)

    assert verified.returncode == 0, verified.stderr
    assert "walked 1 chains with 2 changes" in verified.stdout
