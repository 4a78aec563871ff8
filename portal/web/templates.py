"""Templates, compiled for each language: whole pages, and named blocks of the same templates for htmx."""

import asyncio
import ctypes
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from portal import clock
from portal.web import i18n
from portal.web.compiling import CompilingEnvironment
from portal.web.formats import FILTERS, weekday_names


class Templates:
    """The templates of a folder, each compiled once.

    Args:
        root: the folder.
        static_url: turns the name of a static file into its address; templates call it `static`.
        globals: what every template knows beside its context, such as `url` and `brand`.
        reload: look for changed templates on every use, for who works on them.
    """

    def __init__(
        self,
        root: Path,
        *,
        static_url: Callable[[str], str],
        globals: Mapping[str, Any] | None = None,
        reload: bool = False,
    ) -> None:
        pure: dict[str, Callable[..., Any]] = {
            "static": static_url,
            "language": i18n.current_language,
            "weekday_names": weekday_names,
        }
        fixed = dict(globals or {})
        if callable(url := fixed.pop("url", None)):
            pure["url"] = url
        self._environments = {
            language: _environment(root, language, pure, fixed, reload=reload) for language in i18n.LANGUAGES
        }

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """A whole page."""
        return self._environment.get_template(name).render(context)

    def render_block(self, name: str, block: str, context: Mapping[str, Any]) -> str:
        """One block of a page, with nothing around it.

        Only what the block itself imports is known in it: what a template imports at its top is not run.
        """
        template = self._environment.get_template(name)
        return "".join(template.blocks[block](template.new_context(dict(context))))

    def check(self) -> list[str]:
        """Compile every template, as a test does: a mistake in one must not wait for a visitor. Returns their names."""
        for environment in self._environments.values():
            for name in self._names():
                environment.get_template(name)
        return self._names()

    async def warm(self) -> None:
        """The same in the background of a process that answers already: nobody waits for a page to be compiled. Pages
        go first, and what they consist of is left out where nobody asks for it by itself."""
        for name in sorted(self._names(), key=_is_part):
            for environment in self._environments.values():
                if not environment.stands_elsewhere(name):
                    environment.get_template(name)
                    await asyncio.sleep(0)
        _give_back_memory()

    def _names(self) -> list[str]:
        return sorted(self._environment.list_templates(extensions=["html", "txt"]))

    @property
    def _environment(self) -> CompilingEnvironment:
        return self._environments[i18n.current_language()]


def partial(target: str, html: str, swap: str = "outerMorph") -> Markup:
    """A piece that htmx puts elsewhere than where the rest of the answer goes: at the element with the id `target`."""
    return Markup('<hx-partial hx-target="#{}" hx-swap="{}">{}</hx-partial>').format(
        escape(target),
        escape(swap),
        Markup(html),  # noqa: S704 - rendered by a template, so escaped already
    )


def field_attributes(field: Any, help: str = "", autofocus: bool = False) -> dict[str, str]:
    """What ties a form field to its help and its error for those who listen; WTForms leaves it out."""
    described_by = [f"{field.id}-help"] * bool(help) + [f"{field.id}-error"] * bool(field.errors)
    attributes = {"aria-describedby": " ".join(described_by)} if described_by else {}
    if field.errors:
        attributes["aria-invalid"] = "true"
    if field.flags.required:
        attributes["data-missing"] = i18n.gettext("Fill this in.")
    if autofocus and not field.errors:
        attributes["autofocus"] = ""
    return attributes


def _give_back_memory() -> None:
    """Compiling needs what nobody needs afterwards: some 4 MB that glibc keeps until it is told. Others do without."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _is_part(name: str) -> bool:
    return name.rpartition("/")[2].startswith("_")


def _environment(
    root: Path, language: str, pure: Mapping[str, Callable[..., Any]], fixed: Mapping[str, Any], *, reload: bool
) -> CompilingEnvironment:
    environment = CompilingEnvironment(
        language,
        pure,
        fixed,
        loader=FileSystemLoader(root),
        autoescape=select_autoescape(["html"], default_for_string=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=reload,
        cache_size=-1,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        i18n.gettext, i18n.ngettext, newstyle=True, pgettext=i18n.pgettext
    )
    environment.globals |= {
        "field_attributes": field_attributes,
        "zone": lambda: i18n.current_zone().key,
        "request_id": lambda: str(clock.uuid7()),
    }
    environment.filters.update(FILTERS)
    return environment
