"""Looking at templates without a home: whether they can be rendered, and what they name."""

import re
from datetime import tzinfo
from functools import lru_cache
from typing import cast

import jinja2
from jinja2 import meta, nodes

from vettura.clock import Clock
from vettura.errors import InputError
from vettura.words.states import NoStates
from vettura.words.template_functions import furnish
from vettura.words.template_home import HomeFunctions
from vettura.words.template_sandbox import Sandbox
from vettura.words.template_states import AllStates, Lookup, Note
from vettura.words.template_times import Times
from vettura.words.templates import SOURCE_MAX, excerpt_of, is_template, reason_of

_ENTITY = re.compile(r"^[a-z_]+\.[a-z0-9_]+$")


@lru_cache(maxsize=1)
def checking_sandbox() -> Sandbox:
    """Make a sandbox that only compiles; whatever would need a clock is never called."""
    sandbox, nothing = Sandbox(), NoStates()
    lookup = Lookup(nothing, Note())
    furnish(
        sandbox,
        states=AllStates(lookup),
        home=HomeFunctions(lookup, nothing, (0.0, 0.0)),
        times=Times(cast("Clock", None), cast("tzinfo", None), Note()),
        chance=lambda values: values[0],
    )
    return sandbox


@lru_cache(maxsize=4_096)
def check_template(text: str) -> None:
    """Read a template without rendering it; InputError says what is wrong.

    A filter, a test or a function that is not there would only be missed when a rendering comes to
    it, so it is named here.
    """
    if not is_template(text):
        return
    if len(text) > SOURCE_MAX:
        raise InputError(f"template longer than {SOURCE_MAX:,} characters")
    try:
        tree = checking_sandbox().parse(text)
        missing = _missing(tree)
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f" in its line {line}" if line and "\n" in text else ""
        raise InputError(f"template {excerpt_of(text)}: {reason_of(error)}{where}") from None
    except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise InputError(f"template {excerpt_of(text)}: {reason_of(error)}") from None
    if missing:
        raise InputError(f"template {excerpt_of(text)}: there is no {missing}")


def _missing(tree: nodes.Template) -> str:
    """Name the first filter, test or function that is not there; empty for none."""
    sandbox = checking_sandbox()
    for part in tree.find_all((nodes.Filter, nodes.Test)):
        known = sandbox.filters if isinstance(part, nodes.Filter) else sandbox.tests
        if isinstance(part, (nodes.Filter, nodes.Test)) and part.name not in known:
            return f"{'filter' if isinstance(part, nodes.Filter) else 'test'} '{part.name}'"
    names = [call.node for call in tree.find_all(nodes.Call)]
    called = {node.name for node in names if isinstance(node, nodes.Name)}
    called -= sandbox.globals.keys()
    # What a template defines by itself, such as a macro, is no function that is missing.
    unknown = sorted(called & meta.find_undeclared_variables(tree)) if called else []
    return f"function '{unknown[0]}'" if unknown else ""


@lru_cache(maxsize=4_096)
def named_entities(text: str) -> frozenset[str]:
    """Return the entity ids that a template names, whether or not a rendering comes to them."""
    if not is_template(text):
        return frozenset()
    try:
        tree = checking_sandbox().parse(text)
    except (jinja2.TemplateError, RecursionError):
        return frozenset()
    found = {
        part
        for const in tree.find_all(nodes.Const)
        if isinstance(const.value, str)
        for part in [const.value]
        if _ENTITY.match(part)
    }
    for access in tree.find_all(nodes.Getattr):
        inner = access.node
        if isinstance(inner, nodes.Getattr) and _is_states(inner.node):
            found.add(f"{inner.attr}.{access.attr}")
    return frozenset(found)


def _is_states(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "states"
