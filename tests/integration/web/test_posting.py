"""What a form posts, from the browser to an intention."""

from urllib.parse import urlencode
from uuid import UUID

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.record.read import StoredRecord
from tests.integration.web.browsing import form_token

NAMES = {"given_name": "Alice", "family_name": "Marsh"}


async def test_a_good_form_becomes_an_intention(as_alice: httpx2.AsyncClient, alice: StoredRecord) -> None:
    token = form_token((await as_alice.get("/test/customers")).text)
    carried = {"form_token": token, "seq": "1", "request_id": str(UUID(int=7, version=4))}
    response = await as_alice.post("/test/section", data={**NAMES, **carried, "call_me": " Al "})
    again = await as_alice.post("/test/section", data={**NAMES, **carried, "call_me": " Al "})
    other = await as_alice.post("/test/section", data={**NAMES, **carried, "call_me": "Ally"})

    request = response.json()["request"]
    assert again.json()["request"] == request, "the same form, sent twice, is one intention"
    assert other.json()["request"] != request, "other words in it are another one, whatever id the form carries"
    assert response.json() == {
        "values": {"profile/given_name": "Alice", "profile/family_name": "Marsh", "profile/call_me": "Al"},
        "seen": 1,
        "request": request,
        "actor": str(alice.record.id),
        "personal": {"ip": "127.0.0.1", "user_agent": as_alice.headers["user-agent"]},
    }


@pytest.mark.asvs("2.2.1", "15.3.3")
async def test_a_field_that_the_form_does_not_have_is_named(as_alice: httpx2.AsyncClient) -> None:
    token = form_token((await as_alice.get("/test/customers")).text)
    response = await as_alice.post("/test/section", data={**NAMES, "form_token": token, "customer_id": "1"})

    assert response.status_code == 422
    assert "customer_id" in response.text


@pytest.mark.asvs("2.2.1", "2.2.2")
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=300)
    | st.lists(
        st.tuples(st.sampled_from(["given_name", "language", "seq", "request_id", "x"]), st.text(max_size=30)),
        max_size=6,
    ).map(lambda pairs: urlencode(pairs, errors="surrogatepass").encode()),
    st.sampled_from(["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain", ""]),
    st.booleans(),
)
async def test_whatever_is_posted_is_answered_and_never_a_mistake_of_ours(
    as_alice: httpx2.AsyncClient, body: bytes, kind: str, with_token: bool
) -> None:
    if with_token:
        token = form_token((await as_alice.get("/test/customers")).text)
        body = urlencode({"form_token": token}).encode() + b"&" + body
    response = await as_alice.post("/test/section", content=body, headers={"content-type": kind})

    assert 200 <= response.status_code < 500


@pytest.mark.asvs("1.2.4", "2.2.1")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=60), st.binary(max_size=20))
async def test_any_address_is_answered(as_alice: httpx2.AsyncClient, path: str, query: bytes) -> None:
    escaped = "".join(f"%{byte:02x}" for byte in path.encode("latin-1") + b"?" + query)
    response = await as_alice.get(f"/{escaped}?q={escaped}")

    assert 200 <= response.status_code < 500
