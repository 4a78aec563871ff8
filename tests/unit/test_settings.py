"""Settings: complete in .env.example, strict outside development, secrets from files."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from portal.settings import REQUIRED_IN_PRODUCTION, Settings, SettingsError, load_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
KEY = "a2V5IGVuY3J5cHRpb24ga2V5IGZvciB0aGUgdGVzdHM="
COMPLETE = {
    "PUBLIC_URL": "https://profile.example.com",
    "DATABASE_URL": "postgresql://db.example.com/portal",
    "DATABASE_CUSTOMER_PASSWORD": "c",
    "DATABASE_STAFF_PASSWORD": "s",
    "DATABASE_WORKER_PASSWORD": "w",
    "KEY_ENCRYPTION_KEY": KEY,
    "CUSTOMER_OIDC_ISSUER": "https://login.example.com/customers",
    "CUSTOMER_OIDC_CLIENT_ID": "portal",
    "CUSTOMER_OIDC_CLIENT_SECRET": "cs",
    "STAFF_OIDC_ISSUER": "https://login.example.com/staff",
    "STAFF_OIDC_CLIENT_ID": "portal-staff",
    "STAFF_OIDC_CLIENT_SECRET": "ss",
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)


def set_all(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in (COMPLETE | values).items():
        monkeypatch.setenv(name, value)


def test_the_example_lists_every_setting_and_nothing_else() -> None:
    listed = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)

    assert len(listed) == len(set(listed))
    assert {name.lower() for name in listed} == set(Settings.model_fields)


def test_the_example_shows_the_defaults() -> None:
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE):
        field = Settings.model_fields[name.lower()]
        if isinstance(field.default, int):
            assert value == str(field.default), name


@pytest.mark.asvs("13.3.1")
def test_the_example_has_no_secret_in_it() -> None:
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE):
        if isinstance(Settings.model_fields[name.lower()].default, SecretStr):
            assert value == "", name


def test_a_complete_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, STAFF_OIDC_ROLES="crm-agents=agent, audit=auditor")

    settings = load_settings()

    assert not settings.development
    assert settings.staff_oidc_roles == {"crm-agents": "agent", "audit": "auditor"}
    assert len(settings.key_encryption_bytes) == 32
    assert settings.audit_origin == "profile.example.com"


@pytest.mark.asvs("13.2.3")
@pytest.mark.parametrize("name", [name.upper() for name in REQUIRED_IN_PRODUCTION])
def test_what_is_required_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    set_all(monkeypatch)
    monkeypatch.delenv(name)

    with pytest.raises(SettingsError, match=name):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEY_ENCRYPTION_KEY", "c2hvcnQ="),
        ("KEY_ENCRYPTION_KEY", "no base64!"),
        ("PUBLIC_URL", "http://profile.example.com"),
        ("PUBLIC_URL", "https://profile.example.com/path"),
        ("PUBLIC_URL", "profile.example.com"),
        ("STAFF_OIDC_ROLES", "admins=god"),
        ("SESSION_HOURS", "0"),
        ("LOG_FORMAT", "xml"),
        ("ENVIRONMENT", "staging"),
    ],
)
def test_what_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    set_all(monkeypatch, **{name: value})

    with pytest.raises(SettingsError, match=name):
        load_settings()


@pytest.mark.asvs("13.3.1")
def test_every_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_all(monkeypatch)
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, SecretStr):
            file = tmp_path / name
            file.write_text((KEY if name == "key_encryption_key" else f"secret of {name}") + "\n")
            monkeypatch.delenv(name.upper(), raising=False)
            monkeypatch.setenv(f"{name.upper()}_FILE", str(file))

    settings = load_settings()

    assert settings.database_staff_password.get_secret_value() == "secret of database_staff_password"
    assert settings.key_encryption_key.get_secret_value() == KEY


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, DATABASE_STAFF_PASSWORD_FILE="/nowhere/at/all")

    with pytest.raises(SettingsError, match="DATABASE_STAFF_PASSWORD_FILE"):
        load_settings()


def test_secrets_do_not_show_in_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch)

    assert KEY not in repr(load_settings())
