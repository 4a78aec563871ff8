-- The current records of a claimed batch, in one statement: what each CRM is to say, and the entries of each chain that
-- its timeline does not have yet (after p_after, oldest first, at most p_entries of them), with the names of the staff
-- who made them.
--
-- For the worker's role, whose policy lets it see every customer; the caller counts the rows that it expects.
CREATE FUNCTION portal.sync_read_v1(p_customers uuid[], p_after bigint[], p_entries integer)
RETURNS TABLE (
    id uuid, number text, seq bigint, chain uuid, profile jsonb, provenance jsonb,
    contact_points jsonb, contact_windows jsonb, consents jsonb, notes jsonb,
    wrapped_key bytea, wrapped_by text, entries bytea[], actors text[]
)
LANGUAGE sql STABLE
SET search_path = portal, pg_temp
AS $$
    SELECT c.id, c.number, c.seq, c.chain, c.profile, c.provenance,
        (SELECT jsonb_agg(to_jsonb(p) - 'customer_id') FROM contact_point p WHERE p.customer_id = c.id),
        (SELECT jsonb_agg(to_jsonb(w) - 'customer_id') FROM contact_window w WHERE w.customer_id = c.id),
        (SELECT jsonb_agg(to_jsonb(a) - 'customer_id') FROM contact_point_type_consent a WHERE a.customer_id = c.id),
        (SELECT jsonb_agg(to_jsonb(n) - 'customer_id') FROM note n WHERE n.customer_id = c.id),
        k.wrapped, k.wrapped_by, t.entries, t.actors
    FROM unnest(p_customers, p_after) AS asked (id, after)
    JOIN customer c ON c.id = asked.id
    LEFT JOIN keys.customer_key k ON k.customer_id = c.id
    CROSS JOIN LATERAL (
        SELECT array_agg(e.entry ORDER BY e.seq) AS entries, array_agg(s.name ORDER BY e.seq) AS actors
        FROM (
            SELECT r.seq, r.entry, r.actor_kind, r.actor_id FROM change_record r
            WHERE r.customer_id = c.id AND r.seq > asked.after ORDER BY r.seq LIMIT p_entries
        ) e
        LEFT JOIN staff s ON e.actor_kind IN ('agent', 'auditor', 'operator') AND s.id::text = e.actor_id
    ) t
$$;
