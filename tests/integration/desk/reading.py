"""What a page says, as somebody reads it, and what its forms carry."""

import re
from html import unescape

TAG = re.compile(r"<[^>]*>")
INPUT = re.compile(r'<input[^>]*type="hidden"[^>]*>')


def text(html: str) -> str:
    """The words of a page, one space between them."""
    return " ".join(unescape(TAG.sub(" ", html)).split())


def part(html: str, id: str) -> str:
    """The element with this id and what follows up to the next element that is laid out like it."""
    found = re.search(rf'<(section|aside|article)[^>]*id="{id}".*?</\1>', html, re.DOTALL)
    assert found is not None, f"no {id} in {text(html)[:2000]}"
    return found[0]


def carried(html: str) -> dict[str, str]:
    """What the hidden fields of a form carry."""
    return {_attribute(tag, "name"): unescape(_attribute(tag, "value")) for tag in INPUT.findall(html)}


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', tag)
    return found[1] if found else ""
