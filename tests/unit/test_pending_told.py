"""What an agent is told of an account that waits beside a record."""

from portal import clock
from portal.desk.pending_told import comparisons
from portal.i18n import using
from portal.identity.accounts import Account
from portal.identity.pending import PendingLogin
from portal.record.models import ContactPoint, Record, System, Use


def test_an_address_that_the_customer_changed_lately_is_marked() -> None:
    now = clock.now()
    points = [
        ContactPoint(clock.uuid7(), System.EMAIL, value, Use.PRIVATE, rank)
        for rank, value in enumerate(("alice@example.com", "mallory@example.com"), 1)
    ]
    record = Record(id=clock.uuid7(), number="1", seq=1, contact_points=tuple(points))
    account = Account("main", "https://login.example", "1", "Alice", "mallory@example.com", email_verified=True)
    waiting = PendingLogin(clock.uuid7(), account, None, None, 1, now, now, None, None)

    with using("en"):
        email = comparisons(waiting, record, {points[1].id: now})[1]

    assert email.same
    assert email.record.startswith("alice@example.com, mallory@example.com (changed by the customer on ")
