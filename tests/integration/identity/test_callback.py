"""What comes back from the provider, or pretends to: most of it lets nobody in."""

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest

from portal.identity import outcomes, tokens
from portal.identity.transaction import cookie_for
from tests.integration.identity.browser import Browser, a_subject, asked, known_at
from tests.integration.identity.conftest import Doors
from tests.integration.identity.hostile import HostileProvider
from tests.unit.identity.signing import (
    MISSING,
    assemble,
    honest_claims,
    public,
    rsa_key,
    shared_secret_from,
    sign,
)

COOKIE = "portal_session"


async def refused(browser: Browser, address: str, status: int = 400) -> str:
    """The answer to a callback that lets nobody in: no session, no word about the reason, a way to begin again."""
    response = await browser.come_back(address)
    assert response.status_code == status, response.text
    assert browser.cookie(COOKIE) is None
    assert "Nothing is lost" in response.text and 'href="/login/start/customer/main?next=' in response.text
    return response.text


async def begun(browser: Browser, hostile: HostileProvider, **claims: object) -> str:
    """A login at the hostile provider, up to the address with which it sends the browser back."""
    wanted = asked(await browser.begin())
    hostile.vouch(wanted, **claims)
    return f"{wanted['redirect_uri']}?state={wanted['state']}&code=abc"


class TestTheHonestWay:
    async def test_lets_in(self, besieged: Doors, hostile: HostileProvider) -> None:
        async with besieged.browser() as browser:
            response = await browser.come_back(await begun(browser, hostile, sub=a_subject("alice")))
            assert response.status_code == 403 and "not connected" in response.text, "known there, to nobody here"

    async def test_proves_the_verifier_and_the_client_to_the_token_endpoint(
        self, besieged: Doors, hostile: HostileProvider
    ) -> None:
        async with besieged.browser() as browser:
            await browser.come_back(await begun(browser, hostile))
        (request,) = hostile.asked["/token"]
        assert request["form"]["grant_type"] == "authorization_code" and request["form"]["code"] == "abc"
        assert len(request["form"]["code_verifier"]) == 43
        assert request["headers"]["Authorization"].startswith("Basic ")
        (userinfo,) = hostile.asked["/userinfo"]
        assert userinfo["headers"]["Authorization"] == "Bearer an-access-token"

    async def test_keeps_no_cookie_of_the_provider(self, besieged: Doors, hostile: HostileProvider) -> None:
        async with besieged.browser() as browser:
            await browser.come_back(await begun(browser, hostile))
            await browser.come_back(await begun(browser, hostile))
        assert all("Cookie" not in request["headers"] for asked in hostile.asked.values() for request in asked)


class TestReplay:
    @pytest.mark.asvs("2.3.1", "10.1.2")
    async def test_a_callback_is_good_once(self, doors: Doors, provider: str) -> None:
        alice = await known_at(provider, a_subject("alice"))
        async with doors.browser() as browser:
            address = await browser.choose(await browser.begin(), alice)
            assert (await browser.come_back(address)).status_code == 403
            await refused(browser, address)

    @pytest.mark.asvs("15.4.2")
    async def test_of_two_at_the_same_moment_one_is_heard(self, besieged: Doors, hostile: HostileProvider) -> None:
        async with besieged.browser() as browser:
            address = await begun(browser, hostile)
            parts = urlsplit(address)
            answers = await asyncio.gather(*(browser.here.get(f"{parts.path}?{parts.query}") for _ in range(5)))
        assert sorted([await told(besieged, answer) for answer in answers]) == [400, 400, 400, 400, 403]
        assert len(hostile.asked["/token"]) == 1

    async def test_a_used_code_in_a_new_login_is_the_providers_to_refuse(self, doors: Doors, provider: str) -> None:
        alice = await known_at(provider, a_subject("alice"))
        async with doors.browser() as browser:
            code = asked(await browser.choose(url := await browser.begin(), alice))["code"]
            await browser.come_back(f"{asked(url)['redirect_uri']}?state={asked(url)['state']}&code={code}")
            fresh = asked(await browser.begin())
            await refused(browser, f"{fresh['redirect_uri']}?state={fresh['state']}&code={code}")

    async def test_a_login_that_took_too_long_is_refused(
        self, besieged: Doors, hostile: HostileProvider, owner: psycopg.Connection
    ) -> None:
        async with besieged.browser() as browser:
            address = await begun(browser, hostile)
            owner.execute(
                "UPDATE portal.login_transaction SET expires_at = clock_timestamp() WHERE state_hash = %s",
                [tokens.digest(asked(address)["state"])],
            )
            await refused(browser, address)


