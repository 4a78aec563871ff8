"""The page that says how a login ended that let nobody in. It stays when it is loaded again, or in another language."""

from starlette.requests import Request
from starlette.responses import Response

from portal.identity.departure import failure_page, start_address
from portal.identity.failures import Refused, kind_named
from portal.identity.outcomes import Ending, Outcome, told
from portal.identity.providers import KnownProvider, providers
from portal.identity.session import Audience
from portal.identity.transaction import Wanted
from portal.web.responses import page, url_for


async def outcome(request: Request) -> Response:
    """What happened, and how to go on from here."""
    found = told(request)
    if found is None:
        audience = Audience.STAFF if request.query_params.get("as") == "staff" else Audience.CUSTOMER
        return await failure_page(request, audience, Refused(), Wanted())
    known = providers(request).get(found.audience, found.provider)
    match found.ending:
        case Ending.PENDING if known:
            context = {"account": found.account, "other": start_address(request, known, again="1")}
            return page(request, "identity/pending.html", context, status=403)
        case Ending.NO_ROLE if known:
            context = {"account": found.account, "other": start_address(request, known, again="1")}
            return page(request, "identity/no_role.html", context, status=403)
        case Ending.ELSEWHERE if known:
            return _elsewhere(request, known, found)
    wanted = Wanted(found.purpose, found.back_to, invitation=b"" if found.invited else None)
    return await failure_page(request, found.audience, kind_named(found.failure)(), wanted)


def _elsewhere(request: Request, known: KnownProvider, found: Outcome) -> Response:
    context = {
        "account": found.account,
        "other": url_for(request, "invitation_login", provider=known.provider.name) + "?again=1",
        "onward": start_address(request, known),
    }
    return page(request, "linking/elsewhere.html", context, status=409)
