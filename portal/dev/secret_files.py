"""What only its owner reads on a development machine: folders, and the secrets, which are made once."""

import base64
import os
import secrets
from pathlib import Path

PASSWORDS = (
    "DATABASE_OWNER_PASSWORD",
    "DATABASE_CUSTOMER_PASSWORD",
    "DATABASE_STAFF_PASSWORD",
    "DATABASE_WORKER_PASSWORD",
    "CUSTOMER_OIDC__DEMO__CLIENT_SECRET",
    "STAFF_OIDC__DEMO__CLIENT_SECRET",
)
KEYS = ("KEY_ENCRYPTION_KEY",)


def secret_files(folder: Path) -> dict[str, str]:
    """Make the files that are missing; returns the settings that name them, NAME_FILE by NAME_FILE."""
    own_folder(folder)
    for name in PASSWORDS:
        _make(folder / name.lower(), secrets.token_urlsafe(32))
    for name in KEYS:
        _make(folder / name.lower(), base64.b64encode(secrets.token_bytes(32)).decode())
    return {f"{name}_FILE": str(folder / name.lower()) for name in (*PASSWORDS, *KEYS)}


def own_folder(folder: Path) -> None:
    """Make a folder into which nobody else looks; one that is there is closed, whatever it was before."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _make(path: Path, secret: str) -> None:
    """Written under another name first: half a secret would be a wrong one for ever."""
    if path.exists():
        return
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secret)
    unfinished.rename(path)
