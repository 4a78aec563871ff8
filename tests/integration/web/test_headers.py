"""What every response says beside its content."""

import re

import httpx2
import pytest

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "manifest-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)


@pytest.mark.asvs("3.4.3", "3.4.6")
async def test_a_page_runs_only_the_scripts_that_it_was_sent_with(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/")
    nonces = set(re.findall(r'nonce="([^"]+)"', response.text))

    assert len(nonces) == 1
    assert response.headers["content-security-policy"] == POLICY.format(nonce=nonces.pop())
    assert "<style" not in response.text and ' style="' not in response.text


@pytest.mark.asvs("3.4.3")
async def test_each_response_has_a_nonce_of_its_own(stranger: httpx2.AsyncClient) -> None:
    policies = {(await stranger.get("/")).headers["content-security-policy"] for _ in range(3)}

    assert len(policies) == 3


@pytest.mark.asvs("3.4.4", "3.4.5", "3.4.6", "3.4.8", "3.5.8", "14.3.2")
async def test_a_page_is_kept_nowhere_and_framed_by_nobody(stranger: httpx2.AsyncClient) -> None:
    headers = (await stranger.get("/")).headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]
    assert "server" not in headers
    # Over plain http, which is for development, nobody is told to insist on https.
    assert "strict-transport-security" not in headers


@pytest.mark.asvs("3.4.3", "14.3.2")
async def test_refusals_and_errors_say_the_same(stranger: httpx2.AsyncClient) -> None:
    for response in (
        await stranger.get("/nothing/here"),
        await stranger.post("/language", headers={"sec-fetch-site": "cross-site"}),
        await stranger.get("/", headers={"host": "mallory.example"}),
        await stranger.post("/language", content=b"x" * 100_000),
    ):
        assert response.status_code >= 400
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        assert response.headers["cache-control"] == "no-store"


async def test_static_files_are_kept_for_ever(stranger: httpx2.AsyncClient) -> None:
    sheet = re.search(r'href="(/static/css/page\.[0-9a-f]+\.css)"', (await stranger.get("/")).text)
    assert sheet is not None
    response = await stranger.get(sheet[1])

    assert response.status_code == 200
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["vary"] == "accept-encoding"


async def test_pages_come_compressed(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/", headers={"accept-encoding": "gzip"})

    assert response.headers["content-encoding"] == "gzip"
    assert "</html>" in response.text


async def test_the_token_in_forms_is_another_one_each_time(as_alice: httpx2.AsyncClient) -> None:
    pages = [(await as_alice.get("/test/customers")).text for _ in range(3)]
    tokens = {re.findall(r'name="form_token" value="([^"]+)"', page)[0] for page in pages}

    assert len(tokens) == 3
