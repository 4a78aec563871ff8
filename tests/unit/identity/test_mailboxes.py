"""When two e-mail addresses are one mailbox, where a login may rest on it."""

import pytest

from portal.identity import mailboxes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice@example.com", "Alice@Example.COM"),
        ("alice@exämple.de", "ALICE@EXÄMPLE.DE"),
        ("alice@exämple.de", "alice@xn--exmple-cua.de"),
        ("jörg@example.com", "jörg@EXAMPLE.com"),
    ],
)
def test_case_and_the_spelling_of_the_domain_do_not_matter(one: str, other: str) -> None:
    assert mailboxes.key(one) == mailboxes.key(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ali@example.com", "al\u0131@example.com"),  # dotless i
        ("kim@example.com", "\u212aim@example.com"),  # the Kelvin sign
        ("strasse@example.com", "straße@example.com"),
        ("jörg@example.com", "JÖRG@example.com"),  # only A to Z are taken for a to z
        ("alice@example.com", "alice@example.com.evil.example"),
        ("alice@example.com", "a.lice@example.com"),
        ("alice@example.com", "alice+x@example.com"),
        ("alice@example.com", "alice@ex\u0430mple.com"),  # a Cyrillic a
        ("fi@example.com", "\ufb01@example.com"),  # a ligature
    ],
)
def test_what_only_looks_alike_is_another(one: str, other: str) -> None:
    assert mailboxes.key(one) != mailboxes.key(other)


@pytest.mark.parametrize(
    "text", ["", "alice", "alice@", "@example.com", "a@b@example.com", "alice@localhost", "a\n@b.de"]
)
def test_what_is_no_address_has_no_key(text: str) -> None:
    assert mailboxes.key(text) is None
    assert not mailboxes.at(text, "example.com")


def test_the_domain_has_to_be_the_very_one() -> None:
    assert mailboxes.at("alice@Mail.Example", "mail.example")
    assert mailboxes.at("alice@xn--exmple-cua.de", "exämple.de")
    assert not mailboxes.at("alice@sub.mail.example", "mail.example")
    assert not mailboxes.at("alice@mail.example.evil.example", "mail.example")
    assert not mailboxes.at("alice@mail.example", "example")
    assert not mailboxes.at("alice@mail.example", "")
