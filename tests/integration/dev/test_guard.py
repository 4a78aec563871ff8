"""What is for trying out refuses to start where people are served: in a sentence, and before anything is opened."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.settings import SettingsError, load_settings

OUTSIDE = "https://profile.example.com"
MINIMAL = {
    "DATABASE_URL": "postgresql://127.0.0.1:1/none",
    "KEY_ENCRYPTION_KEY": "a2V5IGVuY3J5cHRpb24ga2V5IGZvciB0aGUgdGVzdHM=",
}

pytestmark = pytest.mark.asvs("13.4.2")


def run(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**kept, **MINIMAL, **variables},
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("portal", "dev"), "The demo lets anybody in as anybody"),
        (
            ("portal.dev.provider", "--port", "9"),
            "The demo's identity provider takes everybody's word for who they are",
        ),
    ],
)
def test_the_demo_and_its_provider_refuse_an_address_that_others_reach(
    tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    refused = run(tmp_path, *arguments, PUBLIC_URL=OUTSIDE)

    assert refused.returncode == 1
    assert f"{why}, so it is for one machine alone, and PUBLIC_URL is {OUTSIDE}." in refused.stderr
    assert "Traceback" not in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_also_when_it_stands_in_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"PUBLIC_URL={OUTSIDE}\n")

    assert OUTSIDE in run(tmp_path, "portal", "dev").stderr


@pytest.mark.parametrize("command", [("demo", "load"), ("demo", "flood"), ("serve",), ("work",)])
def test_development_is_for_one_machine(tmp_path: Path, command: tuple[str, ...]) -> None:
    refused = run(tmp_path, "portal", *command, ENVIRONMENT="development", PUBLIC_URL=OUTSIDE)

    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        "ENVIRONMENT=development switches protections off, so it is for one machine alone: "
        "PUBLIC_URL must be on localhost then"
    )


@pytest.mark.parametrize("url", ["http://192.168.1.5:8000", "http://portal.internal", "http://[2001:db8::1]"])
def test_a_private_address_is_one_that_others_reach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="for one machine alone"):
        load_settings(environment="development", public_url=url)


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.0.0.1:9", "http://[::1]:8000"])
def test_ones_own_machine_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(environment="development", public_url=url).development


def test_demo_data_refuse_production(tmp_path: Path) -> None:
    providers = {
        f"{audience}_OIDC__MAIN__{name}": value
        for audience in ("CUSTOMER", "STAFF")
        for name, value in (("ISSUER", "https://login.example.com"), ("CLIENT_ID", "portal"))
    }
    passwords = {f"DATABASE_{role}_PASSWORD": "x" for role in ("CUSTOMER", "STAFF", "WORKER")}

    refused = run(
        tmp_path, "portal", "demo", "load", PUBLIC_URL=OUTSIDE, TRUSTED_PROXIES="none", **providers, **passwords
    )

    assert refused.returncode == 1
    assert refused.stderr.strip().startswith("Demo data belong in a development environment")


def test_production_has_no_demo_mailbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    provider = {"main": {"issuer": "https://login.example.com", "client_id": "portal"}}
    values = {
        **{f"database_{role}_password": "x" for role in ("customer", "staff", "worker")},
        **{name.lower(): value for name, value in MINIMAL.items()},
        "trusted_proxies": "none",
    }
    with pytest.raises(SettingsError, match="DEMO_MAILBOX shows everybody's mail to everybody"):
        load_settings(public_url=OUTSIDE, customer_oidc=provider, staff_oidc=provider, demo_mailbox=tmp_path, **values)
