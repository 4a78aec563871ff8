"""A customer's ways to log in: which accounts open their record; one more, one less."""

from starlette.requests import Request
from starlette.responses import Response

from portal.cards.card import customer_id, open_record
from portal.cards.forms import carried
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.identity import lifecycle, tokens
from portal.identity.departure import leave_for
from portal.identity.links import unlink
from portal.identity.login_changes import decided
from portal.identity.providers import providers
from portal.identity.quirks import another_account
from portal.identity.session import Audience, shown_token
from portal.identity.transaction import Purpose, Wanted
from portal.identity.ways import Way, ways
from portal.services import services
from portal.web.form_data import read_form
from portal.web.forms import Form
from portal.web.intention import intention
from portal.web.policy import viewer
from portal.web.responses import page, redirect, url_for


async def show(request: Request) -> Response:
    """All of them."""
    await open_record(request)  # times are told in the customer's zone
    context = {
        "ways": await _ways(request),
        "own": viewer(request).login_id,
        "providers": [known.provider for known in providers(request).of(Audience.CUSTOMER)],
        "done": _done(request),
    }
    return page(request, "linking/ways.html", context)


async def add(request: Request) -> Response:
    """To a provider, to log in there with another account."""
    known = providers(request).get(Audience.CUSTOMER, request.path_params["provider"])
    token = shown_token(request, Audience.CUSTOMER)
    if known is None or token is None:
        raise NotFound(_("There is nothing at this address."))
    back_to = url_for(request, "record_logins")
    wanted = Wanted(Purpose.LINK, return_to=back_to, expected_session=tokens.digest(token))
    # Otherwise a provider would give back the account that is logged in there already.
    return await leave_for(request, known, wanted, prompt=another_account(known.provider.issuer))


async def remove(request: Request) -> Response:
    """One way less: asked once more, and done."""
    form = carried(await read_form(request)) if request.method == "POST" else None
    way = next((way for way in await _ways(request) if way.id == request.path_params["id"]), None)
    if way is None:
        raise NotFound(_("There is no such way to log in. It may have been removed."))
    if form is not None:
        return await _remove(request, form, way)
    own = way.id == viewer(request).login_id
    return page(request, "linking/remove.html", {"way": way, "own": own, "seq": 0})


async def _remove(request: Request, form: Form, way: Way) -> Response:
    """Its sessions end with it. That the last one stays is seen to by the action, on the version that it writes."""
    change = decided(intention(request, form, "login:unlinked"), "removed", way.account)
    await unlink(services(request).staff, customer_id(request), change, way.id)
    if way.id != viewer(request).login_id:
        return redirect(request, url_for(request, "record_logins") + "?done=removed")
    response = redirect(request, url_for(request, "home"))
    lifecycle.remove_cookie(response, request, Audience.CUSTOMER)
    return response


async def _ways(request: Request) -> list[Way]:
    known = [known.provider for known in providers(request).of(Audience.CUSTOMER)]
    return await ways(services(request).customers.database, customer_id(request), known)


def _done(request: Request) -> str | None:
    said = {
        "added": _("The account is connected. You can log in with it from now on."),
        "removed": _("Removed. Nobody can log in with that account any more, and where it was logged in, it is out."),
    }
    return said.get(request.query_params.get("done", ""))
