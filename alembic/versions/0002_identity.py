"""Who is logged in, who is about to be, and who works here."""

from pathlib import Path

from alembic import op

import portal

revision = "0002"
down_revision = "0001"

OWN = "nullif(current_setting('portal.customer_id', true), '')::uuid"
"""The customer that the running statement is bound to. A pooled connection reads '' after a commit, and not NULL."""

SHOWN = "decode(nullif(current_setting('portal.session', true), ''), 'hex')"
"""The hash of the session token that the running statement was given."""

TABLES = """
CREATE TABLE portal.staff (
    id uuid PRIMARY KEY,
    issuer text NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    email text,
    roles text[] NOT NULL,
    last_login_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT uq_staff_subject UNIQUE (issuer, subject),
    CONSTRAINT ck_staff_roles CHECK (roles <@ '{agent,auditor,operator}')
);

-- One login under way. Its state and the browser's cookie are known here by their SHA-256 only.
CREATE TABLE portal.login_transaction (
    state_hash bytea PRIMARY KEY,
    browser_hash bytea NOT NULL,
    audience text NOT NULL CONSTRAINT ck_login_transaction_audience CHECK (audience IN ('customer', 'staff')),
    provider text NOT NULL,
    issuer text NOT NULL,
    nonce text NOT NULL,
    code_verifier text NOT NULL,
    redirect_uri text NOT NULL,
    return_to text NOT NULL,
    purpose text NOT NULL DEFAULT 'login'
        CONSTRAINT ck_login_transaction_purpose CHECK (purpose IN ('login', 'link', 'step_up')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL DEFAULT clock_timestamp() + interval '10 minutes',
    CONSTRAINT ck_login_transaction_hashes CHECK (octet_length(state_hash) = 32 AND octet_length(browser_hash) = 32)
);
CREATE INDEX ix_login_transaction_expires_at ON portal.login_transaction (expires_at);

-- The token itself is with the browser alone; what is encrypted here is encrypted under a key made from it.
CREATE TABLE portal.session (
    token_hash bytea PRIMARY KEY,
    id uuid NOT NULL,
    audience text NOT NULL,
    customer_id uuid CONSTRAINT fk_session_customer REFERENCES portal.customer,
    staff_id uuid CONSTRAINT fk_session_staff REFERENCES portal.staff,
    login_id uuid,
    roles text[] NOT NULL DEFAULT '{}',
    name text NOT NULL,
    language text,
    provider text NOT NULL,
    id_token bytea,
    authenticated_at timestamptz NOT NULL,
    acr text,
    user_agent text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    idle interval NOT NULL,
    CONSTRAINT uq_session_id UNIQUE (id),
    CONSTRAINT ck_session_token_hash CHECK (octet_length(token_hash) = 32),
    CONSTRAINT ck_session_whose CHECK (
        CASE audience
            WHEN 'customer' THEN num_nulls(customer_id, login_id) = 0 AND staff_id IS NULL AND roles = '{}'
            WHEN 'staff' THEN num_nonnulls(customer_id, login_id) = 0 AND staff_id IS NOT NULL AND roles <> '{}'
            ELSE false
        END
    )
);
CREATE INDEX ix_session_customer ON portal.session (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX ix_session_staff ON portal.session (staff_id) WHERE staff_id IS NOT NULL;
CREATE INDEX ix_session_expires_at ON portal.session (expires_at);
"""

POLICIES = f"""
ALTER TABLE portal.session ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.session FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON portal.session TO portal_customer
    USING (audience = 'customer' AND (token_hash = {SHOWN} OR customer_id = {OWN}));
CREATE POLICY staff ON portal.session TO portal_staff USING (true);
CREATE POLICY worker ON portal.session TO portal_worker USING (true);

ALTER TABLE portal.login_transaction ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.login_transaction FORCE ROW LEVEL SECURITY;
CREATE POLICY staff ON portal.login_transaction TO portal_staff USING (true);
CREATE POLICY worker ON portal.login_transaction TO portal_worker USING (true);
"""

GRANTS = """
GRANT SELECT, UPDATE (seen_at) ON portal.session TO portal_customer;
GRANT SELECT, INSERT, UPDATE, DELETE ON portal.session TO portal_staff;
GRANT SELECT, DELETE ON portal.session TO portal_worker;
GRANT SELECT, INSERT, DELETE ON portal.login_transaction TO portal_staff;
GRANT SELECT, DELETE ON portal.login_transaction TO portal_worker;
GRANT SELECT, INSERT, UPDATE ON portal.staff TO portal_staff;
GRANT SELECT ON portal.staff TO portal_worker;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(POLICIES)
    op.execute(GRANTS)
    for name in ("session_find_v1.sql", "purge_v1.sql"):
        op.execute((Path(portal.__file__).parent / "identity" / name).read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION portal.identity_purge_v1, portal.session_find_v1")
    for table in ("session", "login_transaction", "staff"):
        op.execute(f"DROP TABLE portal.{table}")
