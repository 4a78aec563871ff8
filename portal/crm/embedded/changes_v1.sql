-- Which contacts agents have edited since a cursor, and the cursor for the next time.
--
-- A cursor is the snapshot up to which edits are known; a transaction that had not committed then is found by the next
-- call, whatever id it took. Where there is more than p_limit, the cursor also says how far into the newer snapshot one
-- has read: seen|upto|xid|id. A cursor from another server's transactions (a dump was restored) begins anew: an edit
-- that is told twice does no harm.
CREATE FUNCTION crm.changes_v1(p_cursor text, p_limit integer)
RETURNS TABLE (contacts uuid[], portal_ids uuid[], cursor text)
LANGUAGE plpgsql STABLE
SET search_path = crm, pg_temp
AS $$
DECLARE
    v_now pg_snapshot := pg_current_snapshot();
    v_parts text[] := string_to_array(p_cursor, '|');
    v_seen pg_snapshot := coalesce(v_parts[1], '1:1:');
    v_upto pg_snapshot := coalesce(v_parts[2]::pg_snapshot, v_now);
    v_xid xid8 := coalesce(v_parts[3]::xid8, pg_snapshot_xmin(v_seen));
    v_id bigint := coalesce(v_parts[4]::bigint, 0);
BEGIN
    IF pg_snapshot_xmax(v_seen) > pg_snapshot_xmax(v_now) OR pg_snapshot_xmax(v_upto) > pg_snapshot_xmax(v_now) THEN
        v_seen := '1:1:';
        v_upto := v_now;
        v_xid := '1';
        v_id := 0;
    END IF;
    RETURN QUERY
    WITH page AS (
        SELECT e.xid, e.id, e.contact_id FROM contact_edit e
        WHERE (e.xid, e.id) > (v_xid, v_id)
            AND NOT pg_visible_in_snapshot(e.xid, v_seen) AND pg_visible_in_snapshot(e.xid, v_upto)
        ORDER BY e.xid, e.id LIMIT p_limit
    )
    SELECT array_agg(f.id), array_agg(f.portal_id),
        CASE WHEN (SELECT count(*) FROM page) < p_limit THEN v_upto::text
            ELSE (SELECT concat_ws('|', v_seen, v_upto, p.xid, p.id) FROM page p ORDER BY p.xid DESC, p.id DESC LIMIT 1)
        END
    FROM (SELECT DISTINCT c.id, c.portal_id FROM page p JOIN contact c ON c.id = p.contact_id) f;
END
$$;
