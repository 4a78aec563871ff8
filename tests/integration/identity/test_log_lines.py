"""What strangers send to the doors makes no line of the log, and colours none."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import structlog

from portal import logs
from tests.integration.identity.browser import asked
from tests.integration.identity.conftest import Doors
from tests.integration.identity.hostile import HostileProvider

FORGED = '\r\n{"event": "logged in", "level": "info"}\x1b[31mred\x00\u2028'


@pytest.fixture(params=["json", "console"])
def log(request: pytest.FixtureRequest, besieged: Doors, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written in each form."""
    root, out = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level, structlog.get_config()
    monkeypatch.setattr(sys, "stdout", out)
    logs.configure(besieged.settings.model_copy(update={"log_format": request.param}))
    yield out
    root.handlers[:], root.level = before[0], before[1]
    structlog.configure(**before[2])


@pytest.mark.asvs("16.3.1", "16.4.1")
async def test_a_refusal_is_one_line_whatever_was_sent(
    besieged: Doors, hostile: HostileProvider, log: io.StringIO
) -> None:
    async with besieged.browser() as browser:
        browser.here.headers["user-agent"] = "Mozilla \x1b[31m"
        for sent in (f"error={quote(FORGED)}", f"code={quote(FORGED)}", f"iss={quote(FORGED)}"):
            url = asked(await browser.begin("/login/start/customer/main"))
            await browser.come_back(f"{url['redirect_uri']}?state={url['state']}&{sent}")
        hostile.answers["/token"] = 400, {"error": FORGED, "error_description": FORGED}
        url = asked(await browser.begin("/login/start/customer/main"))
        await browser.come_back(f"{url['redirect_uri']}?state={url['state']}&code=x")

    written = log.getvalue()
    assert not set(written) & set("\x1b\x00\r\u2028")
    refused = [line for line in written.splitlines() if "login failed" in line]
    assert len(refused) == 4
    assert not [line for line in written.splitlines() if line.startswith('{"event": "logged in"')]
    if written.startswith("{"):
        assert all(json.loads(line) for line in written.splitlines())
