"""How we show providers who we are, fresh logins, and sessions that a provider ends."""

from alembic import op

revision = "0007"
down_revision = "0006"

# What a login is for beyond coming in: the session that it belongs to, the invitation that it answers (both by their
# SHA-256), and how fresh and how strong a proof was asked for.
TRANSACTION = """
ALTER TABLE portal.login_transaction
    ADD COLUMN expected_session bytea,
    ADD COLUMN invitation bytea,
    ADD COLUMN max_age integer,
    ADD COLUMN acr_values text[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT ck_login_transaction_expected_session CHECK (octet_length(expected_session) = 32),
    ADD CONSTRAINT ck_login_transaction_invitation CHECK (octet_length(invitation) = 32);
"""

# By which the provider knows its own session, when it says that it has ended. Not every provider says when somebody
# proved who they are.
SESSION = """
ALTER TABLE portal.session ADD COLUMN sid text, ALTER COLUMN authenticated_at DROP NOT NULL;
CREATE INDEX ix_session_sid ON portal.session (provider, sid) WHERE sid IS NOT NULL;
"""

TABLES = """
-- The keys by which providers know us. Both are published: `current` signs, `next` waits until everybody has seen it.
CREATE TABLE keys.client_key (
    kid text PRIMARY KEY,
    state text NOT NULL CONSTRAINT ck_client_key_state CHECK (state IN ('current', 'next')),
    public jsonb NOT NULL,
    wrapped bytea NOT NULL,
    wrapped_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT uq_client_key_state UNIQUE (state)
);

-- Logout tokens that were heard, until they would have expired: each is good once.
CREATE TABLE portal.logout_token (
    audience text NOT NULL,
    provider text NOT NULL,
    jti_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_logout_token PRIMARY KEY (audience, provider, jti_hash)
);
CREATE INDEX ix_logout_token_expires_at ON portal.logout_token (expires_at);
"""

POLICIES = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY staff ON {table} TO portal_staff USING (true);
CREATE POLICY worker ON {table} TO portal_worker USING (true);
"""

GRANTS = """
GRANT SELECT, INSERT ON keys.client_key TO portal_staff;
GRANT SELECT, INSERT, UPDATE, DELETE ON keys.client_key TO portal_worker;
GRANT SELECT, INSERT, DELETE ON portal.logout_token TO portal_staff;
"""


def upgrade() -> None:
    op.execute(TRANSACTION)
    op.execute(SESSION)
    op.execute(TABLES)
    for table in ("keys.client_key", "portal.logout_token"):
        op.execute(POLICIES.format(table=table))
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("DROP TABLE portal.logout_token, keys.client_key")
    op.execute("DELETE FROM portal.session WHERE authenticated_at IS NULL")
    op.execute("ALTER TABLE portal.session DROP COLUMN sid, ALTER COLUMN authenticated_at SET NOT NULL")
    op.execute(
        "ALTER TABLE portal.login_transaction DROP COLUMN expected_session, DROP COLUMN invitation,"
        " DROP COLUMN max_age, DROP COLUMN acr_values"
    )
