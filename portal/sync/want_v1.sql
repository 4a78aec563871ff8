-- What every CRM is to have of a customer from now on: the record, the record with a sign that processing is restricted,
-- or nothing. Due at once; each CRM's confirmation is written down by the pass that brings it there. Whoever was erased
-- stays erased. For the action that decides it, in its own statement; gives the connectors that are concerned.
CREATE FUNCTION portal.sync_want_v1(p_customer uuid, p_wanted text, p_actor text, p_ahead interval DEFAULT '0')
RETURNS TABLE (connector text)
LANGUAGE sql VOLATILE
SET search_path = portal, pg_temp
AS $$
    WITH present AS (
        SELECT clock_timestamp() + p_ahead AS moment
    ),
    due AS (
        INSERT INTO sync_state AS s (customer_id, connector, desired_seq, wanted, wanted_at, push_due_at)
        SELECT c.id, o.name, c.seq, p_wanted, p.moment, p.moment
        FROM customer c, connector o, present p WHERE c.id = p_customer
        ON CONFLICT (customer_id, connector) DO UPDATE SET
            wanted = excluded.wanted, wanted_at = excluded.wanted_at, confirmed_at = NULL,
            push_due_at = excluded.push_due_at
        WHERE s.wanted <> 'erased' AND s.wanted <> excluded.wanted
        RETURNING s.connector
    ),
    written AS (
        INSERT INTO sync_event (at, connector, event, actor, customer_id)
        SELECT p.moment, d.connector, p_wanted || '_wanted', p_actor, p_customer FROM due d, present p
    )
    SELECT d.connector FROM due d
$$;
