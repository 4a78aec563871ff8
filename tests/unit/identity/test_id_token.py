"""Rule by rule: which ID tokens let somebody in, and which do not (OpenID Connect Core 1.0, section 3.1.3.7)."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc.jwk import Key

from portal.identity.failures import LoginTimeUnsaid, Refused
from portal.identity.id_token import Expected, IdToken, validate
from tests.unit.identity.signing import (
    ACCESS_TOKEN,
    CLIENT,
    ISSUER,
    MISSING,
    NONCE,
    NOW,
    assemble,
    ec_key,
    honest_claims,
    okp_key,
    published,
    rsa_key,
    shared_secret_from,
    sign,
)

pytestmark = pytest.mark.usefixtures("stopped_clock")
EXPECTED = Expected(ISSUER, CLIENT, NONCE, ACCESS_TOKEN)


async def accept(token: str, expected: Expected = EXPECTED) -> IdToken:
    return await validate(token, expected, published)


async def refuse(token: str, expected: Expected = EXPECTED) -> str:
    with pytest.raises(Refused) as refused:
        await validate(token, expected, published)
    return str(refused.value)


def half_hash(access_token: str, algorithm: str = "sha256") -> str:
    digest = hashlib.new(algorithm, access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


async def test_an_honest_token_says_who_it_is() -> None:
    token = await accept(sign(honest_claims(auth_time=NOW - 60, acr="urn:example:gold", email="alice@example.com")))
    assert (token.issuer, token.subject, token.acr) == (ISSUER, "alice", "urn:example:gold")
    assert token.authenticated_at == datetime.fromtimestamp(NOW - 60, UTC)
    assert token.claims["email"] == "alice@example.com"


@pytest.mark.asvs("6.8.4", "7.5.3")
class TestWithoutWordOfWhenTheLoginWas:
    TRUSTED = replace(EXPECTED, trust_login_time=True)

    async def test_nobody_knows_when_it_was(self) -> None:
        assert (await accept(sign(honest_claims()))).authenticated_at is None

    async def test_a_fresh_one_cannot_be_shown(self) -> None:
        with pytest.raises(LoginTimeUnsaid):
            await validate(sign(honest_claims()), replace(EXPECTED, max_age=300), published)

    @pytest.mark.parametrize("max_age", [None, 300])
    async def test_the_moment_of_the_token_counts_where_the_settings_say_so(self, max_age: int | None) -> None:
        token = await accept(sign(honest_claims(iat=NOW - 60)), replace(self.TRUSTED, max_age=max_age))
        assert token.authenticated_at == datetime.fromtimestamp(NOW - 60, UTC)

    async def test_what_the_provider_says_counts_before_it(self) -> None:
        token = await accept(sign(honest_claims(auth_time=NOW - 3_600)), self.TRUSTED)
        assert token.authenticated_at == datetime.fromtimestamp(NOW - 3_600, UTC)
        too_old = sign(honest_claims(auth_time=NOW - 3_600))
        assert "too long ago" in await refuse(too_old, replace(self.TRUSTED, max_age=300))


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [("RS256", rsa_key()), ("PS256", rsa_key()), ("ES256", ec_key()), ("EdDSA", okp_key())],
    ids=["RS256", "PS256", "ES256", "EdDSA"],
)
async def test_each_algorithm_of_the_allowlist_is_taken(algorithm: str, key: Key) -> None:
    hashed = half_hash(ACCESS_TOKEN, "sha512" if algorithm == "EdDSA" else "sha256")
    token = await accept(sign(honest_claims(at_hash=hashed), key=key, algorithm=algorithm))
    assert token.subject == "alice"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another"], "azp": CLIENT},
        {"azp": CLIENT},
        {"exp": NOW - 20},
        {"iat": NOW + 20},
        {"iat": NOW - 290},
        {"nbf": NOW - 10},
        {"iat": NOW - 0.5},
        {"sub": "x" * 255},
        {"at_hash": half_hash(ACCESS_TOKEN)},
        {"acr": MISSING},
        {"acr": 3},
    ],
    ids=str,
)
async def test_what_is_allowed_passes(claims: dict[str, Any]) -> None:
    assert (await accept(sign(honest_claims(**claims)))).acr is None


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt", MISSING], ids=str)
async def test_a_header_need_not_say_more_than_that_it_is_a_token(typ: object) -> None:
    await accept(sign(header={"typ": typ, "x5t": "abc", "vendor": {"any": "thing"}}))


CLAIMS_REFUSED = {
    "iss: another": ({"iss": "https://evil.example"}, "iss"),
    "iss: almost": ({"iss": ISSUER + "/"}, "iss"),
    "iss: missing": ({"iss": MISSING}, "iss"),
    "iss: a list": ({"iss": [ISSUER]}, "iss"),
    "aud: another": ({"aud": "another"}, "aud"),
    "aud: another, although azp is ours": ({"aud": "another", "azp": CLIENT}, "aud"),
    "aud: empty": ({"aud": []}, "aud"),
    "aud: missing": ({"aud": MISSING}, "aud"),
    "aud: contains ours as part of a text": ({"aud": f"{CLIENT},another"}, "aud"),
    "aud: not all texts": ({"aud": [CLIENT, 7]}, "aud"),
    "aud: an object": ({"aud": {CLIENT: True}}, "aud"),
    "azp: another": ({"azp": "another"}, "azp"),
    "azp: another, ours among several": ({"aud": [CLIENT, "another"], "azp": "another"}, "azp"),
    "azp: missing, ours among several": ({"aud": [CLIENT, "another"]}, "azp"),
    "azp: no text": ({"azp": [CLIENT]}, "azp"),
    "nonce: another": ({"nonce": "another"}, "nonce"),
    "nonce: missing": ({"nonce": MISSING}, "nonce"),
    "nonce: empty": ({"nonce": ""}, "nonce"),
    "nonce: no text": ({"nonce": [NONCE]}, "nonce"),
    "nonce: broken text": ({"nonce": "\ud800"}, "nonce"),
    "exp: past": ({"exp": NOW - 31}, "expired"),
    "exp: missing": ({"exp": MISSING}, "exp"),
    "exp: a text": ({"exp": str(NOW + 60)}, "exp"),
    "exp: a boolean": ({"exp": True}, "exp"),
    "exp: beyond any calendar": ({"exp": 1e300}, "exp"),
    "iat: in the future": ({"iat": NOW + 60, "exp": NOW + 600}, "iat"),
    "iat: too long ago": ({"iat": NOW - 331}, "iat"),
    "iat: missing": ({"iat": MISSING}, "iat"),
    "iat: negative": ({"iat": -1}, "iat"),
    "nbf: in the future": ({"nbf": NOW + 60}, "nbf"),
    "nbf: a text": ({"nbf": "now"}, "nbf"),
    "auth_time: in the future": ({"auth_time": NOW + 60}, "auth_time"),
    "auth_time: a text": ({"auth_time": "today"}, "auth_time"),
    "sub: missing": ({"sub": MISSING}, "sub"),
    "sub: empty": ({"sub": ""}, "sub"),
    "sub: blank": ({"sub": "  "}, "sub"),
    "sub: too long": ({"sub": "x" * 256}, "sub"),
    "sub: a number": ({"sub": 20418}, "sub"),
    "sub: with a line break": ({"sub": "alice\r\nbob"}, "sub"),
    "sub: not ASCII": ({"sub": "älice"}, "sub"),
    "at_hash: of another token": ({"at_hash": half_hash("another")}, "at_hash"),
    "at_hash: empty": ({"at_hash": ""}, "at_hash"),
    "at_hash: no text": ({"at_hash": None}, "at_hash"),
    "at_hash: of another length": ({"at_hash": half_hash(ACCESS_TOKEN, "sha512")}, "at_hash"),
}


@pytest.mark.asvs("9.2.1", "9.2.3", "10.5.1", "10.5.4")
@pytest.mark.parametrize(("claims", "named"), CLAIMS_REFUSED.values(), ids=CLAIMS_REFUSED.keys())
async def test_a_claim_that_breaks_a_rule_is_refused_and_named(claims: dict[str, Any], named: str) -> None:
    why = await refuse(sign(honest_claims(**claims)))
    assert why.startswith("ID token: ") and named in why


@pytest.mark.asvs("6.8.4")
class TestMaxAge:
    EXPECTED = Expected(ISSUER, CLIENT, NONCE, ACCESS_TOKEN, max_age=300)

    async def test_a_fresh_login_is_taken(self) -> None:
        assert (await accept(sign(honest_claims(auth_time=NOW - 200)), self.EXPECTED)).subject == "alice"

    @pytest.mark.parametrize("auth_time", [NOW - 400, None], ids=["old", "null"])
    async def test_an_old_or_unknown_one_is_not(self, auth_time: object) -> None:
        assert "auth_time" in await refuse(sign(honest_claims(auth_time=auth_time)), self.EXPECTED)


@pytest.mark.asvs("6.8.4")
class TestAcr:
    EXPECTED = Expected(ISSUER, CLIENT, NONCE, ACCESS_TOKEN, acr_values=("urn:gold", "urn:silver"))

    @pytest.mark.parametrize("acr", ["urn:gold", "urn:silver"])
    async def test_one_that_was_asked_for_is_taken(self, acr: str) -> None:
        assert (await accept(sign(honest_claims(acr=acr)), self.EXPECTED)).acr == acr

    @pytest.mark.parametrize(
        "acr",
        [MISSING, None, "", "0", "urn:bronze", "URN:GOLD", "urn:gold ", "urn:gold urn:silver", ["urn:gold"], True],
        ids=repr,
    )
    async def test_another_or_none_is_too_low(self, acr: object) -> None:
        assert "acr" in await refuse(sign(honest_claims(acr=acr)), self.EXPECTED)

    async def test_where_none_was_asked_for_none_is_needed(self) -> None:
        assert (await accept(sign(honest_claims(acr=MISSING)))).acr is None


@pytest.mark.parametrize(
    ("sid", "kept"),
    [("08a5019c", "08a5019c"), (MISSING, None), ("", None), (7, None), ("x" * 256, None), ("a\nb", None)],
    ids=repr,
)
async def test_the_providers_session_is_kept_where_it_is_one(sid: object, kept: str | None) -> None:
    assert (await accept(sign(honest_claims(sid=sid)))).sid == kept


HEADERS_REFUSED = {
    "typ: an access token": ({"typ": "at+jwt"}, "typ"),
    "typ: a logout token": ({"typ": "logout+jwt"}, "typ"),
    "typ: no text": ({"typ": 7}, "typ"),
    "crit": ({"crit": ["exp"], "exp": 1}, "extensions"),
    "b64": ({"b64": True}, "extensions"),
    "kid: unknown": ({"kid": "another"}, "no such key"),
    "kid: that of another kind of key": ({"kid": ec_key().kid}, "no such key"),
    "kid: empty": ({"kid": ""}, "no such key"),
}


@pytest.mark.asvs("9.2.2")
@pytest.mark.parametrize(("header", "named"), HEADERS_REFUSED.values(), ids=HEADERS_REFUSED.keys())
async def test_a_header_that_breaks_a_rule_is_refused(header: dict[str, Any], named: str) -> None:
    signed = sign()
    _, payload, signature = signed.split(".")
    forged = assemble({"alg": "RS256", "kid": rsa_key().kid, **header}, "").split(".")[0]
    assert named in await refuse(f"{forged}.{payload}.{signature}")


async def test_without_a_key_id_the_one_key_of_the_kind_is_tried() -> None:
    assert (await accept(sign(header={"kid": MISSING}))).subject == "alice"


@pytest.mark.asvs("6.8.2", "9.1.1", "9.1.2")
class TestSignature:
    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
    async def test_an_unsigned_token_is_refused(self, algorithm: str) -> None:
        token = assemble({"alg": algorithm, "kid": "rsa"}, honest_claims())
        assert "alg" in await refuse(token)

    async def test_an_unsigned_token_that_claims_an_algorithm_is_refused(self) -> None:
        assert "signature" in await refuse(assemble({"alg": "RS256", "kid": "rsa"}, honest_claims()))

    async def test_the_public_key_does_not_do_as_a_shared_secret(self) -> None:
        token = sign(key=shared_secret_from(rsa_key()), algorithm="HS256")
        assert "alg" in await refuse(token)

    @pytest.mark.parametrize(
        ("algorithm", "key"),
        [("RS384", rsa_key()), ("RS512", rsa_key()), ("PS512", rsa_key()), ("ES384", ec_key("P-384"))],
        ids=["RS384", "RS512", "PS512", "ES384"],
    )
    async def test_an_algorithm_that_is_not_on_the_list_is_refused(self, algorithm: str, key: Key) -> None:
        assert "alg" in await refuse(sign(key=key, algorithm=algorithm))

    async def test_somebody_elses_key_is_refused_under_our_providers_name(self) -> None:
        assert "signature" in await refuse(sign(key=rsa_key("theirs"), header={"kid": "rsa"}))

    @pytest.mark.asvs("9.1.3")
    async def test_a_key_that_the_token_brings_along_is_not_used(self) -> None:
        theirs = rsa_key("theirs")
        header = {"kid": "rsa", "jwk": theirs.as_dict(private=False), "jku": "https://evil.example/jwks"}
        assert "signature" in await refuse(sign(key=theirs, header=header))

    async def test_one_changed_claim_spoils_the_signature(self) -> None:
        head, _, signature = sign().split(".")
        payload = assemble("", honest_claims(sub="bob")).split(".")[1]
        assert "signature" in await refuse(f"{head}.{payload}.{signature}")

    async def test_rs256_is_not_read_as_ps256(self) -> None:
        _, payload, signature = sign().split(".")
        head = assemble({"alg": "PS256", "kid": "rsa"}, "").split(".")[0]
        assert "signature" in await refuse(f"{head}.{payload}.{signature}")


NO_TOKENS = {
    "empty": "",
    "one part": "abc",
    "two parts": "abc.def",
    "five parts": "a.b.c.d.e",
    "no base64": "!!!.???.***",
    "not ASCII": "ä.ö.ü",
    "a lone surrogate": "\ud800.a.b",
    "header: no JSON": assemble("{", {}),
    "header: a list": assemble(["alg"], {}),
    "header: a text": assemble('"alg"', {}),
    "header: a number": assemble("1", {}),
    "header: no alg": assemble({"kid": "rsa"}, {}),
    "header: alg is a list": assemble({"alg": ["RS256"]}, {}),
    "header: kid is a number": assemble({"alg": "RS256", "kid": 1}, {}),
    "header: nested without end": assemble('{"alg":' * 900, {}),
    "header: larger than any": assemble({"alg": "RS256", "kid": "x" * 10_000}, {}),
    "larger than any": assemble({"alg": "RS256"}, "x" * 300_000),
    "detached payload": ".".join([sign().split(".")[0], "", sign().split(".")[2]]),
}


@pytest.mark.parametrize("token", NO_TOKENS.values(), ids=NO_TOKENS.keys())
async def test_what_is_no_token_is_refused(token: str) -> None:
    assert (await refuse(token)).startswith("ID token: ")


PAYLOADS = {
    "no JSON": "not json",
    "a list": "[]",
    "a text": '"alice"',
    "a name twice": '{"sub": "alice", "sub": "bob"}',
    "NaN": '{"exp": NaN}',
    "Infinity": '{"exp": Infinity}',
    "broken UTF-8": b"\xff\xfe",
    "nested without end": "[" * 90_000,
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
async def test_signed_nonsense_is_refused(payload: str | bytes) -> None:
    assert "claims" in await refuse(sign(payload))
