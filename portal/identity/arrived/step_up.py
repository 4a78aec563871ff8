"""STEP_UP: who is in already has shown once more who they are."""

import structlog
from starlette.requests import Request
from starlette.responses import Response

from portal import clock
from portal.identity import customers, lifecycle, renewal, tokens
from portal.identity.arrived.login import recognise
from portal.identity.failures import Refused
from portal.identity.flow import Arrival
from portal.identity.freshness import is_fresh
from portal.identity.lifecycle import Who
from portal.identity.providers import KnownProvider
from portal.identity.session import Audience, Session, find, shown_token
from portal.identity.transaction import Transaction
from portal.services import services
from portal.web.responses import redirect

log = structlog.get_logger(__name__)


async def step_up(request: Request, known: KnownProvider, transaction: Transaction, arrival: Arrival) -> Response:
    """Let the session that asked for it go on under a new token: the same person's, freshly proved.

    Raises:
        Refused: the session is over, or somebody else has logged in at the provider.
    """
    audience, onward = transaction.audience, redirect(request, transaction.wanted.return_to)
    session, token = await find(request, audience), shown_token(request, audience)
    if session is None or token is None:
        raise Refused("step-up: the session that asked for it is over")
    if tokens.digest(token) != transaction.wanted.expected_session:
        if is_fresh(session, services(request).settings, clock.now()):
            return onward  # another tab was faster
        raise Refused("step-up: another session asked for it")
    who = await _who(request, known, arrival)
    if who is None or not _same(session, who, known):
        raise Refused("step-up: another account than the session's")
    # Other roles are a login of their own: the sessions that were begun in the old ones have ended with them.
    if session.roles != who.roles:
        renewed = await lifecycle.begin(request, who, arrival.proof)
    else:
        renewed = await renewal.prove(request, who, arrival.proof)
    if renewed is None:
        raise Refused("step-up: the session ended at this moment")
    log.info(
        "proved anew", audience=audience.value, provider=known.provider.name, who=str(who.login_id or who.staff_id)
    )
    lifecycle.put_cookie(onward, request, audience, renewed)
    return onward


async def _who(request: Request, known: KnownProvider, arrival: Arrival) -> Who | None:
    """Staff's roles are asked for anew, as at each login; for a customer, nothing is linked on this way."""
    if known.provider.audience is Audience.CUSTOMER:
        return await customers.linked(services(request).staff, arrival)
    return await recognise(request, known, arrival)


def _same(session: Session, who: Who, known: KnownProvider) -> bool:
    """The same login: an account of the same customer at another provider is not what was asked for."""
    return (session.provider, session.login_id, session.customer_id, session.staff_id) == (
        known.provider.name,
        who.login_id,
        who.customer_id,
        who.staff_id,
    )
