"""What the demo's identity provider says about people."""

from portal.dev.logins import LOGINS


def test_customers_have_a_number_and_staff_have_a_role() -> None:
    for login in LOGINS:
        assert login.customer is ("roles" not in login.more)
        assert login.claims["email_verified"] is True


def test_nobody_is_there_twice() -> None:
    assert len({login.subject for login in LOGINS}) == len({login.email for login in LOGINS}) == len(LOGINS)
