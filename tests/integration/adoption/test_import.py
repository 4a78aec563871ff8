"""What becomes of a file's lines on the first day: good ones go in, bad ones are told by their line."""

import csv
import re
from collections.abc import Mapping
from getpass import getuser
from pathlib import Path

import pytest
from sqlalchemy import URL

from portal.adoption.bring import INCOMPLETE
from portal.adoption.everybody import Wish, bring_everybody
from portal.adoption.file import Lines
from portal.adoption.judge import Doubt
from portal.adoption.run import Run
from portal.errors import Invalid
from portal.record.models import Record
from portal.record.read import read
from portal.record.verify import verify
from tests.builders import a_contact_point, a_customer, a_number
from tests.commands import environment, portal
from tests.conftest import Stores
from tests.integration.adoption.test_doubts import rows_of
from tests.integration.adoption.test_killed import one
from tests.integration.web.counting import counting

HEADING = (
    "customer_number", "profile/given_name", "profile/language", "profile/helps_me", "contact_points/email/private",
    "contact_points/phone/mobile", "consents/offers/email", "consents/offers/email/capture_date",
)  # fmt: skip


def a_file(folder: Path, *lines: Mapping[str, str], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """The lines, each by the columns that it fills."""
    path = folder / "people.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, HEADING, restval="", delimiter=delimiter)
        writer.writeheader()
        writer.writerows(lines)
    return path


async def imported(stores: Stores, file: Path, *, country: str | None = None, wish: Wish = Wish()) -> Run:  # noqa: B008
    store = stores.worker
    return await bring_everybody(store, Lines.open(file, store.catalogue, country), wish)


async def record(stores: Stores, number: str) -> Record:
    row = await stores.worker.database.fetch_one("SELECT id FROM portal.customer WHERE number = %s", [number])
    assert row is not None
    stored = await read(stores.worker.database, stores.worker.keys, row["id"])
    assert stored is not None
    return stored.record


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
async def test_a_line_becomes_a_customer(own_stores: Stores, tmp_path: Path, delimiter: str, encoding: str) -> None:
    number = a_number()
    file = a_file(
        tmp_path,
        {
            "customer_number": number, "profile/given_name": "Çağla, „die“ \"Erste\"", "profile/language": "de",
            "profile/helps_me": "extra_time; text_first", "contact_points/email/private": f"{number}@EXAMPLE.com",
            "contact_points/phone/mobile": "020 7946 0018", "consents/offers/email": "opt_in",
            "consents/offers/email/capture_date": "2025-05-01",
        },
        delimiter=delimiter, encoding=encoding,
    )  # fmt: skip

    done = await imported(own_stores, file, country="GB")

    assert (done.through, done.new, done.doubtful) == (1, 1, 0)
    there = await record(own_stores, number)
    assert dict(there.profile) == {
        "given_name": "Çağla, „die“ \"Erste\"", "language": "de", "helps_me": ["text_first", "extra_time"],
    }  # fmt: skip
    assert [(point.rank, point.value) for point in there.contact_points] == [
        (1, f"{number}@example.com"),
        (2, "+442079460018"),
    ]
    [consent] = there.consents
    assert (consent.status, consent.capture_date.isoformat(), consent.capture_source) == (
        "opt_in",
        "2025-05-01T00:00:00+00:00",
        "import",
    )
    stored = await read(own_stores.worker.database, own_stores.worker.keys, there.id)
    assert stored is not None
    entry = stored.recent[0].entry
    assert (entry.action, entry.actor.kind, entry.actor.via) == ("customer:imported", "system", "import")
    assert (entry.evidence.facts["file"], entry.evidence.facts["line"]) == ("people.csv", 2)
    assert len(str(entry.evidence.facts["sha256"])) == 64


async def test_bad_lines_are_told_and_good_ones_go_in(own_stores: Stores, tmp_path: Path) -> None:
    good, twice, late = a_number(), a_number(), a_number()
    lines = [
        {"customer_number": good, "profile/given_name": "several\nlines"},
        {"customer_number": ""},
        {"customer_number": twice},
        {"customer_number": twice},
        {"customer_number": a_number(), "profile/language": "Klingon"},
        {"customer_number": a_number(), "consents/offers/email": "opt_in"},
        {"customer_number": a_number(), "contact_points/phone/mobile": "none"},
        {"customer_number": late, "consents/offers/email": "opt_out"},
    ]
    file, report = a_file(tmp_path, *lines), tmp_path / "report.csv"
    with file.open("a", encoding="utf-8") as more:
        more.write("K11,only,three\n\n")

    done = await imported(own_stores, file, wish=Wish(report=report))

    told = {row["where"]: f"{row['reason']} {row['detail']}{row['others']}".strip() for row in rows_of(report)}
    bad = Doubt.UNACCEPTABLE.value
    assert told == {
        "2": f"{bad} profile/given_name: 'several\\nlines' has characters that cannot be kept",
        "4": "has no customer number",
        "5": "has a customer number that others have, too 6",
        "6": "has a customer number that others have, too 5",
        "7": f"{bad} profile/language: 'Klingon' is no language; it takes a code, such as de",
        "8": f"{bad} consents/offers/email: an opt_in needs the day on which it was given: column"
        " consents/offers/email/capture_date",
        "9": f"{bad} contact_points/phone/mobile: 'none' is no phone number with its country code",
        "10": f"{INCOMPLETE} profile/given_name, profile/family_name",
        "11": f"{bad} line: has 3 cells, and the first line 8",
    }
    assert next(row["customer_number"] for row in rows_of(report) if row["where"] == "11") == "K11"
    assert (done.new, done.doubtful, done.through) == (1, 8, 9)
    assert [consent.status for consent in (await record(own_stores, late)).consents] == ["opt_out"]


async def test_the_same_again_changes_nothing_and_more_only_what_is_missing(own_stores: Stores, tmp_path: Path) -> None:
    number = a_number()
    stored = await a_customer(own_stores.worker, number=number, values=a_contact_point(value=f"{number}@example.com"))
    line = {"customer_number": number, "profile/given_name": "Alice-Sophie", "profile/language": "de"}
    line |= {"contact_points/email/private": "other@example.com", "contact_points/phone/mobile": "+442079460018"}
    file = a_file(tmp_path, line)

    first = await imported(own_stores, file)
    there = await record(own_stores, number)
    again = await imported(own_stores, file)

    assert (first.matched, again.matched) == (1, 1)
    assert there.profile == {"given_name": "Alice", "family_name": "Marsh", "language": "de"}
    assert [point.value for point in there.contact_points] == [f"{number}@example.com", "+442079460018"]
    assert (there.seq, (await record(own_stores, number)).seq) == (stored.record.seq + 1, there.seq)


async def test_a_thousand_lines_take_a_few_statements(own_stores: Stores, tmp_path: Path) -> None:
    first = a_number()
    lines = [
        {"customer_number": f"{first}-{n}", "contact_points/email/private": f"{first}-{n}@example.com"}
        for n in range(1200)
    ]
    file = a_file(tmp_path, *lines)
    with counting() as counted:
        done = await imported(own_stores, file)

    assert done.new == 1200
    assert len(counted.statements) <= 25, "by pages, not by people"
    report = await verify(own_stores.worker.database, own_stores.worker.keys)
    assert report.holds, report.findings


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "has no column customer_number"),
        (b"name\nAnn\n", "has no column customer_number"),
        (b"customer_number,profile/shoe_size\n1,2\n", "Not understood in the first line: 'profile/shoe_size'"),
        (b"customer_number,customer_number\n1,2\n", "Twice in the first line: customer_number"),
        (b"customer_number,contact_points/fax/home\n1,2\n", "contact_points/fax/home"),
        ("customer_number\n1\nÄ\n".encode("latin-1"), "line 3, is not in UTF-8"),
        ("customer_number\n1\n".encode("utf-16"), "line 1, is not in UTF-8"),
        (b'customer_number\n1\n"2\n3\n', "line 3, cannot be read"),
        (b'customer_number\n1\n"2"x\n', "line 3, cannot be read"),
        (b"customer_number\n1\n" + b"x" * 200_000 + b"\n", "line 3, cannot be read: field larger than field limit"),
    ],
    ids=["empty", "no number", "unknown", "twice", "no system", "latin-1", "utf-16", "open quote", "quote", "huge"],
)
async def test_a_file_that_cannot_be_read_is_refused_before_anything_is_written(
    own_stores: Stores, tmp_path: Path, content: bytes, why: str
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    count = "SELECT count(*) AS customers FROM portal.customer"
    before = await own_stores.worker.database.fetch_one(count)

    with pytest.raises(Invalid, match=re.escape(why)):
        await imported(own_stores, file)

    assert await own_stores.worker.database.fetch_one(count) == before


async def test_hostile_cells_are_values_and_nothing_else(own_stores: Stores, tmp_path: Path) -> None:
    number, report = a_number(), tmp_path / "report.csv"
    hostile = ["'; DROP TABLE portal.customer; --", "=cmd|' /C calc'!A0", "{}", "\x00", "‮evil", "%s%n", "../../etc"]
    lines = [{"customer_number": f"{number}{n}", "profile/given_name": one} for n, one in enumerate(hostile)]

    done = await imported(own_stores, a_file(tmp_path, *lines), wish=Wish(report=report))

    assert (done.new, done.doubtful) == (5, 2)
    assert (await record(own_stores, f"{number}0")).profile["given_name"] == hostile[0]
    assert (await record(own_stores, f"{number}1")).profile["given_name"] == hostile[1]
    assert all(not row["name"].startswith("=") for row in rows_of(report))


async def test_from_the_command_line(empty_database: URL, tmp_path: Path) -> None:
    env = environment(empty_database, DATABASE_POOL_SIZE="1")
    a_file(tmp_path, *({"customer_number": f"K{n}", "profile/given_name": "Ann"} for n in range(40)), {})

    dry = portal("customer", "import", "people.csv", "--dry-run", env=env, folder=tmp_path)
    assert dry.returncode == 1
    assert dry.stdout.splitlines()[0] == "41 lines: 40 new, 0 matched, 1 doubtful.", dry.stderr
    assert "nothing was written" in dry.stdout
    assert "--report FILE.csv names them." in dry.stdout
    assert one(empty_database, "SELECT count(*) FROM portal.customer") == (0,)
    done = portal("customer", "import", "people.csv", "--report", "bad.csv", env=env, folder=tmp_path)
    assert done.stdout.splitlines()[0] == dry.stdout.splitlines()[0]
    assert rows_of(tmp_path / "bad.csv")[0]["where"] == "42"
    assert one(empty_database, "SELECT count(*) FROM portal.customer") == (40,)
    assert one(empty_database, "SELECT began_by FROM portal.adoption") == (getuser(),)

    columns = portal("customer", "import", "--columns", env=env, folder=tmp_path)
    assert columns.returncode == 0 and "consents/offers/email/capture_date" in columns.stdout
    for arguments, why in ((("missing.csv",), "cannot be read"), ((), "Which file?")):
        refused = portal("customer", "import", *arguments, env=env, folder=tmp_path)
        assert refused.returncode == 1 and why in refused.stderr and "Traceback" not in refused.stderr
