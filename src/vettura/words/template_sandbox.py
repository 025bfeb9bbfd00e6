"""The sandbox in which templates run: Jinja's, with everything that grows counted."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from types import BuiltinMethodType, MethodType
from typing import Any

import jinja2
from jinja2 import filters, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
from jinja2.utils import Namespace

from vettura.errors import InputError
from vettura.words import template_limits as limits
from vettura.words.template_states import AllStates, DomainStates, TemplateState

_OWNERS = (str, bytes, int)
# Filters whose whole numbers are widths or counts.
_WIDE = ("center", "indent", "batch", "slice", "wordwrap", "tojson", "truncate")
_LAZY_TEXT_MAX = 10_000
"""Characters that `urlize`, `striptags` and `pprint` look at: they are slow."""


class _Code(CodeGenerator):
    """Writes a count into each block and each list of a template's code."""

    def blockvisit(self, body: Iterable[nodes.Node], frame: Frame) -> None:
        self.writeline("environment.step()")
        super().blockvisit(body, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802  Jinja's name
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        self._made(super().visit_List, node, frame, node.items)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        values: list[nodes.Node] = [pair.value for pair in node.items]
        self._made(super().visit_Dict, node, frame, values)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        parts: list[Any] = [] if node.ctx == "store" else list(node.items)
        self._made(super().visit_Tuple, node, frame, parts)

    def _made(
        self,
        write: Callable[[Any, Frame], None],
        node: nodes.Node,
        frame: Frame,
        parts: Iterable[nodes.Node],
    ) -> None:
        # What is made of plain constants cannot be large: it stands in the template.
        if all(isinstance(part, nodes.Const) for part in parts):
            write(node, frame)
            return
        self.write("environment.made(")
        write(node, frame)
        self.write(")")


class _Formatter(SandboxedFormatter):
    def format_field(self, value: Any, format_spec: str) -> Any:
        limits.check_format_spec(format_spec)
        limits.weigh(value)
        return super().format_field(value, format_spec)


def bounded_concat(parts: Iterable[str]) -> str:
    """Join the parts of a result, as long as it is not too long."""
    found: list[str] = []
    length = 0
    for part in parts:
        length += len(part)
        if length > limits.TEXT_MAX:
            limits.check_text(length)
        found.append(part)
    return "".join(found)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with limits; `budget` counts one rendering."""

    code_generator_class = _Code
    concat = staticmethod(bounded_concat)
    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self, loader: jinja2.BaseLoader | None = None) -> None:
        super().__init__(
            finalize=_shown, loader=loader, extensions=["jinja2.ext.loopcontrols"], cache_size=50
        )
        self.budget = limits.Budget()
        self.step = self.budget.step
        self.globals.pop("lipsum")
        self.filters["join"] = _join

    def guard(self) -> None:
        """Put the limits around every filter that there is; called once all are there."""
        for name, function in self.filters.items():
            self.filters[name] = _guarded(name, function, self.budget)

    def made(self, container: Any) -> Any:
        """Count what a list, a tuple or a dictionary of a template holds."""
        self.budget.spend(limits.weigh(container) >> 3)
        return container

    def joined(self, parts: tuple[Any, ...]) -> str:
        """Join with `~`."""
        texts = [part if isinstance(part, str) else str(_shown(part)) for part in parts]
        limits.check_text(sum(map(len, texts)))
        return "".join(texts)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`+`, `*`, `**` and `%`."""
        del context
        if cost := limits.check_binary(operator, left, right):
            self.budget.spend(cost)
        return self.binop_table[operator](left, right)

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a function or a method."""
        self.budget.spend(1)
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, _OWNERS):
            limits.check_method(obj.__name__, owner, (*args, *kwargs.values()))
        for arg in (owner, *args, *kwargs.values()):
            if cost := limits.cost_of(arg):
                self.budget.spend(cost)
        result = super().call(context, obj, *args, **kwargs)
        limits.check_result(result)
        return result

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`"...".format` and `format_map`: with the sandbox's own way to attributes."""
        if not isinstance(value, (MethodType, BuiltinMethodType)):
            return None
        name, text = value.__name__, value.__self__
        if name not in ("format", "format_map") or not isinstance(text, str):
            return None
        formatter = _Formatter(self)

        def apply(*args: Any, **kwargs: Any) -> str:
            if name == "format_map":
                if kwargs or len(args) != 1 or not isinstance(args[0], Mapping):
                    raise TypeError("format_map() takes exactly one mapping")
                return formatter.vformat(text, (), args[0])
            return formatter.vformat(text, args, kwargs)

        return apply

    def is_safe_callable(self, obj: Any) -> bool:
        """Whether a template may call it."""
        return isinstance(obj, AllStates) or super().is_safe_callable(obj)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may see that attribute."""
        if isinstance(obj, (AllStates, DomainStates, TemplateState, LoopContext)):
            return not attr.startswith("_")
        if isinstance(obj, Namespace):
            return True
        return super().is_safe_attribute(obj, attr, value)


def _shown(value: Any) -> Any:
    """Look at what is about to become text."""
    if not isinstance(value, str):
        limits.weigh(value)
    return value


@jinja2.pass_eval_context
def _join(
    eval_ctx: nodes.EvalContext, value: Iterable[Any], d: str = "", attribute: str | None = None
) -> str:
    # To ask for the iterator first does not ask how many there are, which would be noted.
    parts = list(iter(value))
    limits.check_join(d, parts)
    return str(filters.sync_do_join(eval_ctx, parts, d, attribute))


def _guarded(name: str, function: Callable[..., Any], budget: limits.Budget) -> Callable[..., Any]:
    """Put the limits around a filter."""
    check = _CHECKS.get(name)

    @wraps(function)
    def apply(*args: Any, **kwargs: Any) -> Any:
        budget.spend(1)
        for arg in args:
            if cost := limits.cost_of(arg):
                budget.spend(cost)
        if check is not None:
            check(tuple(a for a in args if not isinstance(a, _JINJA)), kwargs)
        result = function(*args, **kwargs)
        limits.check_result(result)
        return result

    return apply


_JINJA = (jinja2.Environment, Context, nodes.EvalContext)


def _check_wide(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    options = (*args[1:], *kwargs.values())
    limits.check_width(*options)
    longest = max((len(option) for option in options if isinstance(option, str)), default=0)
    if args and isinstance(args[0], str):
        limits.check_text(len(args[0]) * longest // 16)


def _check_replace(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    old_new = (*args[1:], kwargs.get("old", ""), kwargs.get("new", ""))
    limits.check_replace(args[0], old_new[0], old_new[1])


def _check_format(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    del kwargs
    limits.check_percent(str(args[0]))


def _check_slow(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    del kwargs
    if args and isinstance(args[0], str) and len(args[0]) > _LAZY_TEXT_MAX:
        raise InputError(f"a text of more than {_LAZY_TEXT_MAX:,} characters is too long")


_CHECKS: dict[str, Callable[[tuple[Any, ...], dict[str, Any]], None]] = {
    **dict.fromkeys(_WIDE, _check_wide),
    "replace": _check_replace,
    "format": _check_format,
    **dict.fromkeys(("urlize", "striptags", "pprint", "title", "xmlattr"), _check_slow),
}
