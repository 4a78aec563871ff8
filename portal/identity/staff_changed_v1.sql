-- Roles that change take the sessions that were begun in others with them, in the commit in which they change. In a statement
-- of its own, which sees also a session that was begun while this one waited for its beginning.
CREATE FUNCTION portal.staff_changed_v1() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
BEGIN
    DELETE FROM session s WHERE s.staff_id = NEW.id AND NOT (s.roles @> NEW.roles AND s.roles <@ NEW.roles);
    RETURN NULL;
END
$$;

CREATE TRIGGER staff_changed AFTER UPDATE OF roles ON portal.staff
FOR EACH ROW WHEN (OLD.roles IS DISTINCT FROM NEW.roles) EXECUTE FUNCTION portal.staff_changed_v1();
