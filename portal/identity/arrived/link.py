"""LINK: who is in already wants to log in with another account, too."""

from starlette.requests import Request
from starlette.responses import Response

from portal.identity.failures import Refused
from portal.identity.flow import Arrival
from portal.identity.providers import KnownProvider
from portal.identity.transaction import Transaction


async def link(request: Request, known: KnownProvider, transaction: Transaction, arrival: Arrival) -> Response:
    """Tie the login to the record of the session that began this."""
    raise Refused("callback: no second login can be tied to a record")
