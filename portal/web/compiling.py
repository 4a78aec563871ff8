"""How templates become code. What is the same for everybody who reads a language is worked out once, when a template is
compiled, and not for each page: texts, addresses without parameters, names of static files."""

import re
from collections.abc import Callable, Mapping, MutableMapping
from operator import call
from typing import Any, cast

from jinja2 import BaseLoader, Environment, Template, TemplateAssertionError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.meta import find_referenced_templates
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from portal.web import i18n
from portal.web.inlining import Inlining, Macros

TEXTS = ("_", "gettext")
WANTS_CONTEXT = ("_", "gettext", "ngettext", "pgettext", "npgettext")
"""What the extension for translations installs asks whether it is markup that is being made."""


_SPECIAL = re.compile("[&<>\"']").search


def _text(value: Any) -> Any:
    """A value as markup: as `escape` gives it, without an object for what has nothing to escape."""
    kind = type(value)
    if kind is Markup:
        return value
    if kind is str:
        return escape(value) if _SPECIAL(value) else value
    return str(value) if kind is int else escape(value)


class CompilingEnvironment(Environment):
    """Jinja's, for one language and time zone at a time.

    Args:
        language: what the templates speak.
        pure: functions that give the same for the same arguments, and may be called when a template is compiled.
        fixed: objects that never change, whose attributes are looked up when a template is compiled.
    """

    loader: BaseLoader
    text = staticmethod(_text)
    invoke: Callable[..., Any] = staticmethod(call)  # type: ignore[arg-type]

    def __init__(
        self, language: str, pure: Mapping[str, Callable[..., Any]], fixed: Mapping[str, Any], **options: Any
    ) -> None:
        self.code_generator_class = _Generator
        super().__init__(**options)
        self.language = language
        self.pure, self.fixed = pure, fixed
        self.globals |= {**pure, **fixed}
        self._within: tuple[str | None, ...] = ()
        self._compiled: dict[str, Template] = {}
        self._macros: dict[str, Macros] = {}
        self._placed: set[str] = set()
        self._asked: set[str] = set()

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        if self.auto_reload or globals or not isinstance(name, str):
            return super().get_template(name, parent, globals)
        if name not in self._compiled:  # Jinja's own cache wants a weak reference made for each look at it
            self._compiled[name] = super().get_template(name, parent)
        return self._compiled[name]

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        # Jinja gives each template a chain of two dictionaries, and looks through both, key by key, at each include and
        # import: a fifth of the time that a page takes.
        return {**self.globals, **d} if d else self.globals

    def stands_elsewhere(self, name: str) -> bool:
        """Whether nobody asks for a template: those that were compiled so far have it in their place."""
        return name in self._placed - self._asked

    def parse(self, source: str, name: str | None = None, filename: str | None = None) -> nodes.Template:
        return self._inlined(source, name, filename)[0]

    def compile(
        self,
        source: str | nodes.Template,
        name: str | None = None,
        filename: str | None = None,
        raw: bool = False,
        defer_init: bool = False,
    ) -> Any:
        parsed = self.parse(source, name, filename) if isinstance(source, str) else source
        self._asked.update(filter(None, find_referenced_templates(parsed)))
        with i18n.using(self.language):  # Jinja works out what is constant, filters and all
            return super().compile(parsed, name, filename, raw, defer_init)  # type: ignore[call-overload]

    def _inlined(self, source: str, name: str | None, filename: str | None) -> tuple[nodes.Template, Macros]:
        """A template as it is compiled, and the macros that others may put in the place of their calls. Who works on
        templates has them as they are: with the lines of each, and what changed is read anew."""
        folded = self._folded(source, name, filename)
        if self.auto_reload:
            return folded, {}
        inlining = Inlining(self._macros_of, self.globals.keys())
        within, self._within = self._within, (*self._within, name)
        try:
            return cast(nodes.Template, inlining.visit(folded)), inlining.exported
        finally:
            self._within = within

    def _folded(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super().parse(source, name, filename)
        markup = self.autoescape(name) if callable(self.autoescape) else self.autoescape
        within, self._within = self._within, (*self._within, name)
        try:
            with i18n.using(self.language):
                folded = cast(nodes.Template, _Folding(self, markup, name, filename).visit(parsed))
        finally:
            self._within = within
        folded.set_environment(self)
        return folded

    def _macros_of(self, name: str) -> Macros:
        if name in self._within:
            return {}
        self._placed.add(name)
        if name not in self._macros:
            source, filename, _ = self.loader.get_source(self, name)
            self._macros[name] = self._inlined(source, name, filename)[1]
        return self._macros[name]

    def included(self, name: str) -> list[nodes.Node] | None:
        """What a template consists of that is included, to stand where it is included; None where it stays by itself:
        who works on templates is told the lines of each, and has what changed read anew."""
        if self.auto_reload or name in self._within:
            return None
        self._placed.add(name)
        source, filename, _ = self.loader.get_source(self, name)
        return self._folded(source, name, filename).body


class _Folding(NodeTransformer):
    """Puts what is known already in the place of what would find it out."""

    def __init__(self, environment: CompilingEnvironment, markup: bool, name: str | None, filename: str | None) -> None:
        self.environment, self.markup, self.name, self.filename = environment, markup, name, filename

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        known = node.name in TEXTS or node.name in self.environment.pure or node.name in self.environment.fixed
        if known and node.ctx != "load":
            raise TemplateAssertionError(f"{node.name} is everybody's name", node.lineno, self.name, self.filename)
        value = self.environment.fixed.get(node.name)
        return nodes.Const(value, lineno=node.lineno) if isinstance(value, str | bool) else node

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:
        if isinstance(node.node, nodes.Name) and node.node.name in self.environment.fixed:
            value = self.environment.getattr(self.environment.fixed[node.node.name], node.attr)
            return nodes.Const(value, lineno=node.lineno)
        return self.generic_visit(node)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.dyn_args or node.dyn_kwargs or not _all_known(node.args):
            return node
        arguments = [argument.as_const() for argument in node.args]
        if node.node.name in TEXTS:
            return self._text(i18n.gettext(*arguments), node)
        if node.node.name in self.environment.pure and _all_known([pair.value for pair in node.kwargs]):
            named = {pair.key: pair.value.as_const() for pair in node.kwargs}
            try:
                return nodes.Const(self.environment.pure[node.node.name](*arguments, **named), lineno=node.lineno)
            except LookupError:
                return node  # the address of something that is not served here, and not asked for then
        return node

    def visit_Include(self, node: nodes.Include) -> nodes.Node:
        if not isinstance(node.template, nodes.Const) or node.ignore_missing or not node.with_context:
            return node
        body = self.environment.included(node.template.value)
        return node if body is None else nodes.Scope(body, lineno=node.lineno)

    def _text(self, text: str, node: nodes.Call) -> nodes.Node:
        """A text of ours; what stands in its places is put there as Jinja's own gettext does it."""
        if not node.kwargs:
            text = text % {}
        told: nodes.Expr = nodes.Const(text, lineno=node.lineno)
        told = nodes.MarkSafe(told, lineno=node.lineno) if self.markup else told
        if not node.kwargs:
            return told
        places = [nodes.Pair(nodes.Const(pair.key), pair.value, lineno=node.lineno) for pair in node.kwargs]
        return nodes.Mod(told, nodes.Dict(places, lineno=node.lineno), lineno=node.lineno)


def _all_known(expressions: list[nodes.Expr]) -> bool:
    return all(isinstance(expression, nodes.Const) for expression in expressions)


class _Generator(CodeGenerator):
    """Jinja's, whose calls go straight to what is called: none of our functions asks for the context."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        if isinstance(node.node, nodes.Name) and node.node.name in WANTS_CONTEXT:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.write("environment.invoke(")
        self.visit(node.node, frame)
        self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
        self.write(")")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """As Python does it; dictionaries are asked for their key, but for what all dictionaries have."""
        held = self.temporary_identifier()
        if hasattr(dict, node.attr):
            self.write("(")
            self.visit(node.node, frame)
            self.write(f").{node.attr}")
            return
        self.write(f"({held}[{node.attr!r}] if type({held} := ")
        self.visit(node.node, frame)
        self.write(f") is dict else {held}.{node.attr})")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.text(")
