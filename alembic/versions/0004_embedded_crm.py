"""The built-in CRM: contacts as agents see them, their timeline, what agents edited, who looked when."""

from pathlib import Path

from alembic import op

import portal

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE SCHEMA crm;

-- `fields` and what goes with it are by the CRM's own names for fields. `portal_seq` is the fence: the version of the
-- record that was written last, never replaced by an older one. `version` counts every writing; `changed` has the
-- version at which each field got its value, and `edited_by` the agent whose word stands in a field.
CREATE TABLE crm.contact (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    portal_id uuid,
    number text NOT NULL,
    name text NOT NULL DEFAULT '',
    portal_seq bigint NOT NULL DEFAULT 0,
    timeline_seq bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    fields jsonb NOT NULL DEFAULT '{}',
    provenance jsonb NOT NULL DEFAULT '{}',
    changed jsonb NOT NULL DEFAULT '{}',
    edited_by jsonb NOT NULL DEFAULT '{}',
    contact_points jsonb NOT NULL DEFAULT '[]',
    contact_windows jsonb NOT NULL DEFAULT '[]',
    consents jsonb NOT NULL DEFAULT '[]',
    notes jsonb NOT NULL DEFAULT '[]',
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT uq_contact_portal UNIQUE (portal_id),
    CONSTRAINT uq_contact_number UNIQUE (number)
) WITH (fillfactor = 80);

-- What a contact is found by, normalised: the beginning of a key is enough. In byte order, so that it is a range.
CREATE TABLE crm.search_key (
    contact_id uuid NOT NULL CONSTRAINT fk_search_key_contact REFERENCES crm.contact ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    CONSTRAINT pk_search_key PRIMARY KEY (contact_id, key)
);
CREATE INDEX ix_search_key_key ON crm.search_key (key, contact_id);

-- The timeline: each change record of the portal once, in words and values.
CREATE TABLE crm.activity (
    entry_id text PRIMARY KEY,
    contact_id uuid NOT NULL CONSTRAINT fk_activity_contact REFERENCES crm.contact ON DELETE CASCADE,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    action text NOT NULL,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    actor_name text,
    via text NOT NULL,
    diffs jsonb NOT NULL
);
CREATE INDEX ix_activity_contact ON crm.activity (contact_id, seq DESC);

-- The feed: that an agent edited a contact. It says which transaction did it, because ids commit out of order.
CREATE TABLE crm.contact_edit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    contact_id uuid NOT NULL CONSTRAINT fk_contact_edit_contact REFERENCES crm.contact ON DELETE CASCADE,
    version bigint NOT NULL,
    fields text[] NOT NULL,
    user_id uuid NOT NULL,
    user_name text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_contact_edit_xid ON crm.contact_edit (xid, id);
CREATE INDEX ix_contact_edit_contact ON crm.contact_edit (contact_id);

-- When an agent had a contact before their eyes, and what there was to see at the visit before this one.
CREATE TABLE crm.view (
    agent_id uuid NOT NULL,
    contact_id uuid NOT NULL CONSTRAINT fk_view_contact REFERENCES crm.contact ON DELETE CASCADE,
    seen_at timestamptz NOT NULL,
    seen_seq bigint NOT NULL,
    before_at timestamptz,
    before_seq bigint NOT NULL,
    CONSTRAINT pk_view PRIMARY KEY (agent_id, contact_id)
);
CREATE INDEX ix_view_contact ON crm.view (contact_id);

-- Whoever stands here was erased, and a push that comes late does not bring them back.
CREATE TABLE crm.erased (
    portal_id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT USAGE ON SCHEMA crm TO portal_staff, portal_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA crm TO portal_worker;
GRANT SELECT ON crm.contact, crm.search_key, crm.activity, crm.contact_edit TO portal_staff;
GRANT UPDATE (fields, provenance, changed, edited_by, version, updated_at) ON crm.contact TO portal_staff;
GRANT INSERT ON crm.contact_edit TO portal_staff;
GRANT SELECT, INSERT, UPDATE ON crm.view TO portal_staff;
"""


def upgrade() -> None:
    op.execute(TABLES)
    for name in ("push_v1.sql", "changes_v1.sql", "edit_v1.sql", "search_v1.sql"):
        op.execute((Path(portal.__file__).parent / "crm" / "embedded" / name).read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP SCHEMA crm CASCADE")
