"""Odoo: partners and their log, through JSON-2 or, before Odoo 19, JSON-RPC."""

from portal.crm.odoo.connector import Odoo
from portal.crm.odoo.rpc import Json2, JsonRpc
from portal.crm.setup import Kind, Setup

JSON2, JSON_RPC = "json2", "jsonrpc"
NEEDS = {JSON2: ("token",), JSON_RPC: ("database", "username", "password")}


def connect(setup: Setup) -> Odoo:
    """The connector to one database.

    Raises:
        SettingsError: API is neither `json2` nor `jsonrpc`, or it lacks what it logs in with.
    """
    api = setup.settings.api or JSON2
    if api not in NEEDS:
        raise setup.mistake("api", f"must be {JSON2} or {JSON_RPC}")
    for name in NEEDS[api]:
        if not setup.settings.given(name):
            raise setup.mistake(name, f"is missing, and API={api} needs it")
    return Odoo(setup, Json2(setup) if api == JSON2 else JsonRpc(setup))


KIND = Kind(connect, ("url",))
