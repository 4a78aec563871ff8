"""Settings: complete in .env.example, strict outside development, secrets from files."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from portal.settings import REQUIRED_IN_PRODUCTION, Settings, SettingsError, load_settings
from portal.settings.connectors import ConnectorSettings
from portal.settings.providers import CustomerProviderSettings, StaffProviderSettings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
KEY = "a2V5IGVuY3J5cHRpb24ga2V5IGZvciB0aGUgdGVzdHM="
COMPLETE = {
    "PUBLIC_URL": "https://profile.example.com",
    "DATABASE_URL": "postgresql://db.example.com/portal",
    "DATABASE_CUSTOMER_PASSWORD": "c",
    "DATABASE_STAFF_PASSWORD": "s",
    "DATABASE_WORKER_PASSWORD": "w",
    "KEY_ENCRYPTION_KEY": KEY,
    "CUSTOMER_OIDC__MAIN__ISSUER": "https://login.example.com/customers",
    "CUSTOMER_OIDC__MAIN__CLIENT_ID": "portal",
    "CUSTOMER_OIDC__MAIN__CLIENT_SECRET": "cs",
    "STAFF_OIDC__MAIN__ISSUER": "https://login.example.com/staff",
    "STAFF_OIDC__MAIN__CLIENT_ID": "portal-staff",
    "STAFF_OIDC__MAIN__CLIENT_SECRET": "ss",
    "CRM__EMBEDDED__KIND": "embedded",
    "TRUSTED_PROXIES": "10.0.0.0/8",
}
NESTED: dict[str, type[BaseModel]] = {
    "customer_oidc__main": CustomerProviderSettings,
    "staff_oidc__main": StaffProviderSettings,
    "crm__embedded": ConnectorSettings,
}


def every_field() -> dict[str, FieldInfo]:
    """By its name in the example, where each audience has one provider, called main, and one CRM is shown."""
    tables = {prefix.partition("__")[0] for prefix in NESTED}
    plain = {name.upper(): field for name, field in Settings.model_fields.items() if name not in tables}
    nested = {
        f"{prefix}__{name}".upper(): field
        for prefix, model in NESTED.items()
        for name, field in model.model_fields.items()
    }
    return plain | nested


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in every_field():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)


def set_all(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in (COMPLETE | values).items():
        monkeypatch.setenv(name, value)


def test_the_example_lists_every_setting_and_nothing_else() -> None:
    listed = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)

    assert len(listed) == len(set(listed))
    assert set(listed) == set(every_field())


def test_the_example_shows_the_defaults() -> None:
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE):
        default = every_field()[name].default
        if isinstance(default, int) or (isinstance(default, str) and value and name.endswith(("SCOPES", "_CLAIM"))):
            assert value.lower() == str(default).lower(), name


@pytest.mark.asvs("13.3.1")
def test_the_example_has_no_secret_in_it() -> None:
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE):
        if isinstance(every_field()[name].default, SecretStr):
            assert value == "", name


def test_a_complete_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, STAFF_OIDC__MAIN__ROLES="crm-agents=agent, audit=auditor")

    settings = load_settings()

    assert not settings.development
    assert settings.staff_oidc["main"].roles == {"crm-agents": "agent", "audit": "auditor"}
    assert len(settings.key_encryption_bytes) == 32
    assert settings.audit_origin == "profile.example.com"


@pytest.mark.asvs("13.2.3")
@pytest.mark.parametrize("name", [name.upper() for name in REQUIRED_IN_PRODUCTION])
def test_what_is_required_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    set_all(monkeypatch)
    for given in COMPLETE:
        if given == name or given.startswith(f"{name}__"):
            monkeypatch.delenv(given)

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
        ("PUBLIC_URL", "https://Profile.Example.com"),
        ("PUBLIC_URL", "https://profile.example.com:443"),
        ("PUBLIC_URL", "https://profil-für-sie.example"),
        ("PUBLIC_URL", "https://profile.example.com:port"),
        ("PUBLIC_URL", "https://profile.example.com?a"),
        ("PUBLIC_URL", "https://somebody@profile.example.com"),
        ("DEFAULT_TIME_ZONE", "Europe/Lodnon"),
        ("DEFAULT_TIME_ZONE", "Europe"),
        ("DEFAULT_TIME_ZONE", "../../etc/passwd"),
        ("STAFF_OIDC__MAIN__ROLES", "admins=god"),
        ("STAFF_OIDC__MAIN__ISUER", "https://login.example.com"),
        ("STAFF_OIDC__MAIN__ISSUER", ""),
        ("CUSTOMER_OIDC__MAIN__CLIENT_ID", ""),
        ("CUSTOMER_OIDC__MAIN__CLIENT_AUTHENTICATION", "mtls"),
        ("CUSTOMER_OIDC__MAIN__SCOPES", "profile email"),
        ("CUSTOMER_OIDC__MAIN__SCOPES", "openid offline_access"),
        ("STEP_UP_MINUTES", "1"),
        ("SESSION_HOURS", "0"),
        ("LOG_FORMAT", "xml"),
        ("ENVIRONMENT", "staging"),
    ],
)
def test_what_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    set_all(monkeypatch, **{name: value})

    with pytest.raises(SettingsError, match=name):
        load_settings()


@pytest.mark.parametrize(
    "url",
    ["https://profile.example.com/", "https://profile.example.com:8443", "https://[2001:db8::1]", "https://a.80:80"],
)
def test_the_public_url_is_the_origin_that_a_browser_says(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    set_all(monkeypatch, PUBLIC_URL=url)

    assert load_settings().origin == url.rstrip("/")


@pytest.mark.parametrize("name", ["CRM", "CUSTOMER_OIDC", "STAFF_OIDC"])
@pytest.mark.parametrize("value", ["tryton", '{"embedded": {"kind": "tryton"}}'], ids=["word", "json"])
def test_a_variable_that_shares_a_name_with_a_table_is_somebody_elses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    set_all(monkeypatch)
    ours = load_settings()
    monkeypatch.setenv(name, value)
    assert load_settings() == ours
    monkeypatch.delenv(name)
    (tmp_path / ".env").write_text(f"{name}={value}\n", encoding="utf-8")
    assert load_settings() == ours


@pytest.mark.asvs("13.3.1")
def test_every_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_all(monkeypatch)
    for name, field in every_field().items():
        if isinstance(field.default, SecretStr):
            file = tmp_path / name
            file.write_text((KEY if name == "KEY_ENCRYPTION_KEY" else f"secret of {name}") + "\n")
            monkeypatch.delenv(name, raising=False)
            monkeypatch.setenv(f"{name}_FILE", str(file))

    settings = load_settings()

    assert settings.database_staff_password.get_secret_value() == "secret of DATABASE_STAFF_PASSWORD"
    of_staff = settings.staff_oidc["main"].client_secret.get_secret_value()
    assert of_staff == "secret of STAFF_OIDC__MAIN__CLIENT_SECRET"
    assert settings.key_encryption_key.get_secret_value() == KEY


def test_a_crm_has_a_name_and_settings_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("pat-1\n")
    set_all(
        monkeypatch,
        CRM__SALES__KIND="hubspot",
        CRM__SALES__URL="https://api.hubapi.com",
        CRM__SALES__TOKEN_FILE=str(tmp_path / "token"),
        CRM__EMBEDDED__KIND="embedded",
    )

    crm = load_settings().crm

    assert {name: one.kind for name, one in crm.items()} == {"sales": "hubspot", "embedded": "embedded"}
    assert crm["sales"].token.get_secret_value() == "pat-1"
    assert "pat-1" not in repr(crm)


@pytest.mark.parametrize("name", ["DATABASE_STAFF_PASSWORD_FILE", "STAFF_OIDC__MAIN__CLIENT_SECRET_FILE"])
def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    set_all(monkeypatch, **{name: "/nowhere/at/all"})

    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_secrets_do_not_show_in_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch)

    assert KEY not in repr(load_settings())
