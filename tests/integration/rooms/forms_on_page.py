"""The forms of a page, as a browser would send them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx2

Fields = dict[str, list[str]]
TypedValue = str | list[str] | None
Typed = Mapping[str, TypedValue]
NOTHING: Typed = {}


@dataclass
class FoundForm:
    """A form: where it goes, and what it sends if nobody touches it (buttons left out)."""

    action: str
    fields: Fields = field(default_factory=dict)

    def filled(self, typed: Typed) -> Fields:
        """The fields with something typed over them; None leaves one out."""
        data = {name: list(values) for name, values in self.fields.items()}
        for name, value in typed.items():
            data.pop(name, None)
            if value is not None:
                data[name] = value if isinstance(value, list) else [value]
        return data


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[FoundForm] = []
        self._form: FoundForm | None = None
        self._textarea: str | None = None
        self._select: str | None = None
        self._first_option: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        if tag == "form":
            self._form = FoundForm((a.get("action") or "").partition("#")[0])
            self.found.append(self._form)
        elif self._form is None:
            return
        elif tag == "input":
            self._input(a)
        elif tag == "textarea":
            self._textarea, self._text = a.get("name"), ""
        elif tag == "select":
            self._select, self._first_option = a.get("name"), None
        elif tag == "option" and self._select:
            if "selected" in a:
                self._add(self._select, a.get("value"))
            self._first_option = self._first_option or a.get("value") or ""

    def _input(self, a: dict[str, str | None]) -> None:
        if a.get("type") in ("checkbox", "radio") and "checked" not in a:
            return
        if a.get("name") and a.get("type") != "submit":
            self._add(str(a["name"]), a.get("value") or ("on" if a.get("type") == "checkbox" else ""))

    def _add(self, name: str | None, value: str | None) -> None:
        assert self._form is not None
        self._form.fields.setdefault(name or "", []).append(value or "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea:
            self._add(self._textarea, self._text.removeprefix("\r\n").removeprefix("\n"))
            self._textarea = None
        elif tag == "select" and self._select and self._form:
            if self._select not in self._form.fields and self._first_option is not None:
                self._add(self._select, self._first_option)
            self._select = None
        elif tag == "form":
            self._form = None


def forms_of(html: str) -> list[FoundForm]:
    """All forms of a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.found


def form_to(html: str, action: str) -> FoundForm:
    """The form of a page that goes to an address."""
    found = [form for form in forms_of(html) if form.action == action]
    assert found, f"no form to {action} in {html[:3000]}"
    return found[-1]


async def open_form(browser: httpx2.AsyncClient, address: str, action: str | None = None) -> FoundForm:
    """Open a page and take its form, which goes to the page's own address unless said otherwise."""
    page = await browser.get(address)
    assert page.status_code == 200, page.text[:2000]
    return form_to(page.text, action or address)


HTMX = {"hx-request": "true", "hx-request-type": "partial", "hx-current-url": "http://localhost/record"}
"""What htmx sends along when a script runs."""


async def send(
    browser: httpx2.AsyncClient, form: FoundForm, typed: Typed = NOTHING, /, *, htmx: bool = False, **more: TypedValue
) -> httpx2.Response:
    """Fill in a form and send it."""
    data = form.filled({**typed, **more})
    return await browser.post(form.action, data=data, headers=HTMX if htmx else {})
