"""The keys by which providers know us: two of them, published, wrapped, and turned without anybody being locked out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from sqlalchemy import URL

from portal.audit.cipher import KeyRing, Undecipherable
from portal.identity.client_keys import ClientKeys, TooSoon
from tests.conftest import Stores, make_settings, open_stores

pytestmark = pytest.mark.asvs("13.3.1")
OTHER = KeyRing(b"another key-encryption key, 32 b")


@pytest.fixture
async def stores_apart(empty_database: URL, stores: Stores) -> AsyncIterator[Stores]:
    """A portal that has no keys yet."""
    async with open_stores(make_settings(empty_database), stores.staff.catalogue) as opened:
        yield opened


@pytest.fixture
def web(stores_apart: Stores) -> ClientKeys:
    """As the web process knows them."""
    return ClientKeys(stores_apart.staff.database, stores_apart.staff.keys)


@pytest.fixture
def operator(stores_apart: Stores) -> ClientKeys:
    """As the command line knows them."""
    return ClientKeys(stores_apart.worker.database, stores_apart.worker.keys)


def aged(database: URL, by: timedelta = timedelta(hours=25)) -> None:
    """As if the keys had been made a while ago."""
    url = database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("UPDATE keys.client_key SET created_at = created_at - %s", [by])


async def kids(keys: ClientKeys) -> list[str]:
    return [key.kid for key in await keys.published()]


async def test_the_first_use_makes_two_and_publishes_only_their_public_halves(web: ClientKeys) -> None:
    current, following = await web.published()
    assert current.current and not following.current
    for key in (current, following):
        assert set(key.public) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key.public["kty"], key.public["crv"], key.public["use"], key.public["alg"]) == (
            "EC", "P-256", "sig", "ES256",
        )  # fmt: skip
        assert key.public["kid"] == key.kid == ECKey.import_key(key.public).thumbprint()


async def test_processes_that_begin_at_the_same_moment_make_one_pair(web: ClientKeys, operator: ClientKeys) -> None:
    found = await asyncio.gather(*(kids(keys) for keys in (web, operator, web, operator, web, operator)))
    assert len({tuple(pair) for pair in found}) == 1 and len(found[0]) == 2


async def test_the_database_holds_no_private_key_that_can_be_read(web: ClientKeys, stores_apart: Stores) -> None:
    key = await web.signing()
    secret = key.as_dict(private=True)["d"]
    rows = await stores_apart.worker.database.fetch_all("SELECT * FROM keys.client_key")
    assert all(str(secret) not in str(row["public"]) and str(secret).encode() not in row["wrapped"] for row in rows)


async def test_the_current_one_signs(web: ClientKeys) -> None:
    key = await web.signing()
    (current, _) = await web.published()
    signed = jws.serialize_compact({"alg": "ES256"}, b"x", key, algorithms=["ES256"])
    assert jws.deserialize_compact(signed, ECKey.import_key(current.public), algorithms=["ES256"]).payload == b"x"


async def test_a_rotation_signs_with_what_was_published_before(
    web: ClientKeys, operator: ClientKeys, empty_database: URL
) -> None:
    old, following = await kids(web)
    assert (await web.signing()).kid == old
    aged(empty_database)

    after = await operator.rotate()

    assert after[0].kid == following and after[1].kid not in (old, following)
    assert (await web.signing()).kid == following, "at once, in every process"
    assert await kids(web) == [key.kid for key in after]


async def test_a_key_that_a_provider_may_not_have_seen_does_not_sign_yet(
    operator: ClientKeys, empty_database: URL
) -> None:
    before = await kids(operator)
    with pytest.raises(TooSoon, match="Nothing was changed") as refused:
        await operator.rotate()
    assert "24 hours" in str(refused.value.hint) and await kids(operator) == before
    aged(empty_database, timedelta(hours=23, minutes=30))
    with pytest.raises(TooSoon):
        await operator.rotate()


async def test_a_key_that_others_know_is_replaced_at_once(operator: ClientKeys) -> None:
    before = await kids(operator)
    await operator.rotate(at_once=True)
    await operator.rotate(at_once=True)
    assert not set(await kids(operator)) & set(before)


async def test_rotations_at_the_same_moment_follow_each_other(operator: ClientKeys) -> None:
    await asyncio.gather(*(operator.rotate(at_once=True) for _ in range(4)))
    assert len(set(await kids(operator))) == 2


async def test_another_key_encryption_key_is_named_and_a_rotation_makes_both_keys_anew(
    web: ClientKeys, stores_apart: Stores
) -> None:
    before = await kids(web)
    moved = ClientKeys(stores_apart.worker.database, OTHER)
    assert [key.readable for key in await moved.published()] == [False, False]
    with pytest.raises(Undecipherable, match="KEY_ENCRYPTION_KEY"):
        await moved.signing()

    after = await moved.rotate(at_once=True)

    assert [(key.current, key.readable) for key in after] == [(True, True), (False, True)]
    assert not {key.kid for key in after} & set(before)
    assert (await moved.signing()).kid == after[0].kid


async def test_a_wrapped_key_is_good_in_its_own_row_alone(web: ClientKeys, empty_database: URL) -> None:
    await web.published()
    url = empty_database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(
            "UPDATE keys.client_key a SET wrapped = b.wrapped FROM keys.client_key b WHERE a.state <> b.state"
        )
    with pytest.raises(Undecipherable):
        await web.signing()


@pytest.mark.asvs("13.3.2")
@pytest.mark.parametrize("statement", ["SELECT * FROM keys.client_key", "DELETE FROM keys.client_key"])
async def test_customers_role_does_not_reach_them(stores: Stores, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await stores.customer.database.fetch_all(statement)


@pytest.mark.parametrize("statement", ["DELETE FROM keys.client_key", "UPDATE keys.client_key SET state = 'next'"])
async def test_the_web_process_makes_keys_and_changes_none(stores: Stores, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await stores.staff.database.fetch_all(statement)
