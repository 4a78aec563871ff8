"""A search for a whole name is a walk through the index, however many have one of its words."""

from pathlib import Path

from alembic import op

import portal

revision = "0021"
down_revision = "0020"

# For each two words of a name, as portal/crm/embedded/search_keys.py makes them: of the words that are keys already.
# What this misses comes with the contact's next push.
PAIRS = r"""
INSERT INTO crm.search_key (contact_id, key)
SELECT DISTINCT c.id, ' ' || one.word || ' ' || other.word
FROM crm.contact c
CROSS JOIN LATERAL (
    SELECT array_agg(k.key) AS words FROM crm.search_key k
    WHERE k.contact_id = c.id AND k.key = ANY (regexp_split_to_array(
        lower(regexp_replace(normalize(c.name, NFKD), '[\u0300-\u036f]', '', 'g')), '[^\w@.+''’-]+'))
) keys
CROSS JOIN LATERAL unnest(keys.words) one (word)
CROSS JOIN LATERAL unnest(keys.words) other (word)
WHERE one.word <> other.word
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.execute((Path(portal.__file__).parent / "crm" / "embedded" / "search_v3.sql").read_text(encoding="utf-8"))
    op.execute(PAIRS)
    op.execute("ANALYZE crm.search_key")


def downgrade() -> None:
    op.execute("DROP FUNCTION crm.search_v3")
    op.execute("DELETE FROM crm.search_key WHERE key LIKE ' %'")
