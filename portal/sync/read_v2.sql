-- The current records of a claimed batch, in one statement: what each CRM is to say (as portal/record/decode.py reads it),
-- and the entries of each chain that its timeline does not have yet (after p_after, oldest first, at most p_entries of
-- them), with the names of the staff who made them.
--
-- For the worker's role, whose policy lets it see every customer; the caller counts the rows that it expects.
CREATE FUNCTION portal.sync_read_v2(p_customers uuid[], p_after bigint[], p_entries integer)
RETURNS TABLE (id uuid, chain uuid, record text, wrapped_key bytea, wrapped_by text, entries bytea[], actors text[])
LANGUAGE sql STABLE
SET search_path = portal, pg_temp
AS $$
    SELECT c.id, c.chain,
        json_build_object(
            'id', c.id, 'number', c.number, 'seq', c.seq, 'profile', c.profile, 'provenance', c.provenance,
            'contact_points', c.contact_points, 'contact_windows', c.contact_windows, 'consents', c.consents,
            'notes', c.notes)::text,
        k.wrapped, k.wrapped_by, t.entries, t.actors
    FROM unnest(p_customers, p_after) AS asked (id, after)
    JOIN record_parts_v1 c ON c.id = asked.id
    LEFT JOIN keys.customer_key k ON k.customer_id = c.id
    CROSS JOIN LATERAL (
        SELECT array_agg(e.entry ORDER BY e.seq) AS entries, array_agg(s.name ORDER BY e.seq) AS actors
        FROM (
            SELECT r.seq, r.entry, r.actor_kind, r.actor_id FROM change_record r
            WHERE c.seq > asked.after AND r.customer_id = c.id AND r.seq > asked.after ORDER BY r.seq LIMIT p_entries
        ) e
        LEFT JOIN staff s ON e.actor_kind IN ('agent', 'auditor', 'operator') AND s.id::text = e.actor_id
    ) t
$$;
