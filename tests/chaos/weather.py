"""What runs in the storm, and what is done to it."""

import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from portal.db.embedded.program import account_for, program_folder, reachable
from portal.db.embedded.server import EmbeddedPostgres, start


class Weather:
    """What is running, and what has happened to it."""

    def __init__(self, home: Path, chance: random.Random) -> None:
        self.home, self.chance = home, chance
        self.postgres: EmbeddedPostgres = start(home / "postgres")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment: dict[str, str] = {}
        self.killed = {"web": 0, "worker": 0, "postgres": 0}

    def launch(self, name: str, *arguments: str) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, kind: str) -> str:
        """SIGKILL to one of a kind, by its id; gives its name."""
        name = self.chance.choice([name for name in self.processes if name.startswith(kind)])
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()
        self.killed[kind] += 1
        return name

    def crash(self) -> None:
        """`pg_ctl stop -m immediate`, and a start that has to recover."""
        data = self.home / "postgres" / "data"
        account = account_for(data)
        program = reachable(program_folder(), self.home / "postgres", account)
        command = [str(program / "pg_ctl"), "stop", "-D", str(data), "-m", "immediate", "-s"]
        subprocess.run(command, check=True, **(account.run_as if account else {}))
        self.postgres.stop()
        self.killed["postgres"] += 1
        time.sleep(1)
        self.postgres = start(self.home / "postgres")

    def end(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            if process.poll() is None:
                process.kill()
        self.postgres.stop()
