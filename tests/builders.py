"""Short builders with readable defaults. The cast: Alice and Bob are customers, Grace is an agent, Oscar an auditor,
Mallory an outsider."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from portal import clock
from portal.audit.entry import Actor, ActorKind
from portal.audit.values import Value, format_moment
from portal.record.change import Intention, create
from portal.record.read import StoredRecord
from portal.record.store import RecordStore

SYSTEM = Actor(ActorKind.SYSTEM, "import", "cli")


def a_number() -> str:
    """A customer number that no other test has."""
    return f"T{uuid4().int % 10**12:012}"


def the_customer(id: UUID) -> Actor:
    """A customer acting for themselves in the portal."""
    return Actor(ActorKind.CUSTOMER, str(id), "portal")


GRACE = Actor(ActorKind.AGENT, "018f0000-0000-7000-8000-00000000face", "desk")


def an_intention(action: str, actor: Actor, *, seen: int | None = None, request: UUID | None = None) -> Intention:
    """An intention with a request of its own."""
    return Intention(action, actor, request or uuid4(), seen)


def a_contact_point(
    system: str = "email",
    value: str = "alice@example.com",
    *,
    use: str = "private",
    rank: int = 1,
    id: UUID | None = None,
) -> dict[str, Value]:
    """The paths of a contact point."""
    prefix = f"contact_points/{id or uuid4()}"
    return {f"{prefix}/system": system, f"{prefix}/value": value, f"{prefix}/use": use, f"{prefix}/rank": rank}


def a_window(
    kind: str = "do",
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5),
    start: str = "17:00",
    end: str = "20:00",
    *,
    channel: str | None = "phone",
    zone: str = "Europe/London",
    id: UUID | None = None,
) -> dict[str, Value]:
    """The paths of a contact window."""
    prefix = f"contact_windows/{id or uuid4()}"
    return {
        f"{prefix}/kind": kind,
        f"{prefix}/channel": channel,
        f"{prefix}/weekdays": list(weekdays),
        f"{prefix}/start": start,
        f"{prefix}/end": end,
        f"{prefix}/time_zone": zone,
    }


def a_consent(purpose: str = "offers", channel: str = "email", status: str = "opt_in") -> dict[str, Value]:
    """The paths of a consent given now."""
    prefix = f"consents/{purpose}/{channel}"
    now = format_moment(clock.now())
    return {
        f"{prefix}/status": status,
        f"{prefix}/capture_date": now,
        f"{prefix}/capture_source": "portal",
        f"{prefix}/effective_from": now,
        f"{prefix}/lawful_basis": "consent",
        f"{prefix}/notice": purpose,
        f"{prefix}/notice_version": "2026-03",
    }


def a_note(
    body: str = "The engineer may use the key at number 12.",
    *,
    author_kind: str = "customer",
    author: str = "Alice Marsh",
    about: UUID | None = None,
    id: UUID | None = None,
) -> dict[str, Value]:
    """The paths of a note, or of an answer when it is about another one."""
    prefix = f"notes/{id or uuid4()}"
    return {
        f"{prefix}/kind": "answer" if about else "note",
        f"{prefix}/about": str(about) if about else None,
        f"{prefix}/body": body,
        f"{prefix}/author_kind": author_kind,
        f"{prefix}/author": author,
        f"{prefix}/created_at": format_moment(clock.now()),
    }


def a_login(
    subject: str | None = None, *, issuer: str = "https://id.example", id: UUID | None = None
) -> dict[str, Value]:
    """The paths of an account that opens the record."""
    prefix = f"logins/{id or uuid4()}"
    return {f"{prefix}/issuer": issuer, f"{prefix}/subject": subject or uuid4().hex}


async def a_customer(
    store: RecordStore, *, number: str | None = None, values: Mapping[str, Value] | None = None, **profile: Value
) -> StoredRecord:
    """A new customer with an e-mail address and a mobile number, unless `values` says otherwise."""
    if values is None:
        values = a_contact_point("phone", "+442079460018", use="mobile", rank=1) | a_contact_point(rank=2)
    named = {
        f"profile/{key}": value for key, value in ({"given_name": "Alice", "family_name": "Marsh"} | profile).items()
    }
    return await create(store, number or a_number(), an_intention("customer:created", SYSTEM), {**named, **values})
