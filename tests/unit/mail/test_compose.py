"""What a letter looks like from outside, and what can get into it."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.i18n import using
from portal.mail.compose import Stationery, Unwritable, compose
from portal.mail.kinds import MailKind
from portal.mail.letters import Facts, Sender, letter
from portal.paths import resource
from portal.web import contrast
from portal.web.brand import TOKENS

ID = UUID("018f0000-0000-7000-8000-00000000cafe")
AT = datetime(2026, 11, 3, 12, 3, tzinfo=UTC)
SENDER = Sender("Northwind Energy", "https://profile.example.com")
FACTS = Facts(at=AT, provider="Kundenkonto", code="ABCD-EFGH", expires_at=AT)
STATIONERY = Stationery(
    SENDER,
    "service@example.com",
    "",
    contrast.tokens((resource("static") / TOKENS).read_text(encoding="utf-8")),
)


def written(
    kind: MailKind = MailKind.LOGIN_LINKED,
    *,
    language: str = "en",
    to: str = "alice@example.com",
    name: str = "Alice Marsh",
    stationery: Stationery = STATIONERY,
) -> EmailMessage:
    """A letter as it arrives."""
    with using(language, "Europe/London"):
        message, _ = compose(stationery, letter(kind, stationery.sender, FACTS), to=to, name=name, id=ID, at=AT)
    arrived = message_from_bytes(message.as_bytes(policy=SMTP), policy=default)
    assert isinstance(arrived, EmailMessage)
    return arrived


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content


def test_headers_say_who_and_what_and_that_no_machine_is_to_answer() -> None:
    message = written()

    assert message["From"] == "Northwind Energy <service@example.com>"
    assert message["To"] == "alice@example.com"
    assert message["Subject"] == "Northwind Energy: A way to log in was added to your record"
    assert message["Message-ID"] == f"<{ID}@profile.example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert "Reply-To" not in message


def test_the_same_job_gives_the_same_message_id() -> None:
    assert written()["Message-ID"] == written()["Message-ID"]


@pytest.mark.parametrize("kind", list(MailKind))
@pytest.mark.parametrize("language", ["en", "de"])
def test_text_and_html_say_the_same(kind: MailKind, language: str) -> None:
    message = written(kind, language=language)
    with using(language, "Europe/London"):
        words = letter(kind, SENDER, FACTS)
    text, html = " ".join(part(message, "plain").split()), " ".join(part(message, "html").split())

    for paragraph in (*words.paragraphs, *words.after):
        assert paragraph in text
        assert paragraph.replace("&", "&amp;") in html
    for told in filter(None, (words.code, words.link and words.link[1])):
        assert told in text
        assert told in html
    assert f'lang="{language}"' in html


def test_german_customers_get_german_letters() -> None:
    message = written(language="de")

    assert message["Content-Language"] == "de"
    assert "Anmeldung" in message["Subject"] or "anmelden" in message["Subject"].lower()
    assert "Guten Tag Alice Marsh," in part(message, "plain")


def test_an_invitation_carries_the_code_behind_the_hash_sign_where_no_log_sees_it() -> None:
    text = part(written(MailKind.INVITATION), "plain")

    assert "https://profile.example.com/invitation#ABCD-EFGH" in text
    assert "3 Nov 2026, 12:03 (Europe/London)" in text


def test_a_letter_says_that_it_can_be_answered_only_if_somebody_reads_the_answer() -> None:
    read = replace(STATIONERY, reply_to="help@example.com", sender=replace(SENDER, answers=True))

    assert "answer this mail" not in part(written(), "plain")
    assert "answer this mail" in part(written(stationery=read), "plain")
    assert written(stationery=read)["Reply-To"] == "help@example.com"


def test_nothing_is_loaded_when_it_is_opened() -> None:
    html = part(written(MailKind.INVITATION), "html")

    for loading in ("src=", "<link", "url(", "@import", "<script", "<iframe"):
        assert loading not in html


@pytest.mark.asvs("1.3.11")
@pytest.mark.parametrize(
    "to",
    [
        "alice@example.com\r\nBcc: mallory@example.com",
        "alice@example.com\nSubject: Won!",
        "alice@example.com, mallory@example.com",
        "Alice <alice@example.com>",
        "<alice@example.com>",
        "alice@example.com ",
        "",
        "alice",
    ],
)
def test_only_an_address_is_an_address(to: str) -> None:
    with pytest.raises(Unwritable):
        written(to=to)


@pytest.mark.asvs("1.3.11")
@given(name=st.text(max_size=200), brand=st.text(min_size=1, max_size=100))
def test_no_name_makes_a_header(name: str, brand: str) -> None:
    stationery = replace(STATIONERY, sender=replace(SENDER, brand=brand))
    message = written(name=name, stationery=stationery)

    assert sorted(message.keys()) == sorted(written().keys())
    assert [address.addr_spec for address in message["To"].addresses] == ["alice@example.com"]
    assert [address.addr_spec for address in message["From"].addresses] == ["service@example.com"]


@pytest.mark.asvs("1.2.1")
def test_a_name_is_no_html() -> None:
    message = written(name='<img src=x onerror=alert(1)> "Al" & Co')

    assert "<img" not in part(message, "html")
    assert "&lt;img" in part(message, "html")
    assert '<img src=x onerror=alert(1)> "Al" & Co' in part(message, "plain")
