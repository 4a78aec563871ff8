"""Work that is done once, later: Procrastinate's tables, and the few ways to reach them."""

from pathlib import Path

from alembic import op

import portal

revision = "0010"
down_revision = "0009"

# Nobody listens: workers ask. A notification would only take the lock that all commits of the database share.
WITHOUT_NOTIFY = """
DROP TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 ON jobs.procrastinate_jobs;
DROP TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 ON jobs.procrastinate_jobs;
"""

# Procrastinate's functions name their tables without a schema. They carry the way to them, because a connection that
# somebody lends for one statement has none.
FUNCTIONS = """
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'jobs'::regnamespace LOOP
        EXECUTE 'ALTER FUNCTION ' || v_function || ' SET search_path = jobs, pg_temp';
        EXECUTE 'REVOKE ALL ON FUNCTION ' || v_function || ' FROM PUBLIC';
        EXECUTE 'GRANT EXECUTE ON FUNCTION ' || v_function || ' TO portal_worker';
    END LOOP;
END
$$;
"""

GRANTS = """
GRANT USAGE ON SCHEMA jobs TO portal_customer, portal_staff, portal_worker;
GRANT EXECUTE ON FUNCTION jobs.defer_v1 TO portal_customer, portal_staff;
GRANT EXECUTE ON FUNCTION jobs.status_v1 TO portal_staff;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO portal_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO portal_worker;
"""


def upgrade() -> None:
    op.execute("CREATE SCHEMA jobs")
    op.execute("SET LOCAL search_path = jobs, pg_temp")
    op.execute(_file("jobs/procrastinate_3_10.sql"))
    op.execute("SET LOCAL search_path TO DEFAULT")
    op.execute(WITHOUT_NOTIFY)
    op.execute(_file("jobs/jobs_v1.sql"))
    op.execute(FUNCTIONS)
    op.execute(GRANTS)
    op.execute(_file("record/write_and_defer_v1.sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION portal.record_write_and_defer_v1")
    op.execute("DROP SCHEMA jobs CASCADE")


def _file(name: str) -> str:
    return (Path(portal.__file__).parent / name).read_text(encoding="utf-8")
