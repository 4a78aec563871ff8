"""The record, its change records, its keys, and what says where it is to be delivered."""

from pathlib import Path

from alembic import op

import portal

revision = "0001"
down_revision = None

READERS = "portal_customer, portal_staff, portal_worker"
OWN = "nullif(current_setting('portal.customer_id', true), '')::uuid"
"""The customer that the running statement is bound to. A pooled connection reads '' after a commit, and not NULL."""

TABLES = """
CREATE TABLE portal.customer (
    id uuid PRIMARY KEY,
    number text NOT NULL,
    name text NOT NULL DEFAULT '',
    seq bigint NOT NULL DEFAULT 0,
    chain uuid NOT NULL,
    head bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    profile jsonb NOT NULL DEFAULT '{}',
    provenance jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_customer_number UNIQUE (number),
    CONSTRAINT uq_customer_chain UNIQUE (chain),
    CONSTRAINT ck_customer_number_normal CHECK (number = btrim(number) AND number <> ''),
    CONSTRAINT ck_customer_head_length CHECK (octet_length(head) = 32)
);

CREATE TABLE portal.contact_point (
    customer_id uuid NOT NULL CONSTRAINT fk_contact_point_customer REFERENCES portal.customer,
    id uuid NOT NULL,
    system text NOT NULL CONSTRAINT ck_contact_point_system CHECK (system IN ('email', 'phone', 'postal', 'messaging')),
    value text NOT NULL,
    use text NOT NULL,
    rank integer NOT NULL CONSTRAINT ck_contact_point_rank CHECK (rank >= 1),
    said jsonb NOT NULL,
    CONSTRAINT pk_contact_point PRIMARY KEY (customer_id, id),
    CONSTRAINT uq_contact_point_rank UNIQUE (customer_id, rank) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE portal.contact_window (
    customer_id uuid NOT NULL CONSTRAINT fk_contact_window_customer REFERENCES portal.customer,
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT ck_contact_window_kind CHECK (kind IN ('do', 'do_not')),
    channel text,
    weekdays smallint[] NOT NULL
        CONSTRAINT ck_contact_window_weekdays CHECK (weekdays <@ '{1,2,3,4,5,6,7}' AND cardinality(weekdays) > 0),
    start time NOT NULL,
    "end" time NOT NULL,
    time_zone text NOT NULL,
    said jsonb NOT NULL,
    CONSTRAINT pk_contact_window PRIMARY KEY (customer_id, id)
);

CREATE TABLE portal.contact_point_type_consent (
    customer_id uuid NOT NULL CONSTRAINT fk_contact_point_type_consent_customer REFERENCES portal.customer,
    purpose text NOT NULL,
    channel text NOT NULL,
    status text NOT NULL
        CONSTRAINT ck_contact_point_type_consent_status CHECK (status IN ('opt_in', 'opt_out', 'seen', 'not_seen')),
    capture_date timestamptz NOT NULL,
    capture_source text NOT NULL,
    effective_from timestamptz NOT NULL,
    effective_to timestamptz,
    lawful_basis text NOT NULL,
    notice text NOT NULL,
    notice_version text NOT NULL,
    said jsonb NOT NULL,
    CONSTRAINT pk_contact_point_type_consent PRIMARY KEY (customer_id, purpose, channel)
);

CREATE TABLE portal.note (
    customer_id uuid NOT NULL CONSTRAINT fk_note_customer REFERENCES portal.customer,
    id uuid NOT NULL,
    kind text NOT NULL,
    about uuid,
    body text NOT NULL,
    author_kind text NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    said jsonb NOT NULL,
    CONSTRAINT pk_note PRIMARY KEY (customer_id, id)
);

CREATE TABLE portal.note_revision (
    customer_id uuid NOT NULL CONSTRAINT fk_note_revision_customer REFERENCES portal.customer,
    note_id uuid NOT NULL,
    revision integer NOT NULL,
    body text NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_note_revision PRIMARY KEY (customer_id, note_id, revision)
);

CREATE TABLE portal.login (
    customer_id uuid NOT NULL CONSTRAINT fk_login_customer REFERENCES portal.customer,
    id uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    CONSTRAINT pk_login PRIMARY KEY (customer_id, id),
    CONSTRAINT uq_login_subject UNIQUE (issuer, subject)
);

CREATE TABLE portal.change_record (
    customer_id uuid NOT NULL CONSTRAINT fk_change_record_customer REFERENCES portal.customer,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    action text NOT NULL,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    via text NOT NULL,
    request_id uuid NOT NULL,
    paths text[] NOT NULL,
    entry bytea NOT NULL,
    leaf bytea NOT NULL,
    CONSTRAINT pk_change_record PRIMARY KEY (customer_id, seq),
    CONSTRAINT uq_change_record_request UNIQUE (customer_id, request_id)
);
CREATE INDEX ix_change_record_at ON portal.change_record (at DESC, customer_id DESC, seq DESC);

CREATE TABLE portal.access_record (
    customer_id uuid NOT NULL CONSTRAINT fk_access_record_customer REFERENCES portal.customer,
    id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    actor_name text NOT NULL,
    via text NOT NULL,
    CONSTRAINT pk_access_record PRIMARY KEY (customer_id, id)
);
CREATE INDEX ix_access_record_at ON portal.access_record (customer_id, at DESC);

CREATE TABLE portal.connector (
    name text PRIMARY KEY,
    label text NOT NULL,
    cursor text,
    polled_at timestamptz,
    paused_at timestamptz
);

CREATE TABLE portal.sync_state (
    customer_id uuid NOT NULL CONSTRAINT fk_sync_state_customer REFERENCES portal.customer,
    connector text NOT NULL CONSTRAINT fk_sync_state_connector REFERENCES portal.connector,
    desired_seq bigint NOT NULL,
    synced_seq bigint NOT NULL DEFAULT 0,
    timeline_seq bigint NOT NULL DEFAULT 0,
    base bytea,
    remote_id text,
    remote_etag text,
    push_due_at timestamptz,
    pull_due_at timestamptz,
    verify_at timestamptz,
    lease uuid,
    lease_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'waiting',
    last_error text,
    CONSTRAINT pk_sync_state PRIMARY KEY (customer_id, connector)
);
CREATE INDEX ix_sync_state_due ON portal.sync_state (connector, (least(push_due_at, pull_due_at, verify_at)))
    WHERE push_due_at IS NOT NULL OR pull_due_at IS NOT NULL OR verify_at IS NOT NULL;

CREATE TABLE portal.delivery (
    customer_id uuid NOT NULL CONSTRAINT fk_delivery_customer REFERENCES portal.customer,
    connector text NOT NULL CONSTRAINT fk_delivery_connector REFERENCES portal.connector,
    through_seq bigint NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_delivery PRIMARY KEY (customer_id, connector, through_seq)
);

CREATE TABLE keys.customer_key (
    customer_id uuid PRIMARY KEY,
    wrapped bytea NOT NULL,
    wrapped_by text NOT NULL
);
"""

