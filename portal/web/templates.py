"""The one Jinja environment: whole pages, and named blocks of the same templates for htmx."""

from collections.abc import Callable, Mapping, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_eval_context, select_autoescape
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from portal import clock
from portal.web import i18n
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
        self.environment = _environment(root, reload)
        self.environment.globals.update(
            static=static_url,
            field_attributes=field_attributes,
            zone=lambda: i18n.current_zone().key,
            request_id=lambda: str(clock.uuid7()),
            language=i18n.current_language,
            weekday_names=weekday_names,
        )
        self.environment.globals.update(globals or {})

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """A whole page."""
        return self.environment.get_template(name).render(context)

    def render_block(self, name: str, block: str, context: Mapping[str, Any]) -> str:
        """One block of a page, with nothing around it.

        Only what the block itself imports is known in it: what a template imports at its top is not run.
        """
        template = self.environment.get_template(name)
        return "".join(template.blocks[block](template.new_context(dict(context))))

    def check(self) -> list[str]:
        """Compile every template, so that a mistake in one stops the start and not a visitor; returns their names."""
        names = sorted(self.environment.list_templates(extensions=["html", "txt"]))
        for name in names:
            self.environment.get_template(name)
        return names


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


class _Environment(Environment):
    """Jinja's, whose templates share one dictionary of what they all know.

    Jinja gives each template a chain of two, and looks through both, key by key, at each include and import: a fifth of
    the time that a page takes.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **d} if d else self.globals


def _environment(root: Path, reload: bool) -> Environment:
    environment = _Environment(
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
    environment.globals |= {"_": _translated, "gettext": _translated}
    environment.filters.update(FILTERS)
    return environment


@pass_eval_context
def _translated(context: EvalContext, message: str, /, **variables: Any) -> str:
    """What Jinja's own newstyle gettext gives, without finding its way there anew for each of a page's eighty texts."""
    if not variables:
        return _text(message, i18n.current_language(), context.autoescape)
    text = i18n.gettext(message)
    return (Markup(text) if context.autoescape else text) % variables  # noqa: S704 - our own words


@lru_cache(maxsize=4_096)
def _text(message: str, _language: str, markup: bool) -> str:
    text = i18n.gettext(message)
    return (Markup(text) if markup else text) % {}  # noqa: S704 - our own words
