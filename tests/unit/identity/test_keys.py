"""Which of a provider's published keys are used, and for what."""

from typing import Any

import pytest
from joserfc.jwk import OctKey

from portal.identity.keys import MOST_KEYS, candidates, usable
from tests.unit.identity.signing import ec_key, okp_key, public, rsa_key

RSA = public(rsa_key())["keys"][0]


def test_keys_are_found_by_algorithm_and_id() -> None:
    keys = usable(public(rsa_key(), ec_key(), okp_key()))
    assert [key.kid for key in candidates(keys, "RS256", "rsa")] == ["rsa"]
    assert [key.kid for key in candidates(keys, "PS256", None)] == ["rsa"]
    assert [key.kid for key in candidates(keys, "ES256", None)] == ["ec P-256"]
    assert [key.kid for key in candidates(keys, "EdDSA", None)] == ["okp Ed25519"]
    assert candidates(keys, "RS256", "ec P-256") == []
    assert candidates(keys, "HS256", None) == []


def test_a_key_that_is_for_one_algorithm_is_not_used_for_another() -> None:
    keys = usable({"keys": [RSA | {"alg": "RS256"}]})
    assert candidates(keys, "RS256", "rsa")
    assert not candidates(keys, "PS256", "rsa")


UNUSABLE: dict[str, Any] = {
    "a shared secret": OctKey.generate_key(256, {"kid": "shared"}).as_dict(private=True),
    "for encryption": RSA | {"use": "enc"},
    "for RSA-OAEP": RSA | {"alg": "RSA-OAEP"},
    "for RS512": RSA | {"alg": "RS512"},
    "too short": {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
    "n is a number": RSA | {"n": 7},
    "n is no base64": RSA | {"n": "!" * 400},
    "no exponent": {"kty": "RSA", "n": RSA["n"]},
    "P-384": public(ec_key("P-384"))["keys"][0],
    "Ed448": public(okp_key("Ed448"))["keys"][0],
    "not on the curve": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    "of a kind to come": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
    "kty is a list": {"kty": ["RSA"]},
    "empty": {},
    "a text": "rsa",
    "null": None,
}


@pytest.mark.parametrize("jwk", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_key_that_cannot_be_used_is_passed_over_and_the_others_are_not(jwk: Any) -> None:
    found = [key for a in ("RS256", "PS256", "ES256", "EdDSA") for key in candidates(usable({"keys": [jwk]}), a, None)]
    assert found == []
    assert len(usable({"keys": [jwk, RSA]})) >= 1


@pytest.mark.parametrize("document", [{}, {"keys": {}}, {"keys": "rsa"}, {"keys": None}])
def test_a_document_without_keys_has_none(document: dict[str, Any]) -> None:
    assert usable(document) == []


def test_a_key_set_without_end_is_read_to_a_limit() -> None:
    assert len(usable({"keys": [RSA] * 500})) == MOST_KEYS


def test_a_published_private_key_is_read_as_a_public_one() -> None:
    (key,) = usable({"keys": [rsa_key().as_dict(private=True)]})
    assert not key.is_private
