-- The hot read: one record with all that its page shows, in one statement.
-- Binding row-level security inside the function saves the round trips of begin, set_config and commit; it holds for
-- this statement's transaction only, so a pooled connection carries nothing over.
CREATE FUNCTION portal.record_read_v2(p_customer uuid)
RETURNS TABLE (
    id uuid, number text, seq bigint, chain uuid, head bytea, profile jsonb, provenance jsonb,
    contact_points jsonb, contact_windows jsonb, consents jsonb, notes jsonb, logins jsonb,
    wrapped_key bytea, wrapped_by text, sync jsonb, recent jsonb, reads jsonb
)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('portal.customer_id', p_customer::text, true);
    RETURN QUERY
    SELECT c.id, c.number, c.seq, c.chain, c.head, c.profile, c.provenance,
        (SELECT jsonb_agg(to_jsonb(p) - 'customer_id') FROM contact_point p WHERE p.customer_id = p_customer),
        (SELECT jsonb_agg(to_jsonb(w) - 'customer_id') FROM contact_window w WHERE w.customer_id = p_customer),
        (SELECT jsonb_agg(to_jsonb(a) - 'customer_id') FROM contact_point_type_consent a WHERE a.customer_id = p_customer),
        (SELECT jsonb_agg(to_jsonb(n) - 'customer_id') FROM note n WHERE n.customer_id = p_customer),
        (SELECT jsonb_agg(to_jsonb(l) - 'customer_id') FROM login l WHERE l.customer_id = p_customer),
        k.wrapped, k.wrapped_by,
        (SELECT jsonb_agg(to_jsonb(t) - 'customer_id' ORDER BY t.connector)
            FROM delivery_state_v1 t WHERE t.customer_id = p_customer),
        (SELECT jsonb_agg(jsonb_build_object(
                'seq', r.seq, 'entry', encode(r.entry, 'base64'),
                'delivered', (SELECT jsonb_object_agg(s.connector, d.at) FROM sync_state s CROSS JOIN LATERAL (
                    SELECT e.at FROM delivery e
                    WHERE e.customer_id = p_customer AND e.connector = s.connector AND e.through_seq >= r.seq
                    ORDER BY e.through_seq LIMIT 1) d
                    WHERE s.customer_id = p_customer)) ORDER BY r.seq DESC)
            FROM change_record r WHERE r.customer_id = p_customer AND r.seq > c.seq - 3),
        -- The last visit of each of those who came lately.
        (SELECT jsonb_agg(to_jsonb(v) - 'customer_id' ORDER BY v.at DESC) FROM (
            SELECT DISTINCT ON (l.actor_kind, l.actor_id) l.* FROM (
                SELECT * FROM access_record x WHERE x.customer_id = p_customer ORDER BY x.at DESC LIMIT 50) l
            ORDER BY l.actor_kind, l.actor_id, l.at DESC) v)
    FROM customer c JOIN keys.customer_key k ON k.customer_id = c.id
    WHERE c.id = p_customer;
END
$$;
