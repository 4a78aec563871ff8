"""Answers of a CRM, and what each means for what was to be written."""

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self

from portal import clock
from portal.crm.port import Ambiguous, Reject, Retry
from portal.crm.said import Own

MAX_WORDS = 300
LONGEST_PAUSE = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `body` is its JSON, or None; `understood` is False where it should have been JSON and is not."""

    status: int
    headers: Mapping[str, str]
    body: Any
    understood: bool = True

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], raw: bytes) -> Self:
        """An answer as it came."""
        lowered = {name.lower(): value for name, value in headers.items()}
        if not raw.strip():
            return cls(status, lowered, None)
        try:
            return cls(status, lowered, json.loads(raw))
        except (ValueError, RecursionError):
            return cls(status, lowered, None, understood=False)

    @property
    def ok(self) -> bool:
        """Whether it says that all went well, or most of it."""
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> float | None:
        """Seconds until asking again makes sense (Retry-After: seconds or a date), if it says so."""
        value = self.headers.get("retry-after", "").strip()
        if value.isdecimal():
            return min(float(value), LONGEST_PAUSE)
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        at = at.replace(tzinfo=at.tzinfo or UTC)
        return _pause_until(at)


class CallFailed(Exception):
    """A call that did not do what it was for; `outcome` says what that means."""

    def __init__(self, outcome: Retry | Reject | Ambiguous, answer: Answer | None = None) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome
        self.answer = answer


def outcome_of(answer: Answer, words: Callable[[Any], str], *, writes: bool) -> Retry | Reject | Ambiguous:
    """What an answer that is no success means, by its status."""
    said = phrase(words(answer.body) if answer.body is not None else "") or _reason(answer.status)
    match answer.status:
        case 401:
            return Retry(Own.CREDENTIALS.of(said=said))
        case 403:
            return Retry(Own.PERMISSION.of(said=said))
        case 408 | 425 | 429:
            return Retry(said, answer.retry_after)
        case 503 if answer.retry_after is not None:
            return Retry(said, answer.retry_after)
        case status if 300 <= status < 400:
            return Retry(Own.ELSEWHERE.of(status=status))
        case status if 400 <= status < 500:
            return Reject(said, whole=True)
    if not writes:
        return Retry(said if answer.understood else Own.UNREADABLE)
    return Ambiguous(said if answer.understood else Own.UNREADABLE_ANSWER)


def phrase(text: str) -> str:
    """A CRM's words, fit to be shown: in one line, not endless, without what nobody can see."""
    visible = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    joined = " ".join(visible.split())
    return joined if len(joined) <= MAX_WORDS else joined[: MAX_WORDS - 1] + "…"


def _reason(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _pause_until(at: datetime) -> float:
    return min(max((at - clock.now()).total_seconds(), 0.0), LONGEST_PAUSE)
