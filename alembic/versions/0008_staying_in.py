"""Drafts that survive a login, where somebody is logged in, and how often somebody may try."""

from pathlib import Path

from alembic import op

import portal

revision = "0008"
down_revision = "0007"

# By its forms a session is known after it has ended: only the hash of the secret in them is kept.
SESSION = """
ALTER TABLE portal.session
    ADD COLUMN form_hash bytea,
    ADD CONSTRAINT ck_session_form_hash CHECK (octet_length(form_hash) = 32);
CREATE INDEX ix_session_form_hash ON portal.session (form_hash) WHERE form_hash IS NOT NULL;
"""

TABLES = """
CREATE TABLE portal.ended_session (
    form_hash bytea PRIMARY KEY,
    audience text NOT NULL,
    whose uuid NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_ended_session_ended_at ON portal.ended_session (ended_at);

-- What somebody typed when they were no longer logged in. It can be read only with the token that their browser has.
CREATE TABLE portal.draft (
    token_hash bytea PRIMARY KEY,
    audience text NOT NULL CONSTRAINT ck_draft_audience CHECK (audience IN ('customer', 'staff')),
    whose uuid NOT NULL,
    path text NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL DEFAULT clock_timestamp() + interval '1 hour',
    CONSTRAINT ck_draft_token_hash CHECK (octet_length(token_hash) = 32),
    CONSTRAINT ck_draft_size CHECK (octet_length(sealed) <= 131072 AND length(path) <= 2000)
);
CREATE INDEX ix_draft_whose ON portal.draft (whose, created_at);
CREATE INDEX ix_draft_expires_at ON portal.draft (expires_at);

-- How often somebody tried, for all machines. Not worth a write-ahead log: after a crash it begins anew.
CREATE UNLOGGED TABLE portal.attempt (
    key bytea PRIMARY KEY,
    taken_until timestamptz NOT NULL
) WITH (fillfactor = 70);
"""

# Forced on the drafts alone: the trigger that fills ended_session runs as the owner.
POLICIES = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY staff ON {table} TO portal_staff USING (true);
CREATE POLICY worker ON {table} TO portal_worker USING (true);
"""

TRIGGER = """
REVOKE ALL ON FUNCTION portal.session_ended_v1() FROM PUBLIC;
CREATE TRIGGER ended AFTER DELETE ON portal.session FOR EACH ROW EXECUTE FUNCTION portal.session_ended_v1();
CREATE TRIGGER renewed AFTER UPDATE OF form_hash ON portal.session
FOR EACH ROW WHEN (OLD.form_hash IS DISTINCT FROM NEW.form_hash) EXECUTE FUNCTION portal.session_ended_v1();
"""

GRANTS = """
GRANT SELECT ON portal.ended_session TO portal_staff;
GRANT SELECT, DELETE ON portal.ended_session TO portal_worker;
GRANT SELECT, INSERT, DELETE ON portal.draft TO portal_staff;
GRANT SELECT, DELETE ON portal.draft TO portal_worker;
GRANT SELECT, INSERT, UPDATE ON portal.attempt TO portal_staff;
GRANT SELECT, DELETE ON portal.attempt TO portal_worker;
GRANT SELECT, DELETE ON portal.logout_token TO portal_worker;
"""

FUNCTIONS = ("staff_changed_v1.sql", "session_ended_v1.sql", "session_list_v1.sql", "attempt_v1.sql", "purge_v2.sql")


def upgrade() -> None:
    op.execute(SESSION)
    op.execute(TABLES)
    for name in FUNCTIONS:
        op.execute((Path(portal.__file__).parent / "identity" / name).read_text(encoding="utf-8"))
    for table in ("portal.ended_session", "portal.draft"):
        op.execute(POLICIES.format(table=table))
    op.execute("ALTER TABLE portal.draft FORCE ROW LEVEL SECURITY")
    op.execute(TRIGGER)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("DROP TRIGGER renewed ON portal.session")
    op.execute("DROP TRIGGER ended ON portal.session")
    op.execute("DROP TRIGGER staff_changed ON portal.staff")
    op.execute("DROP FUNCTION portal.staff_changed_v1")
    op.execute(
        "DROP FUNCTION portal.identity_purge_v2, portal.attempt_v1, portal.session_list_v1, portal.session_ended_v1"
    )
    op.execute("REVOKE SELECT, DELETE ON portal.logout_token FROM portal_worker")
    op.execute("DROP TABLE portal.attempt, portal.draft, portal.ended_session")
    op.execute("ALTER TABLE portal.session DROP COLUMN form_hash")
