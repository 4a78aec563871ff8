"""`portal keys`: which keys there are, and what to do next, in words and without a secret."""

import base64
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

from tests.commands import environment, portal


@pytest.fixture
def env(empty_database: URL) -> dict[str, str]:
    return environment(empty_database)


def kids(told: str) -> list[str]:
    return [line.split()[0] for line in told.splitlines() if ", signs" in line or ", waits" in line]


def test_they_are_shown_with_who_needs_them_and_are_not_turned_too_soon(
    env: dict[str, str], empty_database: URL, tmp_path: Path
) -> None:
    env |= {"CUSTOMER_OIDC__SHOP__ISSUER": "https://shop.example", "CUSTOMER_OIDC__SHOP__CLIENT_ID": "portal"}
    told = portal("keys", "show", env=env, folder=tmp_path)
    assert told.returncode == 0, told.stderr
    before = kids(told.stdout)
    assert len(before) == 2 and "/.well-known/jwks.json" in told.stdout
    assert "Shown to: customer shop." in told.stdout and "jwks_uri" in told.stdout

    refused = portal("keys", "rotate", env=env, folder=tmp_path)
    assert refused.returncode == 1 and "Nothing was changed." in refused.stderr and "--now" in refused.stderr
    assert "Traceback" not in refused.stderr

    url = empty_database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("UPDATE keys.client_key SET created_at = created_at - interval '2 days'")
    told = portal("keys", "rotate", env=env, folder=tmp_path)
    assert told.returncode == 0, told.stderr
    assert kids(told.stdout)[0] == before[1], "what waited signs now"


def test_another_key_encryption_key_is_said_and_mended(env: dict[str, str], tmp_path: Path) -> None:
    portal("keys", "show", env=env, folder=tmp_path)
    moved = env | {"KEY_ENCRYPTION_KEY": base64.b64encode(b"x" * 32).decode()}
    told = portal("keys", "show", env=moved, folder=tmp_path)
    assert "wrapped under another KEY_ENCRYPTION_KEY" in told.stdout and "No provider needs them" in told.stdout
    mended = portal("keys", "rotate", "--now", env=moved, folder=tmp_path)
    assert mended.returncode == 0 and "another" not in mended.stdout
    assert not set(kids(mended.stdout)) & set(kids(told.stdout))
