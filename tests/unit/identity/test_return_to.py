"""After a login one comes back to a page of ours, and nowhere else."""

import string

import pytest
from httpx2 import URL
from hypothesis import given
from hypothesis import strategies as st

from portal.identity.return_to import local


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/record",
        "/record#notes",
        "/desk?q=Marsh&page=2",
        "/desk?q=M%C3%BCller%20%26%20Co",
        "/audit?from=2026-11-01T00:00",
        "/record/profile/about?next=https://elsewhere.example",
        "/loginhistory",
    ],
)
def test_a_page_of_ours_is_come_back_to(target: str) -> None:
    assert local(target) == target


@pytest.mark.asvs("3.7.2")
@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "record",
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "/record\\..\\evil",
        "/%5cevil.example",
        "/%2f/evil.example",
        "/%2Fevil.example",
        "/\t/evil.example",
        "/%09/evil.example",
        "/\n/evil.example",
        "/record\r\nSet-Cookie: a=b",
        "/record%0d%0aSet-Cookie:%20a=b",
        " /record",
        "javascript:alert(1)",
        "\x00/record",
        "/rec\u2028ord",
        "/rec\u200bord",
        "/" + "x" * 3_000,
        "/login",
        "/login?as=staff",
        "/login/callback/customer?state=x",
        "/logout",
    ],
)
def test_anything_else_is_the_start_page(target: str | None) -> None:
    assert local(target) == "/"


@pytest.mark.asvs("1.2.2", "3.7.2")
@given(st.text(st.sampled_from(string.ascii_letters + "/\\%25fFcC09aAdD:@?#.\t\n \u3000"), max_size=12))
def test_no_target_leads_to_another_host(target: str) -> None:
    base = URL("https://portal.example.com/login/callback/customer")
    landed = base.join(local(target))
    assert (landed.scheme, landed.host) == ("https", "portal.example.com")
