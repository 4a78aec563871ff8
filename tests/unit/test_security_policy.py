"""SECURITY.md and what it refers to say what is so."""

import ast
import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.routing import Route

from portal.catalogue.model import AgentAccess, CustomerAccess
from portal.identity.session import Audience
from portal.routes import ROUTES
from portal.settings import Settings, StaffRole
from portal.web.policy import Policy

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")

WHO = {
    "anybody": Policy(None),
    "customers": Policy(Audience.CUSTOMER),
    "all staff": Policy(Audience.STAFF, tuple(StaffRole)),
    **{f"staff with the role {role}": Policy(Audience.STAFF, (role,)) for role in StaffRole},
}


@pytest.mark.asvs("8.1.1")
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_the_table_says_who_may_enter_each_address(route: Route) -> None:
    table = dict(re.findall(r"^\| `(/[^`]*)` \| ([^:|]+?)(?: with [^:|]*signature| *[:|])", TEXT, re.MULTILINE))
    nearest = max((part for part in table if f"{route.path}/".startswith(f"{part}/".replace("//", "/"))), key=len)

    said, policy = WHO[table[nearest].strip()], route.endpoint.policy  # type: ignore[attr-defined]
    assert (policy.audience, set(policy.roles)) == (said.audience, set(said.roles))


@pytest.mark.asvs("8.1.2")
def test_every_word_for_who_sees_and_changes_a_field_is_explained() -> None:
    explained = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")

    rows = {row.split("|")[1].strip().strip("`"): row for row in explained.splitlines() if row.startswith("| `")}
    assert all(f"`{word}`" in rows["customer"] for word in CustomerAccess)
    assert all(f"`{word}`" in rows["agent"] for word in AgentAccess)


def test_every_secret_of_the_settings_is_in_the_table() -> None:
    secrets = [name.upper() for name, field in Settings.model_fields.items() if SecretStr in _types(field.annotation)]

    assert len(secrets) > 5
    assert [name for name in secrets if f"`{name}`" not in TEXT] == []


@pytest.mark.asvs("16.1.1", "16.2.3")
@pytest.mark.parametrize("package", ["identity", "web", "linking", "devices"])
def test_every_event_at_the_doors_is_in_the_list_of_what_is_logged(package: str) -> None:
    logged = " ".join(TEXT.partition("## What is logged")[2].partition("\n## ")[0].split())
    events = {event for path in (ROOT / "portal" / package).rglob("*.py") for event in _events(path)}

    assert sorted(event for event in events if f"`{event}`" not in logged and event not in UNIMPORTANT) == []


UNIMPORTANT = {"client went away", "live stream ended", "live updates wait for the database"}
"""About connections, and about nobody."""


def _events(path: Path) -> list[str]:
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return [
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "log"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]


def _types(annotation: object) -> list[object]:
    return [annotation, *getattr(annotation, "__args__", ()), getattr(annotation, "__origin__", None)]
