-- Where a person is logged in: a customer's sessions or those of one of the staff, the last used first. For a customer
-- row-level security is bound in here, so that it is one statement, and nobody else's are in the answer. With them comes
-- the customer's time zone, in which they are told times.
CREATE FUNCTION portal.session_list_v1(p_customer uuid, p_staff uuid)
RETURNS TABLE (
    id uuid, provider text, login_id uuid, user_agent text, created_at timestamptz, seen_at timestamptz,
    time_zone text
)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('portal.customer_id', coalesce(p_customer::text, ''), true);
    RETURN QUERY
    SELECT s.id, s.provider, s.login_id, s.user_agent, s.created_at, s.seen_at, c.profile->>'time_zone'
    FROM session s LEFT JOIN customer c ON c.id = s.customer_id
    WHERE (s.customer_id = p_customer OR s.staff_id = p_staff)
        AND s.expires_at > clock_timestamp() AND s.seen_at + s.idle > clock_timestamp()
    ORDER BY s.seen_at DESC, s.id;
END
$$;
