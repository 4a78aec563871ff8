"""Macros written in the place of their call when a template is compiled: a page has dozens of calls, many dearer
than what they draw, and much is known at a place (which icon, which branch is never taken)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import count
from typing import Any, TypeGuard, cast

from jinja2 import UndefinedError, nodes
from jinja2.visitor import NodeTransformer, NodeVisitor

Macros = Mapping[str, nodes.Macro]
_numbers = count()


class Inlining(NodeTransformer):
    """Turns a template into one that calls no macro which can stand where it is called: one that knows nothing but what
    it is given, its template's constants, and what all templates know. Its names are made its own.

    Args:
        imported: the macros of a template that can be put anywhere.
        known: the names that all templates know.
    """

    def __init__(self, imported: Callable[[str], Macros], known: Collection[str]) -> None:
        self.imported, self.known = imported, known
        self.macros: dict[str, nodes.Macro] = {}
        self.exported: dict[str, nodes.Macro] = {}
        self.constants: dict[str, nodes.Expr] = {}
        self.set_here: set[str] = set()

    def visit_Template(self, node: nodes.Template) -> nodes.Template:
        for each in node.body:
            if isinstance(each, nodes.Assign) and isinstance(each.target, nodes.Name) and _is_constant(each.node):
                self.constants[each.target.name] = each.node
        self.set_here = {name.name for name in node.find_all(nodes.Name) if name.ctx == "store"}
        self.generic_visit(node)
        return cast(nodes.Template, _Pruning(node).visit(node))

    def visit_Block(self, node: nodes.Block) -> nodes.Node:
        """A block is given in one piece: each would else pass through the generators of page and frame."""
        self.generic_visit(node)
        name = f"_{next(_numbers)}_block"
        whole = nodes.AssignBlock(nodes.Name(name, "store"), None, node.body, lineno=node.lineno)
        node.body = [whole, nodes.Output([nodes.Name(name, "load")], lineno=node.lineno)]
        return node

    def visit_Scope(self, node: nodes.Scope) -> nodes.Node:
        outside, self.macros = self.macros, dict(self.macros)
        self.generic_visit(node)
        self.macros = outside
        return node

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.Node:
        template = node.template
        macros = self.imported(template.value) if isinstance(template, nodes.Const) and not node.with_context else {}
        for theirs, ours in map(_pair, node.names):
            self.macros.pop(ours, None)
            if theirs in macros:
                self.macros[ours] = macros[theirs]
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        self.generic_visit(node)
        own = {name.name for name in node.find_all(nodes.Name) if name.ctx != "load"}
        placed = _Placed({name: value for name, value in self.constants.items() if name not in own}, None)
        closed = nodes.Macro(node.name, node.args, node.defaults, placed.statements(node.body), lineno=node.lineno)
        free = {name.name for name in closed.find_all(nodes.Name)} - own - {"loop", *self.known}
        if _callers(closed):
            free.discard("caller")
        if not free & {"caller", *self.set_here}:
            self.macros[node.name] = closed
            if not free:
                self.exported[node.name] = closed
        return node

    def visit_Output(self, node: nodes.Output) -> list[nodes.Node]:
        self.generic_visit(node)
        return _split(node, lambda each: self._called(each, None))

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node | list[nodes.Node]:
        self.generic_visit(node)
        return (None if node.args else self._called(node.call, node.body)) or node

    def _called(self, call: nodes.Expr, body: list[nodes.Node] | None) -> list[nodes.Node] | None:
        """What a call draws, if it is one of a macro that can stand here."""
        if not isinstance(call, nodes.Call) or not isinstance(call.node, nodes.Name):
            return None
        macro = self.macros.get(call.node.name)
        if macro is None or call.dyn_args or call.dyn_kwargs or bool(_callers(macro)) is (body is None):
            return None
        return _drawn(macro, call, body)


def _drawn(macro: nodes.Macro, call: nodes.Call, body: list[nodes.Node] | None) -> list[nodes.Node]:
    names = [argument.name for argument in macro.args]
    given = dict(zip(names[len(names) - len(macro.defaults) :], macro.defaults, strict=True))
    given |= dict(zip(names, call.args, strict=False)) | {pair.key: pair.value for pair in call.kwargs}
    set_in_it = {name.name for statement in macro.body for name in _names(statement) if name.ctx != "load"}
    places: dict[str, nodes.Expr] = {}
    bound: dict[str, nodes.Expr] = {}
    for name in {*names, *set_in_it}:
        if name not in set_in_it and (_is_constant(given[name]) or _is_variable(given[name])):
            places[name] = given[name]
        else:
            own = f"_{next(_numbers)}_{name}"
            places[name] = nodes.Name(own, "load")
            if name in given:
                bound[own] = given[name]
    drawn = _Placed(places, body).statements(macro.body)
    targets: list[nodes.Expr] = [nodes.Name(name, "param") for name in bound]
    return [nodes.With(targets, list(bound.values()), drawn, lineno=call.lineno)] if bound else drawn


class _Placed(NodeVisitor):
    """Copies a macro's body: with what stands in the place of names, and the body of its call in that of `caller()`."""

    def __init__(self, places: Mapping[str, nodes.Expr], body: list[nodes.Node] | None) -> None:
        self.places, self.body = places, body

    def statements(self, body: Iterable[Any]) -> list[Any]:
        placed = map(self._field, body)
        return [node for one in placed for node in (one if isinstance(one, list) else [one])]

    def generic_visit(self, node: nodes.Node, *args: object, **kwargs: object) -> nodes.Node:
        fields = [self._field(value) for _name, value in node.iter_fields()]
        return type(node)(*fields, lineno=node.lineno, environment=node.environment)

    def _field(self, value: Any) -> Any:
        if isinstance(value, list):
            return self.statements(value)
        return self.visit(value) if isinstance(value, nodes.Node) else value

    def visit_Name(self, node: nodes.Name) -> nodes.Expr:
        place = self.places.get(node.name)
        if isinstance(place, nodes.Name):
            return nodes.Name(place.name, node.ctx, lineno=node.lineno)
        return node if place is None else place

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        return node if _is_caller(node) else self.generic_visit(node)

    def visit_If(self, node: nodes.If) -> nodes.Node | list[nodes.Node]:
        test = self.visit(node.test)
        if not _is_constant(test):
            others = [self.generic_visit(other) for other in node.elif_]
            body, otherwise = self.statements(node.body), self.statements(node.else_)
            return nodes.If(test, body, others, otherwise, lineno=node.lineno)
        if test.as_const():
            return self.statements(node.body)
        if not node.elif_:
            return self.statements(node.else_)
        first, *rest = node.elif_
        return self.statements([nodes.If(first.test, first.body, rest, node.else_, lineno=node.lineno)])

    def visit_Output(self, node: nodes.Output) -> list[nodes.Node]:
        placed = cast(nodes.Output, self.generic_visit(node))
        return _split(
            placed, lambda each: None if self.body is None or not _is_caller(each) else [nodes.Scope(self.body)]
        )


