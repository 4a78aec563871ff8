"""What `portal dev` decides, and what it leaves to whoever starts it."""

import subprocess
from pathlib import Path

import pytest

from portal.dev.environment import demo_settings, mail_settings, write_for_shell

URLS = {
    "public_url": "http://localhost:8000",
    "issuer": "http://127.0.0.1:8001",
    "database_url": "postgresql:///portal?host=/x",
}


def test_both_audiences_sign_in_at_the_demo_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CUSTOMER_OIDC__DEMO__ISSUER", "STAFF_OIDC__DEMO__ISSUER"):
        monkeypatch.delenv(name, raising=False)
    settings = demo_settings(**URLS, secret_files={}, mail={}, crm={})
    assert settings["CUSTOMER_OIDC__DEMO__ISSUER"] == settings["STAFF_OIDC__DEMO__ISSUER"] == "http://127.0.0.1:8001"
    assert settings["ENVIRONMENT"] == "development"


def test_a_setting_that_somebody_wants_to_try_out_keeps_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAND_NAME", "Acme")
    monkeypatch.setenv("KEY_ENCRYPTION_KEY", "theirs")
    settings = demo_settings(**URLS, secret_files={"KEY_ENCRYPTION_KEY_FILE": "ours"}, mail={}, crm={})
    assert "BRAND_NAME" not in settings
    assert "KEY_ENCRYPTION_KEY_FILE" not in settings


def test_the_demo_is_never_taken_for_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("PUBLIC_URL", "https://portal.example.com")
    settings = demo_settings(**URLS, secret_files={}, mail={}, crm={})
    assert settings["ENVIRONMENT"] == "development"
    assert settings["PUBLIC_URL"] == "http://localhost:8000"


def test_a_shell_reads_the_settings_as_they_are(tmp_path: Path) -> None:
    write_for_shell(tmp_path / "shell.env", {"BRAND_NAME": "It's $HOME & more"})
    shell = subprocess.run(
        ["sh", "-c", f'. {tmp_path}/shell.env; printf %s "$BRAND_NAME"'], capture_output=True, text=True, timeout=10
    )
    assert shell.stdout == "It's $HOME & more"


def test_mail_goes_to_the_demos_mailbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SMTP_HOST", raising=False)
    mail = mail_settings(8002, tmp_path)
    assert (mail["SMTP_HOST"], mail["SMTP_PORT"], mail["DEMO_MAILBOX"]) == ("127.0.0.1", "8002", str(tmp_path))


def test_unless_somebody_wants_to_try_out_a_mail_server_of_theirs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SMTP_HOST", "mail.example.com")
    assert mail_settings(8002, tmp_path) == {}


def test_nobody_else_reads_what_is_for_the_shell(tmp_path: Path) -> None:
    file = tmp_path / "shell.env"

    write_for_shell(file, {"DATABASE_URL": "postgresql://admin:secret@localhost/portal"})

    assert file.stat().st_mode & 0o777 == 0o600


def test_another_crm_has_its_settings_and_leaves_a_catalogue_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    crm = {"CATALOGUE": "ours", "CRM__TRYTON__KIND": "tryton"}
    monkeypatch.delenv("CATALOGUE", raising=False)
    assert demo_settings(**URLS, secret_files={}, mail={}, crm=crm)["CATALOGUE"] == "ours"
    monkeypatch.setenv("CATALOGUE", "theirs")
    settings = demo_settings(**URLS, secret_files={}, mail={}, crm=crm)
    assert "CATALOGUE" not in settings and settings["CRM__TRYTON__KIND"] == "tryton"
