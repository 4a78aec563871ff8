"""Puts the demo's customers into the database, through the one write path, with a history of some weeks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from portal import clock
from portal.audit.entry import Actor, ActorKind, Evidence
from portal.audit.values import Value
from portal.clock import Clock
from portal.demo.logins import load_logins
from portal.demo.people import PEOPLE, Person
from portal.errors import Conflict, Forbidden
from portal.record.change import Intention, change, create
from portal.record.store import RecordStore
from portal.settings import Settings

GRACE = Actor(ActorKind.AGENT, "grace", "demo")
SYSTEM = Actor(ActorKind.SYSTEM, "demo", "demo")


class _Past(Clock):
    """A clock that stands where the demo's history has got to."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


async def load(settings: Settings, store: RecordStore) -> list[str]:
    """Create those demo customers that are missing; gives their names.

    Raises:
        Forbidden: this is no development environment.
    """
    if not settings.development:
        raise Forbidden("Demo data belong in a development environment: set ENVIRONMENT=development.")
    made = [person.name for person in PEOPLE if await _load(store, person)]
    if made:
        await load_logins(settings, store)
    return made


async def _load(store: RecordStore, person: Person) -> bool:
    today = clock.now()
    id = uuid5(NAMESPACE_URL, f"demo:{person.number}")
    try:
        with clock.replaced(_Past(today - timedelta(days=60 + int(person.number) % 17))):
            await create(
                store, person.number, _intention("customer:created", SYSTEM, id, 0), _first(person), customer_id=id
            )
    except Conflict:
        return False
    customer = Actor(ActorKind.CUSTOMER, str(id), "demo")
    for step, event in enumerate(person.history, start=1):
        actor = {"customer": customer, "agent": GRACE, "system": SYSTEM}[event.by]
        with clock.replaced(_Past(today - event.ago)):
            await change(store, id, _intention(event.action, actor, id, step), event.values(id))
    return True


def _intention(action: str, actor: Actor, id: UUID, step: int) -> Intention:
    # An agent's change carries the name under which they acted, as one from the desk does.
    evidence = Evidence(personal={"name": "Grace Okafor"} if actor is GRACE else {})
    return Intention(action, actor, uuid5(id, f"step {step}"), evidence=evidence)


def _first(person: Person) -> Mapping[str, Value]:
    values: dict[str, Value] = {f"profile/{key}": value for key, value in person.profile.items()}
    for rank, (system, value, use) in enumerate(person.contact_points, start=1):
        prefix = f"contact_points/{uuid5(NAMESPACE_URL, person.number + value)}"
        values |= {f"{prefix}/system": system, f"{prefix}/value": value, f"{prefix}/use": use, f"{prefix}/rank": rank}
    return values
