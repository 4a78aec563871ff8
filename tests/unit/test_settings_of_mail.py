"""The settings of mail: wanted or not, and if so, complete."""

from pathlib import Path
from typing import Any

import pytest

from portal.settings import SettingsError, load_settings
from portal.settings.mail import SmtpTls

COMPLETE: dict[str, Any] = {
    "environment": "development",
    "smtp_host": "mail.example.com",
    "mail_from": "service@example.com",
    "_env_file": None,
}


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_no_mail_needs_no_settings() -> None:
    assert load_settings(**COMPLETE | {"smtp_host": "", "mail_from": ""}).smtp_host == ""


def test_encryption_is_asked_for_unless_somebody_says_otherwise() -> None:
    assert load_settings(**COMPLETE).smtp_tls is SmtpTls.STARTTLS


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_way_has_its_usual_port(tls: str, port: int) -> None:
    assert load_settings(**COMPLETE, smtp_tls=tls).smtp_port_used == port
    assert load_settings(**COMPLETE, smtp_tls=tls, smtp_port=2525).smtp_port_used == 2525


@pytest.mark.asvs("13.3.1")
def test_the_password_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    monkeypatch.setenv("SMTP_PASSWORD_FILE", str(tmp_path / "password"))

    settings = load_settings(**COMPLETE, smtp_username="portal")

    assert settings.smtp_password.get_secret_value() == "secret"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"mail_from": ""}, "MAIL_FROM is missing"),
        ({"mail_from": "Northwind <service@example.com>"}, "MAIL_FROM must be an address such as"),
        ({"mail_from": "a@example.com\nBcc: b@example.com"}, "MAIL_FROM must be an address such as"),
        ({"mail_reply_to": "nobody"}, "MAIL_REPLY_TO must be an address such as"),
        ({"smtp_username": "portal"}, "SMTP_USERNAME and SMTP_PASSWORD go together"),
        ({"smtp_password": "secret"}, "SMTP_USERNAME and SMTP_PASSWORD go together"),
        ({"smtp_tls": "none", "smtp_username": "portal", "smtp_password": "secret"}, "in the clear"),
        ({"smtp_tls": "maybe"}, "SMTP_TLS"),
        ({"smtp_port": "0"}, "SMTP_PORT"),
        ({"smtp_ca_file": "/nowhere/ca.pem"}, "SMTP_CA_FILE: /nowhere/ca.pem is no file"),
    ],
)
def test_a_mistake_is_told_by_its_name(wrong: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_settings(**COMPLETE | wrong)


def test_a_password_may_go_unencrypted_to_the_machine_itself() -> None:
    values = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "smtp_username": "portal", "smtp_password": "secret"}

    assert load_settings(**COMPLETE | values).smtp_username == "portal"
