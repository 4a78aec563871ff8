"""The provider that an address names."""

from starlette.requests import Request

from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.identity.providers import KnownProvider, providers
from portal.identity.session import Audience


def addressed(request: Request) -> KnownProvider:
    """The provider in `/login/.../{audience}/{provider}`.

    Raises:
        NotFound: there is none.
    """
    try:
        return providers(request)[Audience(request.path_params["audience"]), request.path_params["provider"]]
    except (ValueError, KeyError):
        raise NotFound(_("There is nothing at this address.")) from None
