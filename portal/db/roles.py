"""Creates the database and its roles, once, with an administrator's connection."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from portal.db.database import Role

STATEMENT_TIMEOUT = {Role.OWNER: "0", Role.CUSTOMER: "5s", Role.STAFF: "15s", Role.WORKER: "30s"}
LOCK_TIMEOUT = {Role.OWNER: "5s", Role.CUSTOMER: "2s", Role.STAFF: "2s", Role.WORKER: "5s"}


def initialise(
    admin_url: str, passwords: Mapping[Role, str], *, database: str | None = None, new_passwords: bool = False
) -> frozenset[Role]:
    """Create the roles and the database that are missing, and give each role its limits.

    Args:
        admin_url: a connection that may create roles and databases; its path names the database to use unless
            `database` does.
        passwords: one for each role that is new.
        new_passwords: give them to roles that are there already, too. Roles belong to the whole server: every other
            portal on it then needs the new ones.

    Returns:
        The roles that have the given password now.

    Raises:
        ValueError: no database is named.
    """
    from sqlalchemy import make_url

    url = make_url(admin_url).set(drivername="postgresql")
    name = database or url.database
    if not name:
        raise ValueError("Name the database at the end of the address, such as /portal.")
    given: set[Role] = set()
    with psycopg.connect(url.set(database="postgres").render_as_string(hide_password=False), autocommit=True) as admin:
        for role in Role:
            if _ensure_role(admin, role, passwords[role], new_passwords):
                given.add(role)
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            admin.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(name), sql.Identifier(Role.OWNER.user)
                )
            )
        _grant(admin, name)
    return frozenset(given)


def _ensure_role(admin: psycopg.Connection[Any], role: Role, password: str, new_password: bool) -> bool:
    exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role.user]).fetchone()
    if exists and not new_password:
        return False
    admin.execute(
        sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION PASSWORD {}").format(
            sql.SQL("ALTER" if exists else "CREATE"), sql.Identifier(role.user), sql.Literal(password)
        )
    )
    return True


def _grant(admin: psycopg.Connection[Any], database: str) -> None:
    name = sql.Identifier(database)
    # CREATE ROLE gives nobody membership in the owner; an administrator who is no superuser needs none after this.
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    admin.execute(sql.SQL("GRANT CREATE, CONNECT, TEMPORARY ON DATABASE {} TO portal_owner").format(name))
    for role in Role:
        user = sql.Identifier(role.user)
        admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, user))
        for setting, value in (
            ("statement_timeout", STATEMENT_TIMEOUT[role]),
            ("lock_timeout", LOCK_TIMEOUT[role]),
            ("idle_in_transaction_session_timeout", "30s"),
        ):
            admin.execute(
                sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                    user, name, sql.Identifier(setting), sql.Literal(value)
                )
            )


def excess_powers(connection: psycopg.Connection[Any]) -> list[str]:
    """What the connected role could do that nothing of the portal may: empty when all is well."""
    row = connection.execute(
        """SELECT current_user, r.rolsuper, r.rolbypassrls, r.rolcreaterole,
                  (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname IN ('portal', 'keys', 'jobs', 'crm') AND c.relowner = r.oid
                   AND c.relkind IN ('r', 'p', 'v', 'm')),
                  EXISTS (SELECT FROM pg_roles o WHERE o.rolname = 'portal_owner'
                          AND pg_has_role(r.oid, o.oid, 'MEMBER') AND o.oid <> r.oid)
           FROM pg_roles r WHERE r.rolname = current_user"""
    ).fetchone()
    assert row is not None
    user, superuser, bypass, create_role, owned, owner_member = row
    found = []
    if superuser:
        found.append(f"{user} is a superuser and walks through row-level security")
    if bypass:
        found.append(f"{user} has BYPASSRLS")
    if create_role:
        found.append(f"{user} may create roles")
    if owned and user != Role.OWNER.user:
        found.append(f"{user} owns {owned} tables or views")
    if owner_member and not superuser:
        found.append(f"{user} is a member of portal_owner")
    return found
