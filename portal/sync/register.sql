-- Make connectors known, each with its budget: full at first, and as full as it was while the rate stays the same. What the
-- CRM itself has said of its budget stands.
WITH given AS (
    SELECT * FROM unnest(%(names)s::text[], %(labels)s::text[], %(calls)s::integer[], %(seconds)s::float8[])
        AS g (name, label, rate_calls, rate_seconds)
),
known AS (
    INSERT INTO portal.connector AS o (name, label) SELECT name, label FROM given
    ON CONFLICT (name) DO UPDATE SET label = excluded.label WHERE o.label <> excluded.label
)
INSERT INTO portal.connector_gate AS g (connector, rate_calls, rate_seconds, tokens, filled_at)
SELECT name, rate_calls, rate_seconds, rate_calls, now() FROM given
ON CONFLICT (connector) DO UPDATE SET
    rate_calls = excluded.rate_calls, rate_seconds = excluded.rate_seconds, tokens = excluded.tokens,
    filled_at = excluded.filled_at
WHERE (g.remaining_of IS NULL AND g.rate_calls IS DISTINCT FROM excluded.rate_calls)
    OR g.rate_seconds IS DISTINCT FROM excluded.rate_seconds
