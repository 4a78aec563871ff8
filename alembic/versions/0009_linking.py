"""Invitations, accounts on their way to a record, logins that wait for a person to say whose they are."""

from pathlib import Path

from alembic import op

import portal

revision = "0009"
down_revision = "0008"

OWN = "nullif(current_setting('portal.customer_id', true), '')::uuid"
"""The customer that the running statement is bound to. A pooled connection reads '' after a commit, and not NULL."""

TABLES = """
-- What the provider said of an account when it was last used here; the login itself is a part of the record.
CREATE TABLE portal.login_account (
    customer_id uuid NOT NULL,
    login_id uuid NOT NULL,
    provider text NOT NULL,
    account text NOT NULL,
    verified_email text,
    linked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at timestamptz,
    CONSTRAINT pk_login_account PRIMARY KEY (customer_id, login_id),
    CONSTRAINT fk_login_account_login FOREIGN KEY (customer_id, login_id) REFERENCES portal.login ON DELETE CASCADE
);

-- A code is known by its SHA-256 alone. Two changes of the record make and end an invitation, and their request ids
-- are in here: without the first it was never made, and the second can be written once only, whoever is faster.
-- `logins` are those that the record had: whoever is linked in another way meanwhile makes the invitation worthless.
CREATE TABLE portal.invitation (
    customer_id uuid NOT NULL CONSTRAINT fk_invitation_customer REFERENCES portal.customer,
    id uuid NOT NULL,
    closing uuid NOT NULL,
    code_hash bytea NOT NULL,
    logins uuid[] NOT NULL,
    made_by text NOT NULL,
    sent_to text,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_invitation PRIMARY KEY (customer_id, id),
    CONSTRAINT uq_invitation_code UNIQUE (code_hash),
    CONSTRAINT ck_invitation_code_hash CHECK (octet_length(code_hash) = 32)
);

-- Somebody for whom a provider vouches and who is asked whether this account is to open a record. What the provider
-- said is encrypted under a key that the browser alone has.
CREATE TABLE portal.arrival (
    token_hash bytea PRIMARY KEY,
    customer_id uuid NOT NULL CONSTRAINT fk_arrival_customer REFERENCES portal.customer,
    invitation uuid,
    session uuid,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL DEFAULT clock_timestamp() + interval '10 minutes',
    CONSTRAINT ck_arrival_token_hash CHECK (octet_length(token_hash) = 32),
    CONSTRAINT ck_arrival_through CHECK (num_nonnulls(invitation, session) = 1)
);

-- Accounts of which nobody has said whose they are. `customer_id` is set where a provider whose word is trusted named
-- the customer, and there was a reason not to link by that alone.
CREATE TABLE portal.pending_login (
    id uuid PRIMARY KEY,
    issuer text NOT NULL,
    subject text NOT NULL,
    provider text NOT NULL,
    account text NOT NULL,
    email text,
    email_verified boolean NOT NULL,
    claimed_number text,
    customer_id uuid CONSTRAINT fk_pending_login_customer REFERENCES portal.customer,
    tries integer NOT NULL DEFAULT 1,
    first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    refused_at timestamptz,
    refused_by text,
    CONSTRAINT uq_pending_login_subject UNIQUE (issuer, subject)
);
CREATE INDEX ix_pending_login_last_seen ON portal.pending_login (last_seen_at DESC, id);

-- What happened and belongs to no customer's chain. The same within a minute is counted in one row, which has the id
-- that follows from what it says and when: whoever knocks a thousand times does not write a thousand rows.
CREATE TABLE portal.security_event (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    count integer NOT NULL DEFAULT 1,
    action text NOT NULL,
    facts jsonb NOT NULL
);
CREATE INDEX ix_security_event_at ON portal.security_event (at DESC, id DESC);

-- How a customer is found by a verified address: letters of the alphabet without their case, all else as it stands.
CREATE INDEX ix_contact_point_email ON portal.contact_point (lower(value COLLATE "C")) WHERE system = 'email';
"""

OPEN_INVITATION = """
-- Invitations that can still be used. A later one for the same customer replaces them.
CREATE VIEW portal.open_invitation WITH (security_invoker = true) AS
SELECT i.customer_id, i.id, i.closing, i.code_hash, i.logins, i.made_by, i.sent_to, i.made_at, i.expires_at
FROM portal.invitation i
WHERE i.expires_at > clock_timestamp()
    AND EXISTS (SELECT FROM portal.change_record r WHERE r.customer_id = i.customer_id AND r.request_id = i.id)
    AND NOT EXISTS (SELECT FROM portal.change_record r WHERE r.customer_id = i.customer_id AND r.request_id = i.closing)
    AND NOT EXISTS (SELECT FROM portal.login l WHERE l.customer_id = i.customer_id AND l.id <> ALL (i.logins))
    AND NOT EXISTS (
        SELECT FROM portal.invitation n
        JOIN portal.change_record r ON r.customer_id = n.customer_id AND r.request_id = n.id
        WHERE n.customer_id = i.customer_id AND (n.made_at, n.id) > (i.made_at, i.id));
"""

SCOPED = {
    # table: what the customer's role may do, staff, workers
    "login_account": ("SELECT", "SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
    "invitation": ("", "SELECT, INSERT", "SELECT, INSERT, DELETE"),
    "arrival": ("", "SELECT, INSERT, DELETE", "SELECT, DELETE"),
    "pending_login": ("", "SELECT, INSERT, UPDATE, DELETE", "SELECT, INSERT, UPDATE, DELETE"),
    "security_event": ("", "SELECT, INSERT, UPDATE (count, last_at)", "SELECT, INSERT, DELETE"),
}


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(OPEN_INVITATION)
    op.execute("GRANT SELECT ON portal.open_invitation TO portal_staff, portal_worker")
    for table, (customer, staff, worker) in SCOPED.items():
        op.execute(f"ALTER TABLE portal.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE portal.{table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY staff ON portal.{table} TO portal_staff USING (true)")
        op.execute(f"CREATE POLICY worker ON portal.{table} TO portal_worker USING (true)")
        op.execute(f"GRANT {staff} ON portal.{table} TO portal_staff")
        op.execute(f"GRANT {worker} ON portal.{table} TO portal_worker")
        if customer:
            op.execute(f"CREATE POLICY own ON portal.{table} TO portal_customer USING (customer_id = {OWN})")
            op.execute(f"GRANT {customer} ON portal.{table} TO portal_customer")
    for name in ("login_changed_v1.sql", "ways_v1.sql"):
        op.execute((Path(portal.__file__).parent / "identity" / name).read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP TRIGGER login_changed ON portal.login")
    op.execute("DROP FUNCTION portal.ways_v1, portal.login_changed_v1")
    op.execute("DROP VIEW portal.open_invitation")
    op.execute("DROP INDEX portal.ix_contact_point_email")
    for table in ("security_event", "pending_login", "arrival", "invitation", "login_account"):
        op.execute(f"DROP TABLE portal.{table}")
