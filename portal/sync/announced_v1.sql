-- Which customers were announced since a reader last asked, and what to hand in the next time.
--
-- Ids are given out before rows commit, so "id > last" would lose rows. A snapshot knows exactly which transactions the
-- reader has not seen. The first call (NULL) announces nobody and says where to begin.
CREATE FUNCTION portal.announced_v1(p_seen text)
RETURNS TABLE (customers uuid[], seen text)
LANGUAGE sql STABLE
SET search_path = portal, pg_temp
AS $$
    SELECT ARRAY(
            SELECT DISTINCT a.customer_id FROM announcement a
            WHERE a.xid >= pg_snapshot_xmin(p_seen::pg_snapshot)
                AND NOT pg_visible_in_snapshot(a.xid, p_seen::pg_snapshot)
        ), pg_current_snapshot()::text
$$;