SCOPED = {
    # table: what the customer's role may do, what staff and workers may do
    "portal.customer": ("SELECT, UPDATE (seq, head, changed_at, name, profile, provenance)", "SELECT, INSERT, UPDATE"),
    "portal.contact_point": ("SELECT, INSERT, UPDATE, DELETE", "SELECT, INSERT, UPDATE, DELETE"),
    "portal.contact_window": ("SELECT, INSERT, UPDATE, DELETE", "SELECT, INSERT, UPDATE, DELETE"),
    "portal.contact_point_type_consent": ("SELECT, INSERT, UPDATE, DELETE", "SELECT, INSERT, UPDATE, DELETE"),
    "portal.note": ("SELECT, INSERT, UPDATE, DELETE", "SELECT, INSERT, UPDATE, DELETE"),
    "portal.note_revision": ("SELECT, INSERT", "SELECT, INSERT"),
    "portal.login": ("SELECT", "SELECT, INSERT, UPDATE, DELETE"),
    "portal.change_record": ("SELECT, INSERT", "SELECT, INSERT"),
    "portal.access_record": ("SELECT", "SELECT, INSERT"),
    "portal.sync_state": (
        "SELECT, INSERT (customer_id, connector, desired_seq, push_due_at), UPDATE (desired_seq, push_due_at)",
        "SELECT, INSERT (customer_id, connector, desired_seq, push_due_at), UPDATE (desired_seq, push_due_at)",
    ),
    "portal.delivery": ("SELECT", "SELECT"),
    "keys.customer_key": ("SELECT", "SELECT, INSERT"),
}


def upgrade() -> None:
    op.execute("CREATE SCHEMA keys")
    op.execute(f"GRANT USAGE ON SCHEMA portal, keys TO {READERS}")
    op.execute(TABLES)
    for table, (customer, others) in SCOPED.items():
        key = "id" if table == "portal.customer" else "customer_id"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON {table} TO portal_customer USING ({key} = {OWN})")
        op.execute(f"CREATE POLICY staff ON {table} TO portal_staff USING (true)")
        op.execute(f"CREATE POLICY worker ON {table} TO portal_worker USING (true)")
        op.execute(f"GRANT {customer} ON {table} TO portal_customer")
        op.execute(f"GRANT {others} ON {table} TO portal_staff, portal_worker")
    op.execute("GRANT SELECT, UPDATE ON portal.sync_state TO portal_worker")
    op.execute("GRANT INSERT ON portal.delivery TO portal_worker")
    op.execute(f"GRANT SELECT ON portal.connector, portal.alembic_version TO {READERS}")
    op.execute("GRANT INSERT, UPDATE ON portal.connector TO portal_worker")
    for name in ("read_v1.sql", "write_v1.sql", "changes_v1.sql"):
        op.execute((Path(portal.__file__).parent / "record" / name).read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP SCHEMA keys CASCADE")
    op.execute("DROP FUNCTION portal.record_read_v1, portal.record_write_v1, portal.record_changes_v1")
    for table in (
        "delivery",
        "sync_state",
        "connector",
        "access_record",
        "change_record",
        "login",
        "note_revision",
        "note",
        "contact_point_type_consent",
        "contact_window",
        "contact_point",
        "customer",
    ):
        op.execute(f"DROP TABLE portal.{table}")