class TestWhoseLoginItIs:
    @pytest.mark.asvs("10.1.2", "10.2.1")
    async def test_nobody_finishes_a_login_in_somebody_elses_browser(self, doors: Doors, provider: str) -> None:
        """Login CSRF: Mallory logs in, and has Alice's browser open the last address."""
        mallory_there = await known_at(provider, a_subject("mallory"))
        async with doors.browser() as mallory, doors.browser() as alice:
            address = await mallory.choose(await mallory.begin(), mallory_there)
            await refused(alice, address)
            await refused(mallory, address), "the state is used up, whoever brought it"

    async def test_another_logins_cookie_does_not_help(self, doors: Doors, provider: str) -> None:
        mallory_there = await known_at(provider, a_subject("mallory"))
        async with doors.browser() as mallory, doors.browser() as alice:
            address = await mallory.choose(await mallory.begin(), mallory_there)
            mine = asked(await alice.begin())["state"]
            alice.put_cookie(cookie_for(asked(address)["state"]), alice.cookie(cookie_for(mine)) or "")
            await refused(alice, address)

    async def test_two_tabs_do_not_hurt_each_other(self, doors: Doors, provider: str) -> None:
        alice = await known_at(provider, a_subject("alice"))
        async with doors.browser() as browser:
            first, second = (
                await browser.begin("/login?next=/record"),
                await browser.begin("/login?next=/record/changes"),
            )
            later, sooner = await browser.choose(first, alice), await browser.choose(second, alice)
            assert "not connected" in (await browser.come_back(sooner)).text
            assert "not connected" in (await browser.come_back(later)).text

    @pytest.mark.asvs("10.1.2")
    async def test_swapped_tabs_are_refused(self, besieged: Doors, hostile: HostileProvider) -> None:
        """The answer to one tab's login with the other tab's state: the nonce tells."""
        async with besieged.browser() as browser:
            one, other = asked(await browser.begin()), asked(await browser.begin())
            hostile.vouch(one)
            await refused(browser, f"{other['redirect_uri']}?state={other['state']}&code=abc")

    async def test_a_customers_login_does_not_end_among_staff(self, doors: Doors, provider: str) -> None:
        grace = await known_at(provider, a_subject("grace"), roles=["crm-agents"])
        async with doors.browser() as browser:
            address = await browser.choose(await browser.begin(), grace)
            response = await browser.come_back(address.replace("/callback/customer/", "/callback/staff/"))
            assert response.status_code == 400
            assert browser.cookie("portal_session_staff") is None

    @pytest.mark.asvs("10.2.2")
    async def test_a_login_that_was_begun_with_another_provider_is_refused(
        self, doors: Doors, besieged: Doors, hostile: HostileProvider
    ) -> None:
        """The settings were changed while somebody was on the way."""
        async with doors.browser() as browser:
            wanted = asked(await browser.begin())
            async with besieged.browser() as later:
                name = cookie_for(wanted["state"])
                later.put_cookie(name, browser.cookie(name) or "")
                await refused(later, f"{wanted['redirect_uri']}?state={wanted['state']}&code=abc")
        assert "/token" not in hostile.asked

    async def test_logins_that_nobody_finishes_do_not_pile_up_in_the_browser(self, doors: Doors) -> None:
        async with doors.browser() as browser:
            for _ in range(12):
                await browser.begin()
            under_way = [c.name for c in browser.here.cookies.jar if c.name.startswith("portal_login_")]
            assert len(under_way) == 5


