"""Somebody was not recognised, or came with an invitation: the question whether to connect, or the queue."""

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal.identity import arrivals, cookies, customers, invitations, pending
from portal.identity.accounts import Account, account
from portal.identity.arrivals import Waiting
from portal.identity.flow import Arrival
from portal.identity.invitations import Invitation
from portal.identity.outcomes import Ending, Outcome, tell
from portal.identity.providers import KnownProvider
from portal.identity.security_events import note_event
from portal.identity.session import Audience
from portal.identity.transaction import Transaction
from portal.services import services
from portal.settings.providers import CustomerProviderSettings
from portal.web.responses import url_for

log = structlog.get_logger(__name__)


async def invitation_of(request: Request, transaction: Transaction) -> Invitation | None:
    """The invitation with which the login was begun, if it can still be used."""
    code_hash = transaction.wanted.invitation
    return await invitations.with_hash(services(request).staff.database, code_hash) if code_hash else None


async def unrecognised(
    request: Request, known: KnownProvider, arrival: Arrival, invitation: Invitation | None
) -> Response:
    """The provider knows them, and nobody has said yet which record is theirs. Who was invited is asked; the others
    wait for a person, and what they are shown is the same whoever else there is, and whatever is decided."""
    said = known.provider.settings
    assert isinstance(said, CustomerProviderSettings)
    came, number = account(arrival), customers.claimed_number(arrival, said)
    if invitation is not None:
        waiting = Waiting(invitation.customer_id, invitation.id, None, came, number, arrival.proof)
        return await ask(request, waiting)
    await _wait(request, came, number)
    return tell(request, Outcome(Ending.PENDING, Audience.CUSTOMER, known.provider.name, came.told))


def elsewhere(request: Request, known: KnownProvider, arrival: Arrival) -> Response:
    """The account opens a record already, and the invitation is for another one: nothing is done unasked."""
    log.info("invited with an account that is connected already", provider=known.provider.name)
    return tell(request, Outcome(Ending.ELSEWHERE, Audience.CUSTOMER, known.provider.name, account(arrival).told))


async def ask(request: Request, waiting: Waiting) -> Response:
    """To the page that asks whether to connect; who waits there is known to this browser alone."""
    at_hand = services(request)
    token = await arrivals.keep(at_hand.staff.database, waiting)
    response = RedirectResponse(url_for(request, "login_connect"), 303)
    cookies.put(response, at_hand.settings, arrivals.COOKIE, token, max_age=arrivals.SECONDS)
    return response


async def _wait(request: Request, came: Account, number: str | None) -> None:
    database = services(request).staff.database
    waiting = await pending.note(database, came, number)
    if waiting is not None and waiting.tries == 1:
        await note_event(database, "login:pending", provider=came.provider, pending=str(waiting.id))
