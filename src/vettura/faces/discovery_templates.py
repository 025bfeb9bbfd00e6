"""What discovery needs of templates: compiled once, rendered for each message."""

from collections.abc import Mapping
from typing import Any, Protocol

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from vettura.errors import InputError


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


class _Jinja:
    __slots__ = ("_template",)

    def __init__(self, template: jinja2.Template) -> None:
        self._template = template

    def rendered(self, variables: Mapping[str, Any]) -> str:
        try:
            return self._template.render(variables).strip()
        except jinja2.TemplateError as error:
            raise TemplateError(f"template: {error}") from None
        except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            raise InputError(f"template: {error}") from None


class JinjaTemplates:
    """Jinja2 in its sandbox."""

    def __init__(self) -> None:
        self._environment = ImmutableSandboxedEnvironment()

    def compiled(self, source: str) -> Template:
        """The template; InputError when it is none."""
        try:
            return _Jinja(self._environment.from_string(source))
        except jinja2.TemplateError as error:
            raise InputError(f"no template: {error}") from None
