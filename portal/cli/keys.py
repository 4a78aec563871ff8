"""The keys by which identity providers know the portal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from portal.audit.cipher import KeyRing
from portal.cli.context import run
from portal.cli.terminal import terminal
from portal.db.database import Database, Role
from portal.identity.client_keys import ClientKey, ClientKeys
from portal.identity.provider import providers_of
from portal.identity.session import Audience
from portal.settings import Settings, load_settings

app = typer.Typer(help="The keys by which identity providers know the portal.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The keys by which identity providers know the portal."""


@app.command()
def show() -> None:
    """Say which keys there are, who needs them, and what to do next. No secret is printed."""
    settings = load_settings()

    async def main() -> None:
        async with _keys(settings) as keys:
            _tell(await keys.published(), settings)

    run(main())


@app.command()
def rotate(
    now: Annotated[
        bool, typer.Option(help="Do not wait until providers have seen the next key: others may have the current one.")
    ] = False,
) -> None:
    """Sign with the next key from now on, make a new next one, and drop the old one."""
    settings = load_settings()

    async def main() -> None:
        async with _keys(settings) as keys:
            _tell(await keys.rotate(at_once=now), settings)
            if now:
                _print("If somebody may have the key that signs now, too, run it once more.")

    run(main())


@asynccontextmanager
async def _keys(settings: Settings) -> AsyncIterator[ClientKeys]:
    async with Database.configured(settings, Role.WORKER) as database:
        yield ClientKeys(database, KeyRing(settings.key_encryption_bytes))


def _tell(published: list[ClientKey], settings: Settings) -> None:
    for key in published:
        what = "current, signs" if key.current else "next, waits"
        _print(f"{key.kid}  {what}  since {key.created_at:%Y-%m-%d %H:%M %Z}")
        if not key.readable:
            _print("  wrapped under another KEY_ENCRYPTION_KEY: run `portal keys rotate --now`")
    _print(f"Both are published at {settings.origin}/.well-known/jwks.json.")
    signed = [
        f"{audience} {provider.name}"
        for audience in Audience
        for provider in providers_of(settings, audience)
        if provider.settings.signs
    ]
    if signed:
        _print(f"Shown to: {', '.join(signed)}. Register that address there as the key set (jwks_uri).")
    else:
        _print("No provider needs them: each has a CLIENT_SECRET.")
    _print("Rotate them once a year, and when somebody leaves who could read the settings: `portal keys rotate`.")


def _print(line: str) -> None:
    terminal().print(line)
