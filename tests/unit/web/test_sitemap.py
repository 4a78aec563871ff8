"""Rules that hold for every address of the portal."""

from collections import Counter

import pytest
from starlette.routing import BaseRoute, Route

from portal.identity.session import Audience
from portal.routes import ROUTES
from portal.web.policy import Policy

PUBLIC = {
    "home", "language", "login", "login_start", "login_callback", "login_fresh", "login_ended", "logout", "health_live",
    "health_ready", "metrics", "client_keys",
    "login_connect", "login_outcome", "invitation", "invitation_login", "hooks",
}  # fmt: skip
"""What a stranger may ask for. Another public address is a decision, and is written down here."""


def policy(route: BaseRoute) -> Policy | None:
    assert isinstance(route, Route)
    return getattr(route.endpoint, "policy", None)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_route_says_who_may_enter(route: Route) -> None:
    found = policy(route)

    assert isinstance(found, Policy), f"{route.path}: wrap its view in public, customers or staff(...)"
    assert (found.audience is None) == (route.name in PUBLIC)
    assert found.roles if found.audience is Audience.STAFF else not found.roles


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_a_room_and_its_policy_belong_together(route: Route) -> None:
    audience = (policy(route) or Policy(None)).audience
    room = route.path.split("/")[1]

    assert audience is {
        "record": Audience.CUSTOMER, "desk": Audience.STAFF, "audit": Audience.STAFF, "operations": Audience.STAFF,
        "devices": Audience.STAFF,
    }.get(room)  # fmt: skip


def test_names_and_addresses_are_given_once() -> None:
    named = Counter(route.name for route in ROUTES if isinstance(route, Route))
    placed = Counter(
        (route.path, method) for route in ROUTES if isinstance(route, Route) for method in route.methods or ()
    )

    assert [name for name, count in named.items() if count > 1] == []
    assert [place for place, count in placed.items() if count > 1] == []
