"""Answering an invitation: say its code, and log in with the account that shall open the record.

The code comes in a form and goes on in a cookie: it never stands in a path or a query, so no log has it.
"""

from starlette.requests import Request
from starlette.responses import Response

from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.identity import codes, cookies, invitations
from portal.identity.departure import leave_for
from portal.identity.providers import providers
from portal.identity.quirks import another_account
from portal.identity.session import Audience
from portal.identity.transaction import Wanted
from portal.linking.forms import CodeForm, code_form
from portal.services import services
from portal.web.form_data import read_form
from portal.web.limits import Attempt, count
from portal.web.navigation import wanted_by_somebody
from portal.web.responses import page, redirect, url_for

PAGE = "linking/invitation.html"
SECONDS = 3_600


async def invitation(request: Request) -> Response:
    """The page on which the code is typed; a link brings it along behind its #, where only the browser sees it."""
    if request.method == "POST":
        return await _answer(request)
    return _show(request, code_form()())


async def log_in(request: Request) -> Response:
    """To a provider, the invitation in mind."""
    known = providers(request).get(Audience.CUSTOMER, request.path_params["provider"])
    if known is None:
        raise NotFound(_("There is nothing at this address."))
    code = shown_code(request)
    if code is None:
        return redirect(request, url_for(request, "invitation"))
    if not wanted_by_somebody(request):
        return _ways(request)
    wanted = Wanted(return_to=url_for(request, "record"), invitation=codes.digest(code))
    prompt = another_account(known.provider.issuer) if "again" in request.query_params else None
    return await leave_for(request, known, wanted, prompt=prompt)


def shown_code(request: Request) -> str | None:
    """The code that this browser was used to say, within the last hour."""
    shown = request.cookies.get(cookies.full_name(services(request).settings, invitations.COOKIE))
    return codes.read(shown) if shown else None


async def _answer(request: Request) -> Response:
    form = code_form()(await read_form(request))
    await count(request, Attempt.CODE)
    if not form.validate():
        return _show(request, form, status=422)
    code_hash = codes.digest(form.code.data)
    await count(request, Attempt.CODE, target=code_hash, by_address=False)
    if await invitations.with_hash(services(request).staff.database, code_hash) is None:
        # Whether it never was, was used, was taken back or is too old is nobody's business who does not know.
        form.code.errors = [_("This invitation cannot be used any more. Customer care can make you a new one.")]
        return _show(request, form, status=422)
    return _good(request, form.code.data)


def _good(request: Request, code: str) -> Response:
    """A page and no redirect: browsers do not follow a form to another site."""
    response = _ways(request)
    cookies.put(response, services(request).settings, invitations.COOKIE, code, max_age=SECONDS)
    return response


def _ways(request: Request) -> Response:
    """With which account? Asked also where another site's page has led here by itself."""
    ways = [
        {"href": url_for(request, "invitation_login", provider=known.provider.name), "name": known.provider.label}
        for known in providers(request).of(Audience.CUSTOMER)
    ]
    return page(request, "linking/invited.html", {"ways": ways})


def _show(request: Request, form: CodeForm, *, status: int = 200) -> Response:
    context = {"form": form, "seq": 0, "has_errors": bool(form.errors)}
    return page(request, PAGE, context, status=status)
