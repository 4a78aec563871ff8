"""Customers of whom every value is marked, so that one sees at once where one of them has got to."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import URL

from portal.audit.entry import Actor, ActorKind, Evidence
from portal.catalogue.model import Catalogue, Kind
from portal.identity import invitations, pending
from portal.identity.accounts import Account
from portal.record.change import change
from tests.builders import SYSTEM, a_consent, a_contact_point, a_customer, a_login, a_note, a_window, an_intention
from tests.conftest import Stores
from tests.integration.web.access import Theirs
from tests.integration.web.browsing import Served, a_browser, a_session, form_token

_NAMES = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\\\\x[0-9a-f]{40,}")

Row = dict[str, object]
WRITTEN = (Kind.TEXT, Kind.MULTILINE)
"""Kinds of fields in which there is room for a mark."""

WITHOUT = {"arrival", "announcement", "sync_event", "sync_sample", "inbox", "delivery"}
"""Tables of customers in which a customer has nothing for now: what is under way, and what was told of it."""


@dataclass(frozen=True)
class Marked:
    """`tag` is in every text of theirs; `others` are what else nobody else has: ids, hashes, numbers, times."""

    theirs: Theirs
    tag: str
    others: frozenset[str]
    draft: str
    session: UUID

    def found_in(self, answer: bytes, sent: str) -> list[str]:
        """What of theirs stands in an answer, except for what was sent to get it."""
        text = answer.decode("utf-8", "replace").lower()
        return [mark for mark in (self.tag, *self.others) if mark in text and mark not in sent.lower()]


async def marked(served: Served, stores: Stores, catalogue: Catalogue, url: URL) -> Marked:
    """A customer with something in each part of the record and in each table, all of it marked."""
    tag, point, window, note, login = f"q{uuid4().hex[:10]}x", uuid4(), uuid4(), uuid4(), uuid4()
    phone = f"+44208{uuid4().int % 10**7:07}"
    values = (
        {field.path: f"{tag} of theirs" for field in catalogue.fields.values() if field.kind in WRITTEN}
        | a_contact_point(value=f"{tag}@example.com", rank=1, id=point)
        | a_contact_point("phone", phone, use="mobile", rank=2)
        | a_contact_point("postal", f"1 {tag} Street", rank=3)
        | a_contact_point("messaging", f"@{tag}", rank=4)
        | a_window(id=window)
        | a_consent()
        | a_note(f"{tag} in a note", author=tag, id=note)
        | a_login(issuer=f"https://{tag}.example", subject=tag, id=login)
    )
    id = (await a_customer(stores.worker, number=tag.upper(), values=values)).record.id
    await change(stores.worker, id, an_intention("note:changed", SYSTEM), {f"notes/{note}/body": f"{tag} once more"})
    code, waiting = await _to_be_linked(stores, id, tag)
    draft = await _a_draft(served, stores, id, tag)
    await a_session(stores.staff, customer_id=id, name=f"Session {tag}")
    with _administrator(url) as administrator:
        session = _beside_the_record(administrator, id, login, tag)
        rows = list(_rows(administrator, id))
    empty = {table for table, found in rows if not found} - WITHOUT
    assert not empty, f"{empty}: put something of each customer into them, marked"
    names = {name.removeprefix("\\\\x") for _, found in rows for name in _NAMES.findall(found)}
    theirs = Theirs(id, point, window, note, login, waiting)
    return Marked(theirs, tag, frozenset(names | {code.lower(), phone, phone[-7:]}), draft, session)


async def _to_be_linked(stores: Stores, id: UUID, tag: str) -> tuple[str, UUID]:
    """An invitation, and somebody who waits to be let in: gives the code of one, and the other's id."""
    grace, evidence = Actor(ActorKind.AGENT, "grace", "desk"), Evidence({}, {"ip": f"192.0.2.{tag}"})
    invitation = await invitations.invite(stores.staff, id, grace, uuid4(), evidence, made_by=f"Agent {tag}")
    account = Account("main", f"https://{tag}.example", f"{tag}-2", f"Waiting {tag}")
    waiting = await pending.note(stores.staff.database, account, tag.upper())
    assert waiting is not None
    return invitation.code, waiting.id


def _beside_the_record(administrator: psycopg.Connection[Row], id: UUID, login: UUID, tag: str) -> UUID:
    """What others say of a customer, in tables of its own; gives the id of the session that is left."""
    administrator.execute(
        "INSERT INTO portal.access_record (customer_id, id, actor_kind, actor_id, actor_name, via)"
        " VALUES (%s, %s, 'agent', %s, %s, 'desk')",
        [id, uuid4(), tag, f"Reader {tag}"],
    )
    administrator.execute(
        "INSERT INTO portal.login_account (customer_id, login_id, provider, account, verified_email)"
        " VALUES (%s, %s, 'main', %s, %s)",
        [id, login, f"Account {tag}", f"{tag}@id.example"],
    )
    session = administrator.execute(
        "UPDATE portal.session SET user_agent = %s WHERE customer_id = %s RETURNING id", [f"Browser {tag}", id]
    ).fetchone()
    assert session is not None
    return UUID(str(session["id"]))


async def _a_draft(served: Served, stores: Stores, id: UUID, tag: str) -> str:
    """What somebody typed when their session had ended; gives the cookie that leads back to it."""
    cookies = await a_session(stores.staff, customer_id=id, name=f"Earlier {tag}")
    async with a_browser(served.origin, **cookies) as browser:
        token = form_token((await browser.get("/record")).text)
        await stores.staff.database.fetch_all("DELETE FROM portal.session WHERE customer_id = %s", [id])
        await browser.post("/record/notes", data={"body": f"{tag} typed", "form_token": token})
        return next(cookie.value or "" for cookie in browser.cookies.jar if cookie.name == "portal_draft")


def _rows(administrator: psycopg.Connection[Row], id: UUID) -> Iterator[tuple[str, str]]:
    """All that each table of customers holds of one, as text."""
    tables = administrator.execute(
        "SELECT table_schema, table_name FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE column_name = 'customer_id' AND table_type = 'BASE TABLE'"
    ).fetchall()
    for table in tables:
        name = sql.Identifier(str(table["table_schema"]), str(table["table_name"]))
        found = administrator.execute(
            sql.SQL("SELECT to_jsonb(t) AS row FROM {} t WHERE customer_id = %s").format(name), [id]
        ).fetchall()
        yield str(table["table_name"]), json.dumps([row["row"] for row in found]) if found else ""


def _administrator(url: URL) -> psycopg.Connection[Row]:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True, row_factory=dict_row)
