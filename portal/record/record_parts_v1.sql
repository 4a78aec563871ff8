-- Each record in parts, as JSON in the order in which a record has them: for whoever reads many at once. What is not
-- asked for is not read. Row-level security is that of whoever asks.
CREATE VIEW portal.record_parts_v1 WITH (security_invoker = true) AS
SELECT c.id, c.number, c.seq, c.chain, c.head, c.profile, c.provenance,
    (SELECT json_agg(x) FROM (
        SELECT p.id, p.system, p.value, p.use, p.rank, p.said
        FROM portal.contact_point p WHERE p.customer_id = c.id ORDER BY p.rank, p.id) x) AS contact_points,
    (SELECT json_agg(x) FROM (
        SELECT w.id, w.kind, w.channel, w.weekdays, w.start, w."end", w.time_zone, w.said
        FROM portal.contact_window w WHERE w.customer_id = c.id ORDER BY w.weekdays, w.start, w.id) x) AS contact_windows,
    (SELECT json_agg(x) FROM (
        SELECT a.purpose, a.channel, a.status, a.capture_date, a.capture_source, a.effective_from, a.effective_to,
            a.lawful_basis, a.notice, a.notice_version, a.said
        FROM portal.contact_point_type_consent a WHERE a.customer_id = c.id
        ORDER BY a.purpose COLLATE "C", a.channel COLLATE "C") x) AS consents,
    (SELECT json_agg(x) FROM (
        SELECT n.id, n.kind, n.about, n.body, n.author_kind, n.author, n.created_at, n.said
        FROM portal.note n WHERE n.customer_id = c.id ORDER BY n.created_at, n.id) x) AS notes,
    (SELECT json_agg(x) FROM (
        SELECT l.id, l.issuer, l.subject FROM portal.login l WHERE l.customer_id = c.id ORDER BY l.id) x) AS logins
FROM portal.customer c;
