-- Many new customers with their records, chains and keys, in one statement; due for every connector.
-- Foreign keys are checked when the statement ends, so that the order of its parts does not matter.
WITH customers AS (
    INSERT INTO portal.customer (id, number, name, seq, chain, head, profile, provenance, created_at, changed_at)
    SELECT n.id, n.number, n.name, n.seq, n.chain, n.head, n.profile, n.provenance, n.created_at, n.changed_at
    FROM jsonb_populate_recordset(NULL::portal.customer, %(customers)s) n
),
keys AS (
    INSERT INTO keys.customer_key SELECT n.* FROM jsonb_populate_recordset(NULL::keys.customer_key, %(keys)s) n
),
entries AS (
    INSERT INTO portal.change_record (
        customer_id, seq, at, action, actor_kind, actor_id, via, request_id, paths, entry, leaf)
    SELECT n.customer, n.seq, n.at, n.action, n.actor_kind, n.actor_id, n.via, n.request,
        string_to_array(n.paths, E'\n'), n.entry, n.leaf
    FROM unnest(
        %(e_customer)s::uuid[], %(seq)s::bigint[], %(at)s::timestamptz[], %(action)s::text[], %(actor_kind)s::text[],
        %(actor_id)s::text[], %(via)s::text[], %(request)s::uuid[], %(paths)s::text[], %(entry)b::bytea[], %(leaf)b::bytea[]
    ) AS n (customer, seq, at, action, actor_kind, actor_id, via, request, paths, entry, leaf)
),
points AS (
    INSERT INTO portal.contact_point
    SELECT n.* FROM jsonb_populate_recordset(NULL::portal.contact_point, %(contact_points)s) n
),
windows AS (
    INSERT INTO portal.contact_window
    SELECT n.* FROM jsonb_populate_recordset(NULL::portal.contact_window, %(contact_windows)s) n
),
consents AS (
    INSERT INTO portal.contact_point_type_consent
    SELECT n.* FROM jsonb_populate_recordset(NULL::portal.contact_point_type_consent, %(consents)s) n
),
notes AS (
    INSERT INTO portal.note SELECT n.* FROM jsonb_populate_recordset(NULL::portal.note, %(notes)s) n
),
revisions AS (
    INSERT INTO portal.note_revision
    SELECT n.* FROM jsonb_populate_recordset(NULL::portal.note_revision, %(revisions)s) n
)
INSERT INTO portal.sync_state (customer_id, connector, desired_seq, push_due_at)
SELECT n.id, o.name, n.seq, clock_timestamp()
FROM jsonb_populate_recordset(NULL::portal.customer, %(customers)s) n CROSS JOIN portal.connector o
