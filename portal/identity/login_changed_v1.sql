-- A login that goes takes its sessions with it, in the commit in which it goes; one that comes waits for nobody any more.
CREATE FUNCTION portal.login_changed_v1() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM session s WHERE s.customer_id = OLD.customer_id AND s.login_id = OLD.id;
    ELSE
        DELETE FROM pending_login p WHERE p.issuer = NEW.issuer AND p.subject = NEW.subject;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER login_changed AFTER INSERT OR DELETE ON portal.login
FOR EACH ROW EXECUTE FUNCTION portal.login_changed_v1();
