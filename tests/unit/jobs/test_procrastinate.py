"""What the portal takes for granted of the installed Procrastinate."""

from pathlib import Path

import procrastinate
from procrastinate.schema import SchemaManager
from procrastinate.sql import queries
from procrastinate.worker import Worker

import portal
from portal.jobs.connector import qualified


def test_the_migrations_make_the_tables_that_it_wants() -> None:
    """If this fails, the version brings a new schema: write a migration that does what its own ones do."""
    ours = (Path(portal.__file__).parent / "jobs" / "procrastinate_3_10.sql").read_text(encoding="utf-8")

    assert ours.endswith(SchemaManager.get_schema())


def test_every_name_in_its_statements_gets_its_schema() -> None:
    for name, query in queries.items():
        bare = qualified(query).replace("jobs.procrastinate_", "")
        assert "procrastinate_" not in bare.replace("to_regclass('procrastinate_jobs')", ""), name
    assert "FROM jobs.procrastinate_fetch_job_v2(" in qualified(queries["fetch_job"])
    assert qualified(qualified(queries["fetch_job"])) == qualified(queries["fetch_job"])


def test_its_worker_still_has_the_side_task_that_ours_replaces() -> None:
    assert callable(Worker._periodic_deferrer), procrastinate.__version__
