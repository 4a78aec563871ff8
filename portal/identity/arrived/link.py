"""LINK: who is in already wants to log in with another account, too.

Nothing is connected yet: a forged link could have made somebody's browser log in with an account that is not theirs.
They are shown which account it is, and asked.
"""

from starlette.requests import Request
from starlette.responses import Response

from portal.identity import customers, tokens
from portal.identity.accounts import account
from portal.identity.arrivals import Waiting
from portal.identity.arrived.invited import ask
from portal.identity.failures import Refused
from portal.identity.flow import Arrival
from portal.identity.providers import KnownProvider
from portal.identity.session import Audience, find, shown_token
from portal.identity.transaction import Transaction
from portal.settings.providers import CustomerProviderSettings


async def link(request: Request, known: KnownProvider, transaction: Transaction, arrival: Arrival) -> Response:
    """Ask whether the account is to open the record of the session in which this was begun.

    Raises:
        Refused: it was begun in no session, or in another one.
    """
    session, token = await find(request, Audience.CUSTOMER), shown_token(request, Audience.CUSTOMER)
    said = known.provider.settings
    if session is None or session.customer_id is None or token is None:
        raise Refused("link: the session that asked for it is over")
    if not isinstance(said, CustomerProviderSettings) or tokens.digest(token) != transaction.wanted.expected_session:
        raise Refused("link: another session asked for it")
    number = customers.claimed_number(arrival, said)
    return await ask(request, Waiting(session.customer_id, None, session.id, account(arrival), number, arrival.proof))
