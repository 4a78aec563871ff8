"""The peer, running: Django in an environment of its own (`make .venv/.peers`), with the same customers."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from bench.ground import Ground
from bench.load import Visitor
from bench.people import CHROME, HEAD, Person
from bench.processes import ROOT, free_port, served
from bench.row import CannotBeMeasured
from portal.db.database import Role
from portal.record.models import Record
from portal.record.read import read

PYTHON = ROOT / ".venv" / "peers" / "bin" / "python"
FOLDER = Path(__file__).parent
CSRF = "c" * 32
FIELDS = (
    "given_name", "family_name", "call_me", "pronunciation", "pronouns", "language", "time_zone", "good_to_know",
    "account_tier",
)  # fmt: skip
THREADS = 4


@dataclass(frozen=True)
class Peer:
    """Django behind gunicorn, and who is logged in there."""

    port: int
    pid: int
    sessions: list[str]

    @property
    def pages(self) -> list[Visitor]:
        return [Visitor(_head("GET", "/record", f"Cookie: sessionid={session}\r\n\r\n")) for session in self.sessions]

    @property
    def saves(self) -> list[Visitor]:
        """The same section as the portal's, saved with other pronouns each time."""
        body = (
            f"csrfmiddlewaretoken={CSRF}&given_name=Alice&family_name=Marsh&call_me=&pronunciation=&language=en"
            "&time_zone=Europe%2FLondon&pronouns={word}"
        )
        more = (
            "Cookie: sessionid={session}; csrftoken={csrf}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            "Content-Length: {length}\r\n\r\n"
        )
        return [
            Visitor(_head("POST", "/record/profile/about", more.replace("{session}", s).replace("{csrf}", CSRF)), body)
            for s in self.sessions
        ]


@contextmanager
def django(ground: Ground, records: list[Record], *, processes: int = 1) -> Iterator[Peer]:
    """So many processes of Django, the same records in a database of its own on the same server.

    Raises:
        CannotBeMeasured: its environment is not there.
    """
    python = PYTHON
    if not python.exists():
        raise CannotBeMeasured("the peer is not installed: make .venv/.peers")
    host = _database(ground)
    environment = {"PEER_HOST": host, "PYTHONPATH": str(FOLDER), "DJANGO_SETTINGS_MODULE": "peer.settings"}
    prepared = subprocess.run(
        [python, "-m", "django", "prepare"], input=json.dumps([_plain(record) for record in records]), env=environment,
        cwd=FOLDER, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if prepared.returncode:
        raise RuntimeError(prepared.stderr[-2000:])
    port = free_port()
    command = [
        str(python), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(processes),
        "--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "60",
        "--log-level", "warning", "peer.wsgi",
    ]  # fmt: skip
    with served(command, environment, ground.folder / "peer.log", port=port, folder=FOLDER) as pid:
        yield Peer(port, pid, json.loads(prepared.stdout))


async def records(ground: Ground, people: list[Person]) -> list[Record]:
    """The records of some customers, for a peer to hold the same."""
    async with ground.store(Role.WORKER) as store:
        found = [await read(store.database, store.keys, person.id) for person in people if person.id]
    return [stored.record for stored in found if stored]


def _database(ground: Ground) -> str:
    """An empty database for the peer, owned by a user of its own; gives the folder of the server's socket."""
    with ground.as_administrator() as admin:
        admin.execute("DROP DATABASE IF EXISTS peer WITH (FORCE)")
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'peer'").fetchone():
            admin.execute("CREATE ROLE peer LOGIN PASSWORD 'peer'")
        admin.execute("CREATE DATABASE peer OWNER peer")
    return str(make_url(ground.admin_url).query["host"])


def _head(method: str, path: str, more: str) -> str:
    return HEAD.replace("{more}", more).format(method=method, path=path, encoding=CHROME, length="{length}")


def _plain(record: Record) -> dict[str, Any]:
    profile = {key: str(record.profile.get(key) or "") for key in FIELDS}
    return {
        "number": record.number,
        "profile": profile,
        "points": [{"system": p.system, "value": p.value, "use": p.use, "rank": p.rank} for p in record.contact_points],
        "windows": [
            {
                "kind": w.kind, "channel": w.channel or "", "weekdays": list(w.weekdays), "start": str(w.start),
                "end": str(w.end), "time_zone": w.time_zone,
            }
            for w in record.contact_windows
        ],
        "consents": [
            {
                "purpose": c.purpose, "channel": c.channel, "status": c.status, "capture_date": str(c.capture_date),
                "notice_version": c.notice_version,
            }
            for c in record.consents
        ],
        "notes": [
            {
                "id": str(n.id), "about": str(n.about) if n.about else None, "body": n.body,
                "author_kind": n.author_kind, "author": n.author, "created_at": str(n.created_at),
            }
            for n in record.notes
        ],
    }  # fmt: skip
