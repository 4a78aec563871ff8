-- Count what has been written to the log, a quarter of an hour at a time and a month at most: a page that tells how many
-- changes there are on a day, or in all, adds up quarters and what came after the last one. Each is counted when it has been
-- over for some minutes, because a change has its time from before its commit. Gives how many quarters were counted.
CREATE FUNCTION portal.count_changes_v1(p_now timestamptz DEFAULT clock_timestamp())
RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
DECLARE
    v_last change_count;
    v_from timestamptz;
    v_until timestamptz;
    v_counted integer;
BEGIN
    SELECT q.* INTO v_last FROM change_count q ORDER BY q.at DESC LIMIT 1;
    SELECT min(r.at) INTO v_from FROM change_record r
    WHERE r.at >= coalesce(v_last.at + interval '15 minutes', '-infinity');
    v_until := date_bin('15 minutes', least(p_now - interval '5 minutes', v_from + interval '31 days'), 'epoch');

    INSERT INTO change_count (at, changes, chains, kinds, changes_through, chains_through)
    SELECT q.at, q.changes, q.chains, q.kinds,
        coalesce(v_last.changes_through, 0) + sum(q.changes) OVER (ORDER BY q.at),
        coalesce(v_last.chains_through, 0) + sum(q.chains) OVER (ORDER BY q.at)
    FROM (
        SELECT k.at, sum(k.changes) AS changes, sum(k.chains) AS chains, jsonb_object_agg(k.kind, k.changes) AS kinds
        FROM (
            SELECT date_bin('15 minutes', r.at, 'epoch') AS at, r.actor_kind || '/' || split_part(r.action, ':', 1) AS kind,
                count(*) AS changes, count(*) FILTER (WHERE r.seq = 1) AS chains
            FROM change_record r WHERE r.at >= v_from AND r.at < v_until GROUP BY 1, 2
        ) k GROUP BY k.at
    ) q
    ON CONFLICT DO NOTHING;  -- somebody else has counted it, and came to the same
    GET DIAGNOSTICS v_counted = ROW_COUNT;
    RETURN v_counted;
END
$$;
