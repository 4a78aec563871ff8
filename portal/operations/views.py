"""The operator's page."""

from starlette.requests import Request
from starlette.responses import Response

from portal.mail.kinds import TASK as MAIL
from portal.operations.mail import mail_line
from portal.operations.queries import overview
from portal.operations.status import status
from portal.services import services
from portal.web.responses import fragment, page, wants_fragment


async def show(request: Request) -> Response:
    """Workers, CRMs, mail and versions; the page asks again every few seconds."""
    at_hand = services(request)
    seen = await overview(at_hand.staff.database)
    mail = mail_line(seen.tasks.get(MAIL), wanted=bool(at_hand.settings.smtp_host))
    context = {"status": status(seen, mail, at_hand.catalogue)}
    if wants_fragment(request):
        return fragment(request, "operations/status.html", "live", context)
    return page(request, "operations/status.html", context)
