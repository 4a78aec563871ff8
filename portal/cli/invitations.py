"""Inviting customers to connect an account: one by number, or many from a file."""

import asyncio
import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg

from portal import clock
from portal.audit.entry import Actor, ActorKind, Evidence
from portal.audit.values import format_moment
from portal.cli.invitation_report import Report, Result
from portal.desk.changed_addresses import changed_lately
from portal.errors import Invalid, PortalError, Unavailable
from portal.formats import harmless_cell
from portal.identity import invitations
from portal.mail import addresses
from portal.record.read import read
from portal.record.store import RecordStore

OPERATOR = Actor(ActorKind.OPERATOR, "cli", "cli")
HEADINGS = ("customer_number", "number")
NOBODY = "no customer has this number"
AT_ONCE = 8

CUSTOMER = """
SELECT c.id, EXISTS (SELECT FROM portal.login l WHERE l.customer_id = c.id) AS linked
FROM portal.customer c WHERE c.number = %s
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """How the invitations are to be. `also_linked` invites those too who have a login already."""

    origin: str
    lasts: timedelta
    mail: bool
    also_linked: bool


@dataclass(slots=True)
class Outcome:
    """How many were invited, how many were not, of those how many nobody knows, and how many had been before."""

    invited: int = 0
    refused: int = 0
    unknown: int = 0
    before: int = 0

    def count(self, result: Result | None) -> None:
        self.before += result is None
        self.invited += result is not None and result.done
        self.refused += result is not None and not result.done
        self.unknown += result is not None and result.problem == NOBODY


async def invite_one(store: RecordStore, number: str, wish: Wish) -> Result:
    """Invite a customer; a refusal is a result, and says why."""
    try:
        return await _invite(store, number, wish)
    except PortalError as error:
        return Result(number, "refused", str(error))


async def invite_all(
    store: RecordStore, numbers: Iterable[str], wish: Wish, report: Report, progress: Callable[[int], None]
) -> Outcome:
    """Invite many, a few at a time.

    Raises:
        Unavailable: the database does not answer. What was done stands in the report.
    """
    seen: set[str] = set()
    outcome = Outcome()
    waiting = [_first(number, seen, report.done) for number in numbers]
    for at in range(0, len(waiting), AT_ONCE):
        part = waiting[at : at + AT_ONCE]
        try:
            results = await asyncio.gather(*(_result(store, one, wish) for one in part))
        except psycopg.OperationalError as error:
            raise Unavailable(
                "The database does not answer.", hint="What is done stands in the report: run the same command again."
            ) from error
        report.add(result for result in results if result is not None)
        for result in results:
            outcome.count(result)
        progress(len(part))
    return outcome


def numbers_in(file: Path) -> list[str]:
    """The customer numbers in a CSV file with a heading; commas, semicolons or tabs between its columns.

    Raises:
        Invalid: it cannot be read, or has no such column.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Invalid(f"{file} is not in UTF-8. Save it as CSV UTF-8.") from None
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
    column = next((name for name in reader.fieldnames or () if name.strip().casefold() in HEADINGS), None)
    if column is None:
        raise Invalid(f"{file} needs a first line with a column called {HEADINGS[0]}.")
    return [(row[column] or "").strip() for row in reader]


def _first(number: str, seen: set[str], done: frozenset[str]) -> str | Result | None:
    """The number, if somebody is to be invited by it; else what there is to say; nothing where it was done before."""
    if number in seen:
        return Result(number, "refused", "stands in the file more than once")
    seen.add(number)
    if not number:
        return Result(number, "refused", "there is no customer number in this row")
    return None if harmless_cell(number) in done else number


async def _result(store: RecordStore, one: str | Result | None, wish: Wish) -> Result | None:
    return await invite_one(store, one, wish) if isinstance(one, str) else one


async def _invite(store: RecordStore, number: str, wish: Wish) -> Result:
    customer = await store.database.fetch_one(CUSTOMER, [number])
    if customer is None:
        return Result(number, "refused", NOBODY)
    if customer["linked"] and not wish.also_linked:
        return Result(number, "refused", "has a login already")
    stored = await read(store.database, store.keys, customer["id"])
    points = addresses(stored.record) if stored and wish.mail else []
    if wish.mail and not points:
        return Result(number, "refused", "has no e-mail address")
    if points and points[0].id in await changed_lately(store.database, customer["id"]):
        return Result(number, "refused", "changed the e-mail address in the last 7 days")
    send_to = (points[0].id, points[0].value) if points else None
    made = await invitations.invite(
        store, customer["id"], OPERATOR, clock.uuid7(), Evidence(),
        made_by="portal customer invite", lasts=wish.lasts, send_to=send_to,
    )  # fmt: skip
    until = format_moment(made.expires_at)
    if send_to:
        return Result(number, "mailed", expires_at=until)
    return Result(number, "invited", "", made.code, invitations.link_to(wish.origin, made.code), until)
