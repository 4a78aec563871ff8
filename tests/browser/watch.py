"""What a browser complains of while a test uses it."""

import re
from typing import Any

from playwright.async_api import ConsoleMessage, Error, Page, Request, Response

# Chromium says of every answer of 400 and above that loading failed, and many of ours are meant; htmx says so of a
# stream whose session has ended.
MEANT = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d|sse.* failed with status 401")


class Watch:
    """Collects script errors, what the console calls an error (a violated content security policy is one), and answers
    of 500 and above."""

    def __init__(self, page: Page) -> None:
        self.problems: list[str] = []
        self._expected: list[re.Pattern[str]] = [MEANT]
        self._ears: dict[Any, Any] = {
            "console": self._said,
            "pageerror": self._failed,
            "response": self._answered,
            "requestfailed": self._unanswered,
        }
        self._page = page
        for event, ear in self._ears.items():
            page.on(event, ear)

    def end(self) -> None:
        """Listen no more."""
        for event, ear in self._ears.items():
            self._page.remove_listener(event, ear)

    def expect(self, pattern: str) -> None:
        """What this test brings about on purpose."""
        self._expected.append(re.compile(pattern))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _failed(self, error: Error) -> None:
        self._note(f"script: {error}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self._note(f"{response.status}: {response.request.method} {response.url}")

    def _unanswered(self, request: Request) -> None:
        # Going to another page ends what the old one was waiting for.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"{request.failure}: {request.method} {request.url}")

    def _note(self, problem: str) -> None:
        if not any(pattern.search(problem) for pattern in self._expected):
            self.problems.append(problem)
