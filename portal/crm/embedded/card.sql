-- What an agent sees of one contact, and that they saw it: the reading is written down by the statement that reads.
-- A page that is open and looks again goes on with a visit, which is written down already.
WITH contact AS MATERIALIZED (
    SELECT * FROM crm.contact WHERE id = %(id)s OR portal_id = %(id)s
),
access AS (
    INSERT INTO portal.access_record (customer_id, id, actor_kind, actor_id, actor_name, via)
    SELECT portal_id, %(access)s, 'agent', %(agent)s::text, %(name)s, 'desk' FROM contact
    WHERE portal_id IS NOT NULL AND NOT (%(again)s AND EXISTS (
        SELECT FROM crm.view v WHERE v.agent_id = %(agent)s AND v.contact_id = contact.id
            AND v.seen_at > clock_timestamp() - %(visit)s))
),
visit AS (
    INSERT INTO crm.view AS v (agent_id, contact_id, seen_at, seen_seq, before_at, before_seq)
    SELECT %(agent)s, id, clock_timestamp(), portal_seq, NULL, portal_seq FROM contact
    ON CONFLICT (agent_id, contact_id) DO UPDATE SET
        seen_at = excluded.seen_at,
        seen_seq = excluded.seen_seq,
        before_at = CASE WHEN v.seen_at < excluded.seen_at - %(visit)s THEN v.seen_at ELSE v.before_at END,
        before_seq = CASE WHEN v.seen_at < excluded.seen_at - %(visit)s THEN v.seen_seq ELSE v.before_seq END
    RETURNING before_at, before_seq
)
SELECT c.id AS contact_id, c.portal_id AS customer_id, c.number, c.portal_seq, c.version, c.fields, c.provenance, c.edited_by,
    c.contact_points, c.contact_windows, c.consents, c.notes, c.restricted, v.before_at, v.before_seq,
    (SELECT array_agg(DISTINCT field) FROM crm.contact_edit e, unnest(e.fields) field
        WHERE e.contact_id = c.id AND e.user_id = %(agent)s AND e.at > clock_timestamp() - %(lately)s) AS edited_lately,
    (SELECT jsonb_agg(to_jsonb(a) || jsonb_build_object('delivered', (
            SELECT jsonb_object_agg(s.connector, d.at) FROM portal.sync_state s CROSS JOIN LATERAL (
                SELECT e.at FROM portal.delivery e
                WHERE e.customer_id = s.customer_id AND e.connector = s.connector AND e.through_seq >= a.seq
                ORDER BY e.through_seq LIMIT 1) d
            WHERE s.customer_id = c.portal_id)) ORDER BY a.seq DESC)
        FROM (
            SELECT entry_id, seq, at, action, actor_kind, actor_id, actor_name, via, diffs
            FROM crm.activity WHERE contact_id = c.id ORDER BY seq DESC LIMIT %(activity)s) a) AS activity,
    (SELECT jsonb_agg(to_jsonb(t) - 'customer_id' ORDER BY t.connector)
        FROM portal.delivery_state_v1 t WHERE t.customer_id = c.portal_id) AS deliveries,
    (SELECT jsonb_object_agg(s.connector, d.at) FROM portal.sync_state s CROSS JOIN LATERAL (
        SELECT e.at FROM portal.delivery e
        WHERE e.customer_id = s.customer_id AND e.connector = s.connector AND e.through_seq >= s.desired_seq
        ORDER BY e.through_seq LIMIT 1) d
        WHERE s.customer_id = c.portal_id) AS delivered,
    {beside} AS beside
FROM contact c, visit v
