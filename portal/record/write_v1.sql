-- The one write: state, change record and due mark of every connector, in one statement and one transaction.
--
-- p_seq and p_prev say on which version the change was computed. Outcomes:
--   written    all is kept, seq is the new version
--   duplicate  this request was recorded before, seq is the version that it made
--   moved      the record is at another version now; nothing was written
--   missing    there is no such customer, or not for this role
-- Each row is touched once: the caller has folded several edits of one row into one.
CREATE FUNCTION portal.record_write_v1(
    p_customer uuid, p_seq bigint, p_prev bytea, p_entry bytea, p_leaf bytea, p_at timestamptz, p_action text,
    p_actor_kind text, p_actor_id text, p_via text, p_request uuid, p_paths text[], p_said jsonb, p_state jsonb,
    p_create jsonb DEFAULT NULL
)
RETURNS TABLE (outcome text, seq bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_seq bigint;
    v_rows jsonb;
BEGIN
    PERFORM set_config('portal.customer_id', p_customer::text, true);

    SELECT r.seq INTO v_seq FROM change_record r WHERE r.customer_id = p_customer AND r.request_id = p_request;
    IF FOUND THEN
        RETURN QUERY SELECT 'duplicate', v_seq;
        RETURN;
    END IF;

    IF p_create IS NOT NULL THEN
        INSERT INTO customer (id, number, chain) VALUES (p_customer, p_create->>'number', (p_create->>'chain')::uuid);
        INSERT INTO keys.customer_key (customer_id, wrapped, wrapped_by)
        VALUES (p_customer, decode(p_create->>'wrapped', 'base64'), p_create->>'wrapped_by');
    END IF;

    UPDATE customer c SET
        seq = p_seq,
        head = p_leaf,
        changed_at = p_at,
        name = coalesce(p_state->>'name', c.name),
        profile = (c.profile || coalesce(p_state->'profile', '{}')) - ARRAY(
            SELECT jsonb_array_elements_text(coalesce(p_state->'profile_drop', '[]'))),
        provenance = c.provenance || coalesce(p_state->'provenance', '{}')
    WHERE c.id = p_customer AND c.seq = p_seq - 1 AND c.head = p_prev;
    IF NOT FOUND THEN
        SELECT c.seq INTO v_seq FROM customer c WHERE c.id = p_customer;
        RETURN QUERY SELECT CASE WHEN v_seq IS NULL THEN 'missing' ELSE 'moved' END, v_seq;
        RETURN;
    END IF;

    INSERT INTO change_record (customer_id, seq, at, action, actor_kind, actor_id, via, request_id, paths, entry, leaf)
    VALUES (p_customer, p_seq, p_at, p_action, p_actor_kind, p_actor_id, p_via, p_request, p_paths, p_entry, p_leaf);

    v_rows := p_state->'contact_points';
    IF v_rows IS NOT NULL THEN
        DELETE FROM contact_point t WHERE t.customer_id = p_customer AND t.id IN (
            SELECT value::uuid FROM jsonb_array_elements_text(v_rows->'drop'));
        INSERT INTO contact_point AS t (customer_id, id, system, value, use, rank, said)
        SELECT p_customer, n.id, n.system, n.value, n.use, n.rank, p_said
        FROM jsonb_populate_recordset(NULL::contact_point, v_rows->'put') n
        ON CONFLICT (customer_id, id) DO UPDATE SET
            system = excluded.system, value = excluded.value, use = excluded.use, rank = excluded.rank, said = excluded.said;
    END IF;

    v_rows := p_state->'contact_windows';
    IF v_rows IS NOT NULL THEN
        DELETE FROM contact_window t WHERE t.customer_id = p_customer AND t.id IN (
            SELECT value::uuid FROM jsonb_array_elements_text(v_rows->'drop'));
        INSERT INTO contact_window AS t (customer_id, id, kind, channel, weekdays, start, "end", time_zone, said)
        SELECT p_customer, n.id, n.kind, n.channel, n.weekdays, n.start, n."end", n.time_zone, p_said
        FROM jsonb_populate_recordset(NULL::contact_window, v_rows->'put') n
        ON CONFLICT (customer_id, id) DO UPDATE SET
            kind = excluded.kind, channel = excluded.channel, weekdays = excluded.weekdays, start = excluded.start,
            "end" = excluded."end", time_zone = excluded.time_zone, said = excluded.said;
    END IF;

    v_rows := p_state->'consents';
    IF v_rows IS NOT NULL THEN
        DELETE FROM contact_point_type_consent t WHERE t.customer_id = p_customer AND (t.purpose || '/' || t.channel) IN (
            SELECT value FROM jsonb_array_elements_text(v_rows->'drop'));
        INSERT INTO contact_point_type_consent AS t (
            customer_id, purpose, channel, status, capture_date, capture_source, effective_from, effective_to,
            lawful_basis, notice, notice_version, said)
        SELECT p_customer, n.purpose, n.channel, n.status, n.capture_date, n.capture_source, n.effective_from,
            n.effective_to, n.lawful_basis, n.notice, n.notice_version, p_said
        FROM jsonb_populate_recordset(NULL::contact_point_type_consent, v_rows->'put') n
        ON CONFLICT (customer_id, purpose, channel) DO UPDATE SET
            status = excluded.status, capture_date = excluded.capture_date, capture_source = excluded.capture_source,
            effective_from = excluded.effective_from, effective_to = excluded.effective_to,
            lawful_basis = excluded.lawful_basis, notice = excluded.notice, notice_version = excluded.notice_version,
            said = excluded.said;
    END IF;

    v_rows := p_state->'notes';
    IF v_rows IS NOT NULL THEN
        INSERT INTO note_revision (customer_id, note_id, revision, body, seq, at)
        SELECT p_customer, n.id, 1 + coalesce((SELECT max(o.revision) FROM note_revision o
                WHERE o.customer_id = p_customer AND o.note_id = n.id), 0), n.body, p_seq, p_at
        FROM jsonb_populate_recordset(NULL::note, v_rows->'put') n
        WHERE NOT EXISTS (
            SELECT FROM note o WHERE o.customer_id = p_customer AND o.id = n.id AND o.body = n.body);
        DELETE FROM note t WHERE t.customer_id = p_customer AND t.id IN (
            SELECT value::uuid FROM jsonb_array_elements_text(v_rows->'drop'));
        INSERT INTO note AS t (customer_id, id, kind, about, body, author_kind, author, created_at, said)
        SELECT p_customer, n.id, n.kind, n.about, n.body, n.author_kind, n.author, n.created_at, p_said
        FROM jsonb_populate_recordset(NULL::note, v_rows->'put') n
        ON CONFLICT (customer_id, id) DO UPDATE SET
            kind = excluded.kind, about = excluded.about, body = excluded.body, author_kind = excluded.author_kind,
            author = excluded.author, created_at = excluded.created_at, said = excluded.said;
    END IF;

    v_rows := p_state->'logins';
    IF v_rows IS NOT NULL THEN
        DELETE FROM login t WHERE t.customer_id = p_customer AND t.id IN (
            SELECT value::uuid FROM jsonb_array_elements_text(v_rows->'drop'));
        INSERT INTO login AS t (customer_id, id, issuer, subject)
        SELECT p_customer, n.id, n.issuer, n.subject FROM jsonb_populate_recordset(NULL::login, v_rows->'put') n
        ON CONFLICT (customer_id, id) DO UPDATE SET issuer = excluded.issuer, subject = excluded.subject;
    END IF;

    -- Due now, unless it is due already: a waiting retry keeps its own time.
    INSERT INTO sync_state AS s (customer_id, connector, desired_seq, push_due_at)
    SELECT p_customer, o.name, p_seq, clock_timestamp() FROM connector o
    ON CONFLICT (customer_id, connector) DO UPDATE SET
        desired_seq = excluded.desired_seq, push_due_at = coalesce(s.push_due_at, excluded.push_due_at);

    RETURN QUERY SELECT 'written', p_seq;
END
$$;
