"""LOGIN: somebody wants to come in."""

import structlog
from starlette.requests import Request
from starlette.responses import Response

from portal.identity import claims, customers, lifecycle, return_to, staff
from portal.identity.departure import start_address
from portal.identity.flow import Arrival
from portal.identity.lifecycle import Who
from portal.identity.providers import KnownProvider
from portal.identity.rooms import room
from portal.identity.session import Audience
from portal.identity.transaction import Transaction
from portal.provider_settings import CustomerProviderSettings, StaffProviderSettings
from portal.services import services
from portal.web.responses import page, redirect, url_for

log = structlog.get_logger(__name__)


async def come_in(request: Request, known: KnownProvider, transaction: Transaction, arrival: Arrival) -> Response:
    """Begin a session, and go on to where the person wanted to go."""
    audience, back_to = transaction.audience, transaction.wanted.return_to
    who = await recognise(request, known, arrival)
    if who is None:
        return _not_yet(request, known, arrival)
    token = await lifecycle.begin(request, who, arrival.proof)
    log.info("logged in", audience=audience.value, provider=known.provider.name)
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
    return await customers.recognise(store, arrival, said.number_claim, lifecycle.personal(request))


def _not_yet(request: Request, known: KnownProvider, arrival: Arrival) -> Response:
    """The provider knows them, and we know nothing to show them. The page is the same whoever else there is."""
    audience = known.provider.audience
    template = "identity/pending.html" if audience is Audience.CUSTOMER else "identity/no_role.html"
    log.info("logged in at the provider, not here", audience=audience.value, provider=known.provider.name)
    account = claims.display_name(arrival.claims, arrival.subject)
    return page(request, template, {"account": account, "other": start_address(request, known, again="1")}, status=403)
