"""Rule by rule: which logout tokens end sessions, and which do not (Back-Channel Logout 1.0, section 2.6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import Key

from portal.identity.failures import Refused
from portal.identity.logout_token import EVENT, LogoutToken, validate
from tests.unit.identity.signing import (
    CLIENT,
    ISSUER,
    MISSING,
    NONCE,
    NOW,
    assemble,
    ec_key,
    honest_claims,
    logout_claims,
    okp_key,
    published,
    rsa_key,
    shared_secret_from,
    sign,
)

pytestmark = [pytest.mark.asvs("10.5.5"), pytest.mark.usefixtures("stopped_clock")]
TYPED = {"typ": "logout+jwt"}


async def accept(token: str) -> LogoutToken:
    return await validate(token, ISSUER, CLIENT, published)


async def refuse(token: str) -> str:
    with pytest.raises(Refused) as refused:
        await validate(token, ISSUER, CLIENT, published)
    return str(refused.value)


async def test_a_good_token_says_whose_sessions_end() -> None:
    token = await accept(sign(logout_claims(jti="one", sid="s-1"), header=TYPED))
    assert (token.jti, token.subject, token.sid) == ("one", "alice", "s-1")
    assert token.forget_at - datetime.fromtimestamp(NOW, UTC) == timedelta(minutes=6)


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [("RS256", rsa_key()), ("PS256", rsa_key()), ("ES256", ec_key()), ("EdDSA", okp_key())],
    ids=["RS256", "PS256", "ES256", "EdDSA"],
)
async def test_each_algorithm_of_the_allowlist_is_taken(algorithm: str, key: Key) -> None:
    assert (await accept(sign(logout_claims(), key=key, algorithm=algorithm, header=TYPED))).subject == "alice"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": MISSING, "sid": "s-1"},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another"]},
        {"exp": NOW - 20},
        {"iat": NOW + 20},
        {"iat": NOW - 290},
        {"events": {EVENT: {"more": 1}, "https://example.com/other": {}}},
        {"auth_time": "whatever else it says"},
    ],
    ids=str,
)
async def test_what_is_allowed_passes(claims: dict[str, Any]) -> None:
    await accept(sign(logout_claims(**claims), header=TYPED))


@pytest.mark.parametrize("typ", ["logout+jwt", "LOGOUT+JWT", "application/logout+jwt"])
async def test_the_type_may_be_written_in_full(typ: str) -> None:
    await accept(sign(logout_claims(), header={"typ": typ}))


CLAIMS_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "iss: another": ({"iss": "https://evil.example"}, "iss"),
    "iss: almost": ({"iss": ISSUER + "/"}, "iss"),
    "iss: missing": ({"iss": MISSING}, "iss"),
    "aud: another": ({"aud": "another"}, "aud"),
    "aud: another, although azp is ours": ({"aud": "another", "azp": CLIENT}, "aud"),
    "aud: empty": ({"aud": []}, "aud"),
    "aud: missing": ({"aud": MISSING}, "aud"),
    "iat: missing": ({"iat": MISSING}, "iat"),
    "iat: in the future": ({"iat": NOW + 60, "exp": NOW + 600}, "iat"),
    "iat: too long ago": ({"iat": NOW - 331}, "iat"),
    "iat: a boolean": ({"iat": True}, "iat"),
    "exp: missing": ({"exp": MISSING}, "exp"),
    "exp: past": ({"exp": NOW - 31}, "expired"),
    "exp: a text": ({"exp": str(NOW + 60)}, "exp"),
    "jti: missing": ({"jti": MISSING}, "jti"),
    "jti: empty": ({"jti": ""}, "jti"),
    "jti: a number": ({"jti": 7}, "jti"),
    "jti: without end": ({"jti": "x" * 256}, "jti"),
    "events: missing": ({"events": MISSING}, "events"),
    "events: empty": ({"events": {}}, "events"),
    "events: a list": ({"events": [EVENT]}, "events"),
    "events: a text": ({"events": EVENT}, "events"),
    "events: another event": ({"events": {"https://example.com/other": {}}}, "events"),
    "events: the event is null": ({"events": {EVENT: None}}, "events"),
    "events: the event is true": ({"events": {EVENT: True}}, "events"),
    "nonce": ({"nonce": NONCE}, "nonce"),
    "nonce: null": ({"nonce": None}, "nonce"),
    "neither sub nor sid": ({"sub": MISSING}, "neither"),
    "sub: empty": ({"sub": ""}, "sub"),
    "sub: a list": ({"sub": ["alice"], "sid": "s-1"}, "sub"),
    "sub: null": ({"sub": None, "sid": "s-1"}, "sub"),
    "sid: empty": ({"sid": ""}, "sid"),
    "sid: a number": ({"sid": 7}, "sid"),
    "sid: null": ({"sid": None}, "sid"),
}


@pytest.mark.parametrize(("claims", "named"), CLAIMS_REFUSED.values(), ids=CLAIMS_REFUSED.keys())
async def test_a_claim_that_breaks_a_rule_is_refused_and_named(claims: dict[str, Any], named: str) -> None:
    why = await refuse(sign(logout_claims(**claims), header=TYPED))
    assert why.startswith("logout token: ") and named in why


@pytest.mark.asvs("9.2.2")
@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "secevent+jwt", "", MISSING], ids=str)
async def test_a_token_of_another_type_is_refused(typ: object) -> None:
    assert "typ" in await refuse(sign(logout_claims(), header={"typ": typ}))


@pytest.mark.asvs("9.2.2")
async def test_an_id_token_is_no_logout_token_under_whatever_type() -> None:
    assert "typ" in await refuse(sign(honest_claims()))
    assert "events" in await refuse(sign(honest_claims(), header=TYPED))


@pytest.mark.asvs("9.1.2")
@pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
async def test_an_unsigned_token_is_refused(algorithm: str) -> None:
    assert "alg" in await refuse(assemble({"alg": algorithm, "kid": "rsa", **TYPED}, logout_claims()))


@pytest.mark.asvs("9.1.1", "9.1.2", "9.1.3")
async def test_a_token_with_another_signature_is_refused() -> None:
    theirs = rsa_key("theirs")
    assert "signature" in await refuse(sign(logout_claims(), key=theirs, header=TYPED | {"kid": "rsa"}))
    brought = TYPED | {"kid": "rsa", "jwk": theirs.as_dict(private=False)}
    assert "signature" in await refuse(sign(logout_claims(), key=theirs, header=brought))
    assert "no such key" in await refuse(sign(logout_claims(), key=theirs, header=TYPED))
    secret = shared_secret_from(rsa_key())
    assert "alg" in await refuse(sign(logout_claims(), key=secret, algorithm="HS256", header=TYPED))
    assert "alg" in await refuse(sign(logout_claims(), algorithm="RS512", header=TYPED))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "{}", "a" * 300_000], ids=lambda token: token[:5])
async def test_what_is_no_token_is_refused(token: str) -> None:
    assert (await refuse(token)).startswith("logout token: ")
