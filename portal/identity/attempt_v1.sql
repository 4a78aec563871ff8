-- Counts one attempt under each key, in the order given, and says how long to wait before the next one is let through; null
-- where this one is. What an earlier key refuses is not counted under the later ones, so that nobody who is held off by
-- address can use up what is left to somebody else.
--
-- A key has one moment: until when it is spoken for (the generic cell rate algorithm). Each attempt speaks for p_every more,
-- and p_most of them fit into the time ahead; so at most p_most at once, and one more each p_every.
CREATE FUNCTION portal.attempt_v1(p_keys bytea[], p_every interval[], p_most integer[])
RETURNS interval
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_ahead interval;
BEGIN
    FOR i IN 1 .. cardinality(p_keys) LOOP
        v_ahead := p_every[i] * p_most[i];
        INSERT INTO attempt AS a (key, taken_until) VALUES (p_keys[i], v_now + p_every[i])
        ON CONFLICT (key) DO UPDATE SET taken_until = greatest(a.taken_until, v_now) + p_every[i]
        WHERE greatest(a.taken_until, v_now) + p_every[i] <= v_now + v_ahead;
        IF NOT FOUND THEN
            RETURN (SELECT a.taken_until + p_every[i] - v_ahead - v_now FROM attempt a WHERE a.key = p_keys[i]);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
