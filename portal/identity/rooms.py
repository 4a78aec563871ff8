"""The room that somebody comes into when they did not ask for another one."""

from collections.abc import Collection

from portal.identity.session import Audience
from portal.settings import StaffRole

STAFF_ROOMS = {StaffRole.AGENT: "desk", StaffRole.AUDITOR: "audit", StaffRole.OPERATOR: "operations"}
"""Of somebody with several roles, the first one decides."""


def room(audience: Audience, roles: Collection[StaffRole]) -> str:
    """The name of a route."""
    if audience is Audience.CUSTOMER:
        return "record"
    return next(room for role, room in STAFF_ROOMS.items() if role in roles)
