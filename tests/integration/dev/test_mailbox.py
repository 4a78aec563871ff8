"""The demo's mailbox: takes every letter, and shows it without trusting it."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import URL

from portal.app import create_app
from portal.dev.mailbox import catch
from portal.errors import Forbidden
from portal.settings import Settings
from tests.conftest import make_settings
from tests.integration.desk.reading import text
from tests.integration.web.browsing import a_browser, listening, serving


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    server = await catch(0, tmp_path / "mail")
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def browser(database_url: URL, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        app = create_app(make_settings(database_url, public_url=origin, demo_mailbox=tmp_path / "mail"))
        async with serving(app, bound), a_browser(origin) as browser:
            yield browser


async def send(port: int, subject: str = "Hello", plain: str = "Hello Alice", html: str = "<p>Hello</p>") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "service@example.com", "alice@example.com", subject
    message.set_content(plain)
    message.add_alternative(html, subtype="html")

    def hand_over() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
            server.send_message(message)

    await asyncio.to_thread(hand_over)


@pytest.mark.usefixtures("port")
def test_nobody_else_reads_the_letters_on_this_machine(tmp_path: Path) -> None:
    assert (tmp_path / "mail").stat().st_mode & 0o777 == 0o700


async def only_letter(browser: httpx2.AsyncClient) -> str:
    page = (await browser.get("/demo/mailbox")).text
    [address] = {part.split('"')[0] for part in page.split('href="') if part.startswith("/demo/mailbox/")}
    return address


async def test_what_is_sent_is_shown_the_newest_first(port: int, browser: httpx2.AsyncClient) -> None:
    assert "Nothing has been written yet" in (await browser.get("/demo/mailbox")).text

    for subject in ("First", "Second"):
        await send(port, subject)

    page = text((await browser.get("/demo/mailbox")).text)
    assert page.index("Second") < page.index("First")
    assert "to alice@example.com" in page


async def test_a_letter_is_shown_as_text(port: int, browser: httpx2.AsyncClient) -> None:
    await send(port, plain="Open http://localhost:8000/invitation#CODE", html="<b>bold</b>")

    page = (await browser.get(await only_letter(browser))).text

    assert "http://localhost:8000/invitation#CODE" in page
    assert "<b>bold</b>" not in page


async def test_what_a_letter_says_is_no_html_of_ours(port: int, browser: httpx2.AsyncClient) -> None:
    await send(port, subject="<script>alert(1)</script>", plain="<img src=x onerror=alert(2)> javascript:alert(3)")

    for path in ("/demo/mailbox", await only_letter(browser)):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript:' not in page


async def test_its_html_is_a_page_of_nobodys(port: int, browser: httpx2.AsyncClient) -> None:
    await send(port, html="<script>alert(1)</script><p style='color: red'>Hello</p>")

    shown = await browser.get(f"{await only_letter(browser)}/html")

    assert "<script>alert(1)</script>" in shown.text
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "allow-" not in policy and "script-src" not in policy


@pytest.mark.parametrize("path", ["018f0000-0000-7000-8000-00000000cafe", "..%2f..%2fsecrets", "x"])
@pytest.mark.parametrize("form", ["", "/html"])
async def test_there_are_no_other_letters(browser: httpx2.AsyncClient, path: str, form: str) -> None:
    assert (await browser.get(f"/demo/mailbox/{path}{form}")).status_code == 404


async def test_a_letter_that_cannot_be_read_hides_no_other(
    port: int, browser: httpx2.AsyncClient, tmp_path: Path
) -> None:
    await send(port)
    (tmp_path / "mail" / "notes.eml").write_bytes(b"not ours")
    (tmp_path / "mail" / "01ffffff-ffff-7000-8000-000000000000.eml").write_bytes(b"\xff\x00 no header")

    assert "Hello" in (await browser.get("/demo/mailbox")).text


@pytest.mark.asvs("13.4.2")
async def test_outside_the_demo_the_page_does_not_exist(database_url: URL) -> None:
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        async with serving(create_app(make_settings(database_url, public_url=origin)), bound), a_browser(origin) as b:
            assert (await b.get("/demo/mailbox")).status_code == 404
            assert "Demo mailbox" not in (await b.get("/")).text


async def test_it_takes_no_mail_where_others_can_come(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://profile.example.com")

    with pytest.raises(Forbidden, match=r"so it is for one machine alone, and PUBLIC_URL is https://profile\.example"):
        await catch(0, tmp_path)


def test_it_keeps_so_many_letters(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from portal.dev import mailbox

    monkeypatch.setattr(mailbox, "KEPT", 3)
    folder = mailbox._Folder(tmp_path)
    for number in range(5):
        folder._keep(b"%d" % number)

    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"2", b"3", b"4"]