def _split(output: nodes.Output, drawn: Callable[[nodes.Expr], list[nodes.Node] | None]) -> list[nodes.Node]:
    """An output, with statements in the place of some of its expressions."""
    parts: list[nodes.Node] = []
    for each in output.nodes:
        if statements := drawn(each):
            parts += statements
        elif parts and isinstance(parts[-1], nodes.Output):
            parts[-1].nodes.append(each)
        else:
            parts.append(nodes.Output([each], lineno=output.lineno))
    return parts


class _Pruning(NodeTransformer):
    """Takes out what nobody asks for any more; a template's own macros stay for those who import them."""

    def __init__(self, template: nodes.Template) -> None:
        self.own = template.body
        self.used = {name.name for name in template.find_all(nodes.Name)}

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.Node | None:
        node.names = [name for name in node.names if _pair(name)[1] in self.used]
        return node if node.names else None

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node | None:
        return node if node.name in self.used or node in self.own else None


def _pair(name: str | tuple[str, str]) -> tuple[str, str]:
    """A name as it is imported, and as it is known here."""
    return (name, name) if isinstance(name, str) else name


def _is_variable(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Name) and node.name != "loop"


def _callers(macro: nodes.Macro) -> int:
    """How often a macro draws what its call encloses; 0 also where it does anything else with it."""
    asked = sum(name.name == "caller" for name in macro.find_all(nodes.Name))
    drawn = sum(_is_caller(each) for output in macro.find_all(nodes.Output) for each in output.nodes)
    return drawn if drawn == asked else 0


def _is_caller(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "caller"


def _names(node: nodes.Node) -> Iterator[nodes.Name]:
    yield from ([node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name))


def _is_constant(node: nodes.Node) -> TypeGuard[nodes.Expr]:
    try:
        cast(nodes.Expr, node).as_const()
    except (nodes.Impossible, UndefinedError):
        return False
    return True
