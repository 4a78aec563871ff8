"""LOGIN: somebody wants to come in."""

import structlog
from starlette.requests import Request
from starlette.responses import Response

from portal.identity import claims, customers, lifecycle, return_to, staff
from portal.identity.arrived.invited import elsewhere, invitation_of, unrecognised
from portal.identity.failures import Refused
from portal.identity.flow import Arrival
from portal.identity.lifecycle import Who
from portal.identity.outcomes import Ending, Outcome, tell
from portal.identity.providers import KnownProvider
from portal.identity.rooms import room
from portal.identity.session import Audience
from portal.identity.transaction import Transaction
from portal.services import services
from portal.settings.providers import CustomerProviderSettings, StaffProviderSettings
from portal.web.responses import redirect, url_for

log = structlog.get_logger(__name__)


async def come_in(request: Request, known: KnownProvider, transaction: Transaction, arrival: Arrival) -> Response:
    """Begin a session, and go on to where the person wanted to go.

    Raises:
        Refused: the login went at this moment.
    """
    audience, back_to = transaction.audience, transaction.wanted.return_to
    who = await recognise(request, known, arrival)
    invitation = await invitation_of(request, transaction)
    if who is None and audience is Audience.CUSTOMER:
        return await unrecognised(request, known, arrival, invitation)
    if who is None:
        return _without_role(request, known, arrival)
    if invitation is not None and invitation.customer_id != who.customer_id:
        return elsewhere(request, known, arrival)
    token = await lifecycle.begin(request, who, arrival.proof)
    if token is None:
        raise Refused("login: the account was disconnected, or its roles changed, at this moment")
    log.info("logged in", audience=audience.value, provider=known.provider.name, who=str(who.login_id or who.staff_id))
    # Not to the start page, which has to guess whose room is meant where a browser holds two sessions.
    own = url_for(request, room(who.audience, who.roles))
    response = redirect(request, own if back_to == return_to.HOME else back_to)
    lifecycle.put_cookie(response, request, audience, token)
    return response


async def recognise(request: Request, known: KnownProvider, arrival: Arrival) -> Who | None:
    """Who somebody is here; None if the provider knows them and we do not."""
    store, said = services(request).staff, known.provider.settings
    if known.provider.audience is Audience.STAFF:
        assert isinstance(said, StaffProviderSettings)
        return await staff.recognise(store.database, arrival, said.roles_claim, said.roles)
    assert isinstance(said, CustomerProviderSettings)
    return await customers.recognise(store, arrival, said, lifecycle.personal(request))


def _without_role(request: Request, known: KnownProvider, arrival: Arrival) -> Response:
    """The provider knows them, and gives them no role here."""
    log.info("logged in at the provider, not here", audience=Audience.STAFF.value, provider=known.provider.name)
    account = claims.display_name(arrival.claims, arrival.subject)
    return tell(request, Outcome(Ending.NO_ROLE, Audience.STAFF, known.provider.name, account))
