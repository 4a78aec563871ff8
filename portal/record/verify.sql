-- What the tables say of some customers: the record as portal/record/decode.py reads it, its key, each body that a note had.
SELECT p.id, p.chain, p.seq, p.head, k.wrapped, k.wrapped_by,
    json_build_object(
        'id', p.id, 'number', p.number, 'seq', p.seq, 'profile', p.profile, 'provenance', p.provenance,
        'contact_points', p.contact_points, 'contact_windows', p.contact_windows, 'consents', p.consents,
        'notes', p.notes, 'logins', p.logins)::text AS record,
    (SELECT json_agg(json_build_array(v.note_id, v.body, v.seq)) FROM portal.note_revision v WHERE v.customer_id = p.id)
        AS revisions
FROM portal.record_parts_v1 p LEFT JOIN keys.customer_key k ON k.customer_id = p.id
WHERE p.id = ANY(%s::uuid[])