async def told(doors: Doors, answer: httpx2.Response) -> int:
    """The status of the page that one answer alone leads to."""
    async with doors.browser() as browser:
        browser.put_cookie(outcomes.COOKIE, answer.cookies[outcomes.COOKIE])
        return (await browser.here.get(answer.headers["location"])).status_code


NO_ANSWERS = {
    "nothing": "",
    "no state": "code=abc",
    "an empty state": "state=&code=abc",
    "a made-up state": "state=" + "x" * 43 + "&code=abc",
    "a short state": "state=x&code=abc",
    "a state with a line break": "state=" + "x" * 42 + "%0a&code=abc",
    "a state that is no text": "state=%ff%fe&code=abc",
}


@pytest.mark.parametrize("query", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
async def test_what_answers_no_question_is_refused(doors: Doors, query: str) -> None:
    async with doors.browser() as browser:
        await refused(browser, f"http://localhost:8000/login/callback/customer/main?{query}")


@pytest.mark.parametrize(
    "query",
    ["state={state}", "state={state}&code=", "state={state}&code=a&code=b", "state={state}&state={state}&code=a"],
)
async def test_an_answer_without_one_code_is_refused(besieged: Doors, hostile: HostileProvider, query: str) -> None:
    async with besieged.browser() as browser:
        wanted = asked(await browser.begin())
        await refused(browser, f"{wanted['redirect_uri']}?{query.format(state=wanted['state'])}")
    assert "/token" not in hostile.asked


@pytest.mark.asvs("10.2.2")
class TestIssuer:
    """RFC 9207: the answer names who gives it."""

    async def test_the_right_one_is_taken(self, besieged: Doors, hostile: HostileProvider) -> None:
        hostile.document["authorization_response_iss_parameter_supported"] = True
        async with besieged.browser() as browser:
            address = await begun(browser, hostile)
            assert (await browser.come_back(f"{address}&iss={hostile.issuer}")).status_code == 403

    @pytest.mark.parametrize("named", [False, True])
    async def test_another_one_is_refused_also_where_none_was_promised(
        self, besieged: Doors, hostile: HostileProvider, named: bool
    ) -> None:
        hostile.document["authorization_response_iss_parameter_supported"] = named
        async with besieged.browser() as browser:
            await refused(browser, await begun(browser, hostile) + "&iss=https://evil.example")
            await refused(browser, await begun(browser, hostile) + f"&iss={hostile.issuer}&iss=https://evil.example")
        assert "/token" not in hostile.asked

    async def test_none_is_refused_where_one_was_promised(self, besieged: Doors, hostile: HostileProvider) -> None:
        hostile.document["authorization_response_iss_parameter_supported"] = True
        async with besieged.browser() as browser:
            await refused(browser, await begun(browser, hostile))

    async def test_a_refusal_too_has_to_come_from_the_provider(self, besieged: Doors, hostile: HostileProvider) -> None:
        hostile.document["authorization_response_iss_parameter_supported"] = True
        async with besieged.browser() as browser:
            wanted = asked(await browser.begin())
            text = await refused(browser, f"{wanted['redirect_uri']}?state={wanted['state']}&error=access_denied")
            assert "cancelled" not in text

    @pytest.mark.asvs("10.5.3")
    async def test_a_provider_that_calls_itself_otherwise_is_not_used(
        self, besieged: Doors, hostile: HostileProvider
    ) -> None:
        hostile.document["issuer"] = "https://evil.example"
        async with besieged.browser() as browser:
            response = await browser.here.get("/login")
            assert response.status_code == 503 and "do not understand" in response.text


FORGED_CLAIMS: dict[str, dict[str, Any]] = {
    "wrong iss": {"iss": "https://evil.example"},
    "wrong aud": {"aud": "another-client"},
    "wrong aud, right azp": {"aud": "another-client", "azp": "portal-customers"},
    "the other audience's client": {"aud": "portal-staff"},
    "empty aud": {"aud": []},
    "wrong azp": {"azp": "another-client"},
    "wrong nonce": {"nonce": "another"},
    "no nonce": {"nonce": MISSING},
    "expired": {"exp": int(time.time()) - 120},
    "no exp": {"exp": MISSING},
    "from the future": {"iat": int(time.time()) + 3_600, "exp": int(time.time()) + 7_200},
    "no iat": {"iat": MISSING},
    "no sub": {"sub": MISSING},
    "wrong at_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.asvs("9.2.1", "9.2.3", "10.5.1", "10.5.4")
@pytest.mark.parametrize("claims", FORGED_CLAIMS.values(), ids=FORGED_CLAIMS.keys())
async def test_a_token_that_breaks_a_rule_lets_nobody_in(
    besieged: Doors, hostile: HostileProvider, claims: dict[str, Any]
) -> None:
    async with besieged.browser() as browser:
        await refused(browser, await begun(browser, hostile, **claims))
    assert "/userinfo" not in hostile.asked, "nothing is asked in the name of such a token"


@pytest.mark.asvs("6.8.2", "9.1.1", "9.1.2", "9.1.3")
class TestSignature:
    async def forged(self, besieged: Doors, hostile: HostileProvider, how: Any) -> None:
        async with besieged.browser() as browser:
            address = await begun(browser, hostile)
            wanted = {"iss": hostile.issuer, "aud": "portal-customers", "nonce": _nonce(hostile)}
            hostile.id_token = how(honest_claims(int(time.time()), **wanted))
            await refused(browser, address)

    async def test_alg_none_also_where_the_provider_offers_it(self, besieged: Doors, hostile: HostileProvider) -> None:
        hostile.document["id_token_signing_alg_values_supported"] = ["none", "RS256"]
        await self.forged(besieged, hostile, lambda claims: assemble({"alg": "none"}, claims))

    async def test_hs256_with_the_public_key(self, besieged: Doors, hostile: HostileProvider) -> None:
        hostile.document["id_token_signing_alg_values_supported"] = ["HS256", "RS256"]
        key = shared_secret_from(rsa_key())
        await self.forged(besieged, hostile, lambda claims: sign(claims, key=key, algorithm="HS256"))

    async def test_somebody_elses_key(self, besieged: Doors, hostile: HostileProvider) -> None:
        await self.forged(besieged, hostile, lambda claims: sign(claims, key=rsa_key("x"), header={"kid": "rsa"}))

    async def test_an_unknown_key_id(self, besieged: Doors, hostile: HostileProvider) -> None:
        await self.forged(besieged, hostile, lambda claims: sign(claims, key=rsa_key("unknown")))
        assert len(hostile.asked["/jwks"]) == 2, "it was looked for once more, once"
        await self.forged(besieged, hostile, lambda claims: sign(claims, key=rsa_key("unknown")))
        assert len(hostile.asked["/jwks"]) == 2, "and not again at once"

    async def test_a_new_key_is_found_when_it_is_first_used(self, besieged: Doors, hostile: HostileProvider) -> None:
        async with besieged.browser() as browser:
            await browser.come_back(await begun(browser, hostile))
            address = await begun(browser, hostile)
            wanted = {"iss": hostile.issuer, "aud": "portal-customers", "nonce": _nonce(hostile)}
            hostile.id_token = sign(honest_claims(int(time.time()), **wanted), key=rsa_key("new"))
            hostile.keys = public(rsa_key("new"))
            assert (await browser.come_back(address)).status_code == 403


class TestUserinfo:
    @pytest.mark.asvs("10.5.2")
    async def test_of_somebody_else_lets_nobody_in(self, besieged: Doors, hostile: HostileProvider) -> None:
        async with besieged.browser() as browser:
            address = await begun(browser, hostile)
            hostile.userinfo = {"sub": "bob"}
            await refused(browser, address)

    async def test_does_not_overrule_the_signed_token(self, besieged: Doors, hostile: HostileProvider) -> None:
        async with besieged.browser() as browser:
            address = await begun(browser, hostile, name="Signed Name")
            hostile.userinfo |= {"name": "Other Name"}
            text = (await browser.come_back(address)).text
            assert "Signed Name" in text and "Other Name" not in text


@pytest.mark.asvs("16.5.2", "16.5.3")
class TestProviderInTrouble:
    async def down(self, response: httpx2.Response) -> None:
        assert response.status_code == 503, response.text
        assert "not possible at the moment" in response.text and "Nothing is lost" in response.text

    async def test_down_before_the_login(self, besieged: Doors, hostile: HostileProvider) -> None:
        hostile.stop()
        async with besieged.browser() as browser:
            response = await browser.here.get("/login?next=/record/changes")
            await self.down(response)
            assert "/login/start/customer/main?next=%2Frecord%2Fchanges" in response.text
            assert not browser.here.cookies

    async def test_down_on_the_way_back(self, besieged: Doors, hostile: HostileProvider) -> None:
        async with besieged.browser() as browser:
            address = await begun(browser, hostile)
            hostile.stop()
            await self.down(await browser.come_back(address))

    async def test_slow(self, besieged: Doors, hostile: HostileProvider, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("portal.identity.remote.SECONDS", 0.3)
        async with besieged.browser() as browser:
            address = await begun(browser, hostile)
            hostile.delay = 1.0
            await self.down(await browser.come_back(address))

    @pytest.mark.asvs("15.3.2")
    @pytest.mark.parametrize("path", ["/token", "/userinfo", "/jwks"])
    @pytest.mark.parametrize(
        "answer",
        [
            (500, {}),
            (503, "<html>later</html>"),
            (429, {"error": "slow_down"}),
            (302, {}),
            (200, "<html>a page</html>"),
            (200, []),
            (200, "[" * 100_000),
            (200, b"\x1f\x8b\x08\x00".decode("latin1")),
            b"x" * 300_000,
        ],
        ids=["500", "503", "429", "redirect", "html", "a list", "nested without end", "compressed", "without end"],
    )
    async def test_every_kind_of_wrong_answer_is_told_as_trouble(
        self, besieged: Doors, hostile: HostileProvider, path: str, answer: tuple[int, object] | bytes
    ) -> None:
        async with besieged.browser() as browser:
            address = await begun(browser, hostile)
            hostile.answers[path] = answer
            await self.down(await browser.come_back(address))
            assert browser.cookie(COOKIE) is None
        assert "/elsewhere" not in hostile.asked, "redirects are not followed"

    @pytest.mark.parametrize(
        "answer",
        [
            (400, {"error": "invalid_client"}),
            (401, {"error": "invalid_client"}),
            (200, {}),
            (200, {"access_token": "a", "token_type": "Bearer"}),
            (200, {"id_token": "a.b.c", "token_type": "Bearer"}),
            (200, {"access_token": "a", "id_token": "a.b.c", "token_type": "DPoP"}),
            (200, {"access_token": ["a"], "id_token": {"a": "b"}, "token_type": "Bearer"}),
        ],
        ids=str,
    )
    async def test_a_token_endpoint_that_does_not_know_us_is_for_the_operator_to_mend(
        self, besieged: Doors, hostile: HostileProvider, answer: tuple[int, object]
    ) -> None:
        async with besieged.browser() as browser:
            address = await begun(browser, hostile)
            hostile.answers["/token"] = answer
            response = await browser.come_back(address)
            await self.down(response)
            assert "do not understand" in response.text

    async def test_that_says_so_itself(self, besieged: Doors) -> None:
        async with besieged.browser() as browser:
            wanted = asked(await browser.begin())
            address = f"{wanted['redirect_uri']}?state={wanted['state']}&error=temporarily_unavailable"
            await self.down(await browser.come_back(address))

    async def test_none_is_configured(self, besieged: Doors, database_url: Any, stores: Any) -> None:
        from tests.conftest import make_settings
        from tests.integration.identity.conftest import opened

        async with opened(make_settings(database_url), stores) as empty, empty.browser() as browser:
            response = await browser.here.get("/login")
            await self.down(response)
            assert "<li" not in response.text.partition("<main")[2].partition("</main")[0]


def _nonce(hostile: HostileProvider) -> str:
    """The nonce in the token that the provider has ready."""
    import base64
    import json

    payload = hostile.id_token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["nonce"])
