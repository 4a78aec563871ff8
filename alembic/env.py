"""Runs the migrations as the owner, with limits: a migration that cannot get its lock gives up instead of making
everybody wait."""

from alembic import context
from sqlalchemy import create_engine, text

from portal.db.database import Role, database_url
from portal.settings import load_settings

config = context.config


def run() -> None:
    url = config.attributes.get("url") or database_url(load_settings(), Role.OWNER)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = '10min'"))
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS portal"))
        # One migration at a time, however many machines start at once.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('portal migrations'))"))
        context.configure(connection=connection, version_table_schema="portal", transaction_per_migration=False)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
