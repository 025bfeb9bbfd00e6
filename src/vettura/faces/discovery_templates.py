"""Templates of discovery: compiled once, rendered for each message, in the sandbox of `words`."""

from collections.abc import Mapping
from typing import Any, Protocol

import jinja2

from vettura.errors import InputError
from vettura.words.templates import Compiled
from vettura.words.templates import Templates as Sandboxed


class TemplateError(InputError):
    """A template that says nothing, as something in it is not there."""


class Template(Protocol):
    """A template that has been read."""

    def rendered(self, variables: Mapping[str, Any]) -> str:
        """What it makes of the variables.

        TemplateError when something in it is not there, InputError when the value is unfit or it
        goes out of bounds.
        """
        ...


class Templates(Protocol):
    """Reads templates."""

    def compiled(self, source: str) -> Template:
        """The template; InputError when it is none."""
        ...


class _Rendering:
    """One template of the sandbox."""

    __slots__ = ("_compiled",)

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled

    def rendered(self, variables: Mapping[str, Any]) -> str:
        """What it makes of the variables."""
        try:
            return str(self._compiled.render(variables, parse=False))
        except InputError as error:
            # Home Assistant reads on without a template whose own words fail, but not when Python
            # fails on the value.
            is_its_own = isinstance(error.__context__, jinja2.TemplateError)
            raise (TemplateError if is_its_own else InputError)(error.message) from None


class SandboxTemplates:
    """The templates of a home, without a view of the home's states."""

    def __init__(self, sandboxed: Sandboxed) -> None:
        self._sandboxed = sandboxed

    def compiled(self, source: str) -> Template:
        """The template; InputError when it is none."""
        return _Rendering(self._sandboxed.compile(source))
