"""pgbench, which runs a statement as fast as PostgreSQL takes it: the limit of whatever saves."""

import re
import subprocess
from dataclasses import dataclass

from sqlalchemy import make_url

from bench.ground import PASSWORD, Ground
from bench.processes import cpu_seconds
from portal.db.database import Role
from portal.db.embedded.program import program_folder

FOUND = re.compile(r"tps = ([0-9.]+)")
DONE = re.compile(r"transactions actually processed: (\d+)")
FAILED = re.compile(r"number of failed transactions: (\d+)")


@dataclass(frozen=True)
class Ran:
    """What one run found: transactions a second, the seconds of CPU that PostgreSQL used for each, and how many."""

    rate: float
    database: float
    number: int


def pgbench(ground: Ground, script: str, *, clients: int, seconds: float, role: Role = Role.WORKER) -> Ran:
    """Run a script of pgbench's, its statements prepared, as many clients at a time.

    Raises:
        RuntimeError: a statement failed.
    """
    path = ground.folder / "script.sql"
    path.write_text(script, encoding="utf-8")
    host = str(make_url(ground.admin_url).query["host"])
    command = [
        str(program_folder() / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=1",
        f"--time={max(1, round(seconds))}", f"--file={path}", f"--host={host}", f"--username={role.user}", "bench",
    ]  # fmt: skip
    before = cpu_seconds(ground.postgres)
    ran = subprocess.run(command, env={"PGPASSWORD": PASSWORD}, capture_output=True, text=True, check=False)
    used = cpu_seconds(ground.postgres) - before
    rate, done, failed = FOUND.search(ran.stdout), DONE.search(ran.stdout), FAILED.search(ran.stdout)
    if ran.returncode or not rate or not done or (failed and int(failed[1])):
        raise RuntimeError(f"pgbench: {ran.stderr[-1000:]}{ran.stdout[-500:]}")
    return Ran(float(rate[1]), used / int(done[1]), int(done[1]))
