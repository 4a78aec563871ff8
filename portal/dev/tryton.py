"""A real Tryton beside the demo: another CRM, in which an agent finds the same customers.

It is no part of the portal: it lives in an environment of its own, and its database is a file in a folder of its own.
"""

import hashlib
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from portal.crm.sample import sample
from portal.dev.secret_files import own_folder
from portal.errors import Unavailable
from portal.paths import resource

HOST = "127.0.0.1"
DATABASE, PASSWORD = "crm", "northwind"
PORTAL, AGENT = "portal", "grace"
"""Who is known there, by the module `northwind`; both with that password."""
MODULES = ("customer_portal", "northwind")
CONFIGURATION = """\
[database]
uri = sqlite://
path = {folder}
[web]
listen = {host}:{port}
"""
ENTRY_POINTS = "[trytond.modules]\n" + "".join(f"{name} = {name}\n" for name in MODULES)
CONSOLE = """\
#!/bin/sh
PYTHONPATH={path} exec {program} -c {configuration} -d {database} "$@"
"""


def installed() -> Path:
    """The folder of Tryton's programs: beside our own environment, where make puts it, or on the PATH.

    Raises:
        Unavailable: it is not installed.
    """
    own, on_path = Path(sys.prefix, "tryton", "bin", "trytond"), shutil.which("trytond")
    if own.exists():
        return own.parent
    if on_path:
        return Path(on_path).resolve().parent
    raise Unavailable(
        "Tryton is not installed.",
        hint="In a checkout, make run CRM=tryton does that. Elsewhere: python3 -m venv tryton && "
        "tryton/bin/pip install 'trytond==8.2.*' 'trytond-party==8.2.*', and have tryton/bin on the PATH.",
    )


@dataclass(frozen=True)
class Tryton:
    """One server with one database.

    Attributes:
        programs: where Tryton's are.
        folder: where its database and its configuration are.
        port: on the loopback interface.
    """

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def console(self) -> Path:
        """Tryton's own console, as a program."""
        return self.folder / "console"

    @property
    def environment(self) -> dict[str, str]:
        """What its programs need besides: where our modules are, and the password of whoever administers it."""
        modules = map(str, (self.folder / "modules", resource("contrib") / "tryton"))
        return {"PYTHONPATH": os.pathsep.join(modules), "TRYTONPASSFILE": str(self._password)}

    def write_configuration(self) -> None:
        """Everything but the database."""
        own_folder(self.folder)
        entry_points = self.folder / "modules" / "northwind-8.2.dist-info" / "entry_points.txt"
        entry_points.parent.mkdir(parents=True, exist_ok=True)
        entry_points.write_text(ENTRY_POINTS, encoding="ascii")
        configuration = CONFIGURATION.format(folder=self.folder, host=HOST, port=self.port)
        self._configuration.write_text(configuration, encoding="utf-8")
        self._password.write_text(PASSWORD, encoding="ascii")
        (self.folder / "catalogue.toml").write_text(sample("tryton", "tryton"), encoding="utf-8")
        self._write_console()

    def _write_console(self) -> None:
        parts = {"program": self.programs / "trytond-console", "configuration": self._configuration}
        quoted = {name: shlex.quote(str(part)) for name, part in parts.items()}
        search = shlex.quote(self.environment["PYTHONPATH"])
        self.console.write_text(CONSOLE.format(**quoted, path=search, database=DATABASE), encoding="utf-8")
        self.console.chmod(0o700)

    @property
    def is_set_up(self) -> bool:
        """Whether its database is there, made by this Tryton and from these modules."""
        return self._made.exists() and self._made.read_text(encoding="ascii") == self._state()

    def set_up(self) -> list[str]:
        """The command that makes the database, or brings it up to date, in up to a minute."""
        (self.folder / f"{DATABASE}.sqlite").touch()
        modules = ["-u", "ir", "res", "party", *MODULES, "--activate-dependencies"]
        return [*self._program("trytond-admin"), *modules, "--email", "admin@northwind.example"]

    def has_set_up(self) -> None:
        """To be said when that command has ended well."""
        self._made.write_text(self._state(), encoding="ascii")

    def serve(self) -> list[str]:
        """The command that serves it."""
        return self._program("trytond")

    def _program(self, name: str) -> list[str]:
        return [str(self.programs / name), "-c", str(self._configuration), "-d", DATABASE]

    @property
    def settings(self) -> dict[str, str]:
        """What the portal is to know of it, and of the built-in CRM, which stays."""
        return {
            "CATALOGUE": str(self.folder / "catalogue.toml"),
            "CRM__EMBEDDED__KIND": "embedded",
            "CRM__TRYTON__KIND": "tryton",
            "CRM__TRYTON__LABEL": "Tryton",
            "CRM__TRYTON__URL": self.url,
            "CRM__TRYTON__DATABASE": DATABASE,
            "CRM__TRYTON__USERNAME": PORTAL,
            "CRM__TRYTON__PASSWORD_FILE": str(self._password),
            "CRM__TRYTON__NUMBER_FIELD": "code",
            "CRM__TRYTON__ALLOW_PRIVATE": "true",
        }

    @property
    def _configuration(self) -> Path:
        return self.folder / "trytond.conf"

    @property
    def _password(self) -> Path:
        return self.folder / "password"

    @property
    def _made(self) -> Path:
        return self.folder / "made"

    def _state(self) -> str:
        modules = [path for name in MODULES for path in sorted((resource("contrib") / "tryton" / name).rglob("*.*"))]
        sources = b"".join(path.read_bytes() for path in modules if path.is_file() and path.suffix != ".pyc")
        packages = sorted(path.name for path in self.programs.parent.glob("lib/*/site-packages/trytond*.dist-info"))
        return hashlib.sha256(sources + "".join(packages).encode()).hexdigest()
