"""The record that came along with the session, in one statement: for the page that shows it, and for the change that is
computed on it."""

from starlette.requests import Request

from portal.record.read import StoredRecord, stored_record
from portal.services import services


def found_record(request: Request) -> StoredRecord | None:
    """The customer's record as it was when their session was found; None where the route asks for none, or it is gone.

    What this request has written since is not in it.
    """
    row = getattr(request.state, "record_row", None)
    if row is None or row["id"] is None:
        return None
    if not hasattr(request.state, "found_record"):
        request.state.found_record = stored_record(row, services(request).customers.keys)
    found: StoredRecord = request.state.found_record
    return found
