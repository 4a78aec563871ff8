"""What keeps the sync truthful: breaker and budget, webhooks, erasure, drift, what happened and how it went."""

from pathlib import Path

from alembic import op

import portal

revision = "0011"
down_revision = "0010"

TABLES = """
-- Whether a CRM may be called now, for all machines together: its circuit breaker (portal/sync/gate.py) and its budget.
-- Not in portal.connector, which every write of a record refers to.
CREATE TABLE portal.connector_gate (
    connector text PRIMARY KEY CONSTRAINT fk_connector_gate_connector REFERENCES portal.connector,
    failures integer NOT NULL DEFAULT 0,       -- passes in a row that got no answer
    trips integer NOT NULL DEFAULT 0,          -- how often the breaker opened since the last answer
    open_until timestamptz,                    -- no call before; then one worker at a time tries one record
    opened_at timestamptz,
    closed_at timestamptz,
    probing_until timestamptz,
    shut_until timestamptz,                    -- the CRM asked for a break
    rate_calls integer,                        -- what it takes, in so many seconds; NULL where nobody counts
    rate_seconds float8,
    tokens float8,                             -- of that, what was left at filled_at; less than none is a debt
    filled_at timestamptz,
    remaining bigint,                          -- what it last told of its own counting
    remaining_of bigint,
    resets_at timestamptz,
    calls bigint NOT NULL DEFAULT 0,           -- ever made
    last_error text,
    last_error_at timestamptz,
    sweeping_until timestamptz,                -- a worker looks for drift
    swept_through uuid,
    swept_at timestamptz,                      -- when all records had been looked at
    resyncing_since timestamptz,               -- every record is being compared anew
    resynced_through uuid,
    resynced_at timestamptz,
    sampled_at timestamptz,
    sampled_calls bigint NOT NULL DEFAULT 0
);
INSERT INTO portal.connector_gate (connector) SELECT name FROM portal.connector;

-- A webhook's events, each once. What it says is never believed further than that the contact is to be read.
CREATE TABLE portal.inbox (
    connector text NOT NULL CONSTRAINT fk_inbox_connector REFERENCES portal.connector,
    event_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    customer_id uuid,
    remote_id text,
    CONSTRAINT pk_inbox PRIMARY KEY (connector, event_id)
);
CREATE INDEX ix_inbox_at ON portal.inbox (at);

-- What operators want to know about later: portal/sync/events.py. Never a personal value. Insert-only.
CREATE TABLE portal.sync_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    connector text NOT NULL CONSTRAINT fk_sync_event_connector REFERENCES portal.connector,
    event text NOT NULL,
    actor text NOT NULL,
    customer_id uuid,
    facts jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ix_sync_event_connector ON portal.sync_event (connector, id DESC);
CREATE INDEX ix_sync_event_event ON portal.sync_event (connector, event, at);
CREATE INDEX ix_sync_event_customer ON portal.sync_event (customer_id, id) WHERE customer_id IS NOT NULL;

-- How it went, every few seconds, for a day: what the operators' page draws.
CREATE TABLE portal.sync_sample (
    connector text NOT NULL CONSTRAINT fk_sync_sample_connector REFERENCES portal.connector,
    at timestamptz NOT NULL,
    backlog bigint NOT NULL,
    lag float8 NOT NULL,
    parked bigint NOT NULL,
    delivered bigint NOT NULL,                 -- since the sample before
    calls bigint NOT NULL,                     -- since the sample before
    CONSTRAINT pk_sync_sample PRIMARY KEY (connector, at)
);

-- What a CRM is to have of a customer: the record, the record with a sign that processing is restricted, or nothing.
ALTER TABLE portal.sync_state
    ADD COLUMN wanted text NOT NULL DEFAULT 'record'
        CONSTRAINT ck_sync_state_wanted CHECK (wanted IN ('record', 'restricted', 'erased')),
    ADD COLUMN wanted_at timestamptz,
    ADD COLUMN confirmed_at timestamptz,
    DROP CONSTRAINT ck_sync_state_status,
    ADD CONSTRAINT ck_sync_state_status CHECK (
        status IN ('waiting', 'synced', 'retrying', 'verifying', 'parked', 'skipped', 'erased'));
CREATE INDEX ix_sync_state_unconfirmed ON portal.sync_state (connector, wanted_at)
    WHERE wanted_at IS NOT NULL AND confirmed_at IS NULL;
ALTER TABLE portal.connector ADD COLUMN paused_by text;

-- The built-in CRM shows what is restricted, too.
ALTER TABLE crm.contact ADD COLUMN restricted boolean NOT NULL DEFAULT false;
"""

SCOPED = ("inbox", "sync_event")

GRANTS = """
GRANT SELECT, INSERT, UPDATE ON portal.connector_gate TO portal_worker;
GRANT SELECT, INSERT, DELETE ON portal.inbox, portal.sync_sample TO portal_worker;
GRANT SELECT, INSERT ON portal.sync_event TO portal_worker;
GRANT SELECT ON portal.connector_gate, portal.inbox, portal.sync_event, portal.sync_sample TO portal_staff;
GRANT INSERT ON portal.inbox, portal.sync_event TO portal_staff;
-- The operators' page acts, and a webhook marks; what was delivered is for workers to say.
GRANT INSERT (wanted, wanted_at),
    UPDATE (status, last_error, push_due_at, pull_due_at, verify_at, remote_id, remote_etag, base, wanted, wanted_at,
        confirmed_at)
    ON portal.sync_state TO portal_staff;
GRANT UPDATE (paused_at, paused_by) ON portal.connector TO portal_staff;
GRANT UPDATE (resyncing_since, resynced_through) ON portal.connector_gate TO portal_staff;
"""


def upgrade() -> None:
    op.execute(TABLES)
    for table in SCOPED:
        op.execute(f"ALTER TABLE portal.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE portal.{table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY staff ON portal.{table} TO portal_staff USING (true)")
        op.execute(f"CREATE POLICY worker ON portal.{table} TO portal_worker USING (true)")
    op.execute(GRANTS)
    for name in FUNCTIONS:
        op.execute((Path(portal.__file__).parent / "sync" / f"{name}.sql").read_text(encoding="utf-8"))


FUNCTIONS = ("claim_v1", "want_v1")


def downgrade() -> None:
    op.execute("DROP FUNCTION portal.sync_claim_v1, portal.sync_want_v1")
    op.execute("ALTER TABLE crm.contact DROP COLUMN restricted")
    op.execute("ALTER TABLE portal.connector DROP COLUMN paused_by")
    op.execute("DROP INDEX portal.ix_sync_state_unconfirmed")
    op.execute("UPDATE portal.sync_state SET status = 'parked' WHERE status IN ('skipped', 'erased')")
    op.execute(
        """ALTER TABLE portal.sync_state DROP COLUMN wanted, DROP COLUMN wanted_at, DROP COLUMN confirmed_at,
           DROP CONSTRAINT ck_sync_state_status, ADD CONSTRAINT ck_sync_state_status CHECK (
               status IN ('waiting', 'synced', 'retrying', 'verifying', 'parked'))"""
    )
    for table in ("sync_sample", "sync_event", "inbox", "connector_gate"):
        op.execute(f"DROP TABLE portal.{table}")
