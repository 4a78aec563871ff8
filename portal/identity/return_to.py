"""Where to go after a login: back to a page of ours, and nowhere else."""

from urllib.parse import unquote, urlsplit

HOME = "/"
_LONGEST = 2_000
_NOT_BACK_TO = ("/login", "/logout")


def local(target: str | None) -> str:
    """The target if it is the path of one of our pages, else the start page.

    Browsers take `//host`, `/\\host` and a path with a tab or line break in it for an address elsewhere, so nothing of
    the kind passes, nor what would become such by decoding it once.
    """
    if not target or len(target) > _LONGEST or not (_plain(target) and _plain(unquote(target.partition("?")[0]))):
        return HOME
    path = urlsplit(target).path
    return HOME if any(path == page or path.startswith(page + "/") for page in _NOT_BACK_TO) else target


def _plain(target: str) -> bool:
    if not target.startswith("/") or target.startswith("//") or "\\" in target:
        return False
    return all(character.isprintable() and not character.isspace() for character in target)
