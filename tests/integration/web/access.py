"""Who may go where, said once more, apart from the sitemap: so that neither of the two changes by itself.

A new address is listed here, and if it has ids in it, `ids_in` says which of them are somebody's own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import httpx2
from starlette.routing import Route

from portal.routes import ROUTES
from portal.settings import StaffRole

STRANGER = frozenset({"stranger"})
CUSTOMERS = frozenset({"alice", "bob"})
AGENTS, AUDITORS, OPERATORS = frozenset({"grace"}), frozenset({"oscar"}), frozenset({"olivia"})
STAFF = AGENTS | AUDITORS | OPERATORS
EVERYBODY = STRANGER | CUSTOMERS | STAFF
ROLES = {"grace": StaffRole.AGENT, "oscar": StaffRole.AUDITOR, "olivia": StaffRole.OPERATOR}

Cast = dict[str, httpx2.AsyncClient]
"""A browser of each of them."""

LISTED = {
    "/": EVERYBODY,
    "/language": EVERYBODY,
    "/login": EVERYBODY,
    "/login/start/{audience}/{provider}": EVERYBODY,
    "/login/callback/{audience}/{provider}": EVERYBODY,
    "/login/outcome": EVERYBODY,
    "/login/fresh": EVERYBODY,
    "/login/connect": EVERYBODY,
    "/login/ended/{audience}/{provider}": EVERYBODY,
    "/logout": EVERYBODY,
    "/invitation": EVERYBODY,
    "/invitation/{provider}": EVERYBODY,
    "/record": CUSTOMERS,
    "/record/profile/{section}": CUSTOMERS,
    "/record/contact-points": CUSTOMERS,
    "/record/contact-points/{id:uuid}": CUSTOMERS,
    "/record/contact-windows": CUSTOMERS,
    "/record/contact-windows/{id:uuid}": CUSTOMERS,
    "/record/consents": CUSTOMERS,
    "/record/notes": CUSTOMERS,
    "/record/notes/{id:uuid}": CUSTOMERS,
    "/record/logins": CUSTOMERS,
    "/record/logins/add/{provider}": CUSTOMERS,
    "/record/logins/{id:uuid}": CUSTOMERS,
    "/record/undo": CUSTOMERS,
    "/record/delivery": CUSTOMERS,
    "/record/live": CUSTOMERS,
    "/record/changes": CUSTOMERS,
    "/record/devices": CUSTOMERS,
    "/desk": AGENTS,
    "/desk/customers/{id:uuid}": AGENTS,
    "/desk/customers/{id:uuid}/now": AGENTS,
    "/desk/customers/{id:uuid}/live": AGENTS,
    "/desk/customers/{id:uuid}/fields/{section}": AGENTS,
    "/desk/customers/{id:uuid}/notes/{note:uuid}/answer": AGENTS,
    "/desk/customers/{id:uuid}/logins": AGENTS,
    "/desk/customers/{id:uuid}/logins/{login:uuid}": AGENTS,
    "/desk/customers/{id:uuid}/invitation": AGENTS,
    "/desk/customers/{id:uuid}/invitation/end": AGENTS,
    "/desk/logins": AGENTS,
    "/desk/logins/{login:uuid}": AGENTS,
    "/desk/logins/{login:uuid}/customers/{id:uuid}": AGENTS,
    "/audit": AUDITORS,
    "/audit/events": AUDITORS,
    "/audit/export.{form}": AUDITORS,
    "/audit/changes/{customer_id:uuid}/{seq:int}": AUDITORS,
    "/audit/verify": AUDITORS,
    "/operations": OPERATORS,
    "/operations/crms/{crm}": OPERATORS,
    "/operations/crms/{crm}/parked/{id:uuid}": OPERATORS,
    "/devices": STAFF,
    "/health/live": EVERYBODY,
    "/health/ready": EVERYBODY,
    "/metrics": EVERYBODY,
    "/hooks/{connector}": EVERYBODY,
    "/.well-known/jwks.json": EVERYBODY,
}

# What an address says that is no id: the same for everybody.
WORDS = {
    "audience": "customer",
    "provider": "main",
    "form": "csv",
    "section": "about",
    "connector": "nowhere",
    "crm": "embedded",
}
WORDS_AT = {"/desk/customers/{id:uuid}/fields/{section}": {"section": "account"}}

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_ID = re.compile(r"\{\w+:(uuid|int)\}")


@dataclass(frozen=True)
class Theirs:
    """The ids of what is a customer's."""

    customer: UUID
    contact_point: UUID
    contact_window: UUID
    note: UUID
    login: UUID
    pending_login: UUID

    def ids_in(self, path: str) -> Mapping[str, object]:
        """The ids that make an address with ids in it one of theirs."""
        own: dict[str, Mapping[str, object]] = {
            "/record/contact-points/{id:uuid}": {"id": self.contact_point},
            "/record/contact-windows/{id:uuid}": {"id": self.contact_window},
            "/record/notes/{id:uuid}": {"id": self.note},
            "/desk/customers/{id:uuid}": {"id": self.customer},
            "/desk/customers/{id:uuid}/now": {"id": self.customer},
            "/desk/customers/{id:uuid}/live": {"id": self.customer},
            "/desk/customers/{id:uuid}/fields/{section}": {"id": self.customer},
            "/desk/customers/{id:uuid}/notes/{note:uuid}/answer": {"id": self.customer, "note": self.note},
            "/record/logins/{id:uuid}": {"id": self.login},
            "/desk/customers/{id:uuid}/logins": {"id": self.customer},
            "/desk/customers/{id:uuid}/logins/{login:uuid}": {"id": self.customer, "login": self.login},
            "/desk/customers/{id:uuid}/invitation": {"id": self.customer},
            "/desk/customers/{id:uuid}/invitation/end": {"id": self.customer},
            "/desk/logins/{login:uuid}": {"login": self.pending_login},
            "/desk/logins/{login:uuid}/customers/{id:uuid}": {"login": self.pending_login, "id": self.customer},
            "/operations/crms/{crm}/parked/{id:uuid}": {"id": self.customer},
            "/audit/changes/{customer_id:uuid}/{seq:int}": {"customer_id": self.customer, "seq": 1},
        }
        return own[path]


def all_routes() -> list[Route]:
    routes = [route for route in ROUTES if isinstance(route, Route)]
    assert len(routes) == len(ROUTES)
    return routes


def has_ids(route: Route) -> bool:
    return _ID.search(route.path) is not None


def methods(route: Route) -> list[str]:
    """The methods that it has, without HEAD, which is GET without its body."""
    return sorted((route.methods or set()) - {"HEAD"})


def address(route: Route, ids: Mapping[str, object]) -> str:
    """The route's address with these ids in it."""
    said = {**WORDS, **WORDS_AT.get(route.path, {}), **ids}
    return _PARAMETER.sub(lambda parameter: str(said[parameter[1]]), route.path)


def parameters_that_are_ids(route: Route) -> list[str]:
    return re.findall(r"\{(\w+):(?:uuid|int)\}", route.path)
