"""What an operator gets wrong about a CRM is told by the name of the setting, before anything starts."""

from typing import Any, cast
from uuid import UUID

import pytest

from portal.catalogue import Catalogue
from portal.crm import connect, connect_all
from portal.crm.embedded import EmbeddedCrm
from portal.crm.setup import Kind, Setup, check
from portal.db.database import Database
from portal.settings import Settings, SettingsError
from portal.settings.connectors import ConnectorSettings

KEY = "a2V5IGVuY3J5cHRpb24ga2V5IGZvciB0aGUgdGVzdHM="
NOWHERE = cast(Database, None)


def settings_with(**crm: dict[str, Any]) -> Settings:
    values: dict[str, Any] = {"environment": "development", "key_encryption_key": KEY, "crm": crm}
    return Settings(_env_file=None, **values)


def test_without_settings_there_is_the_built_in_crm_alone(catalogue: Catalogue) -> None:
    made = connect_all(settings_with(), catalogue, NOWHERE)
    assert {name: type(connector) for name, connector in made.items()} == {"embedded": EmbeddedCrm}


@pytest.mark.parametrize(
    ("settings", "label"), [({}, "CRM"), ({"label": "Kundenbuch"}, "Kundenbuch")], ids=["no_label", "label"]
)
def test_the_built_in_crm_is_called_as_the_company_calls_it(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], label: str
) -> None:
    for name, value in {"kind": "embedded", **settings}.items():
        monkeypatch.setenv(f"CRM__EMBEDDED__{name.upper()}", value)
    assert connect("embedded", settings_with(), catalogue, NOWHERE).label == label


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [("sales", "hubspto", "CRM__SALES__KIND: there is no kind 'hubspto'; there are embedded"),
     ("sales", "embedded", "CRM__SALES__KIND: the built-in CRM is always called embedded")],
    ids=["unknown", "misnamed"],
)  # fmt: skip
def test_a_kind_that_cannot_be_is_named(catalogue: Catalogue, name: str, kind: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        connect(name, settings_with(**{name: {"kind": kind}}), catalogue, NOWHERE)


def a_setup(catalogue: Catalogue, **settings: Any) -> Setup:
    return Setup("sales", ConnectorSettings(kind="any", **settings), catalogue, NOWHERE, "https://p.example", b"key")


ANY = Kind(lambda _setup: EmbeddedCrm(NOWHERE), ("url", "token"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": "https://crm.example"}, "CRM__SALES__TOKEN: is missing, and KIND=any needs it"),
        ({"token": "t"}, "CRM__SALES__URL: is missing"),
        ({"url": "http://crm.example", "token": "t"}, "CRM__SALES__URL: must be https"),
        ({"url": "ftp://crm.example", "token": "t"}, "CRM__SALES__URL: must look like"),
        ({"url": "https://user:pw@crm.example", "token": "t"}, "CRM__SALES__URL: must look like"),
    ],
    ids=["token", "url", "http", "ftp", "user"],
)
def test_what_a_kind_needs_is_asked_for(catalogue: Catalogue, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        check(a_setup(catalogue, **settings), ANY)


def test_a_crm_in_a_network_of_ones_own_may_be_asked_in_the_clear(catalogue: Catalogue) -> None:
    check(a_setup(catalogue, url="http://crm.internal:8069", token="t", allow_private=True), ANY)


def test_a_fingerprint_tells_two_states_of_a_contact_apart_and_no_two_customers_alike(catalogue: Catalogue) -> None:
    setup, alice, bob = a_setup(catalogue), UUID(int=1), UUID(int=2)
    one = setup.fingerprint(alice, {"a": "x", "b": None})
    assert one == setup.fingerprint(alice, {"a": "x"}), "what is empty is absent"
    assert len({one, setup.fingerprint(alice, {"a": "y"}), setup.fingerprint(bob, {"a": "x"})}) == 3
