"""The values both sides agreed on are personal: they are kept under the customer's key, tied to their place."""

from uuid import uuid4

import pytest

from portal.audit.cipher import CustomerKey, Undecipherable
from portal.sync.base import Base, seal_base, unseal_base

KEY = CustomerKey(b"k" * 32)
ALICE, BOB = uuid4(), uuid4()
BASE = Base(7, {"profile/language": "de", "profile/helps_me": ["extra_time"]})


def test_it_comes_back_as_it_was() -> None:
    assert unseal_base(seal_base(BASE, KEY, "embedded", ALICE), KEY, "embedded", ALICE) == BASE


def test_nothing_agreed_is_nothing() -> None:
    assert unseal_base(None, KEY, "embedded", ALICE) is None


def test_it_says_nothing_in_the_clear() -> None:
    sealed = seal_base(BASE, KEY, "embedded", ALICE)
    assert b"language" not in sealed
    assert b"extra_time" not in sealed


def test_it_belongs_to_one_customer_and_one_connector() -> None:
    sealed = seal_base(BASE, KEY, "embedded", ALICE)
    with pytest.raises(Undecipherable):
        unseal_base(sealed, KEY, "embedded", BOB)
    with pytest.raises(Undecipherable):
        unseal_base(sealed, KEY, "other", ALICE)
