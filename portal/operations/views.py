"""The operator's page."""

from starlette.requests import Request
from starlette.responses import Response

from portal.operations.queries import overview
from portal.operations.status import status
from portal.services import services
from portal.web.responses import fragment, page, wants_fragment


async def show(request: Request) -> Response:
    """Workers, CRMs and versions; the page asks again every few seconds."""
    at_hand = services(request)
    context = {"status": status(await overview(at_hand.staff.database), at_hand.catalogue)}
    if wants_fragment(request):
        return fragment(request, "operations/status.html", "live", context)
    return page(request, "operations/status.html", context)
