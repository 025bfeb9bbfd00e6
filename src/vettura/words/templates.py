"""Home Assistant's templates: Jinja2 in a sandbox, with its functions and its way to read results.

`Templates` is made once for a home (or for a face that has no home to look at), compiles each text
once, and renders it as often as it is asked to.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import jinja2
import msgspec
from jinja2.runtime import Context

from vettura.clock import Clock
from vettura.errors import InputError
from vettura.words.states import Devices, NoStates, States
from vettura.words.template_functions import furnish
from vettura.words.template_home import HomeFunctions
from vettura.words.template_numbers import as_bool as as_bool
from vettura.words.template_results import parse_result as parse_result
from vettura.words.template_sandbox import Sandbox, bounded_concat
from vettura.words.template_states import AllStates, Lookup, Note, TemplateState
from vettura.words.template_states import Reads as Reads
from vettura.words.template_times import Times

SOURCE_MAX = 100_000
"""Characters of a template."""
_COMPILED_MAX = 5_000
_DELIMITER = re.compile(r"\{%|\{\{|\{#")
_EXCERPT = 60


def is_template(text: str) -> bool:
    """Whether anything in it is to be rendered."""
    return _DELIMITER.search(text) is not None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A result and what it was made from."""

    result: Any
    """None after an error."""
    reads: Reads
    error: InputError | None = None


class Templates:
    """The templates of one home; `zone` is its time zone.

    Without `states` and `devices` nothing is there to be seen. `home` is latitude and longitude
    [degrees]. `sources` are the files that templates may import, by name.
    """

    def __init__(
        self,
        clock: Clock,
        zone: tzinfo,
        *,
        states: States | None = None,
        devices: Devices | None = None,
        home: tuple[float, float] = (0.0, 0.0),
        sources: Mapping[str, str] | None = None,
    ) -> None:
        nothing = NoStates()
        self._note = Note()
        self._compiled: dict[str, Compiled] = {}
        self._lookup = Lookup(states or nothing, self._note)
        loader = jinja2.DictLoader(sources) if sources else None
        self._sandbox = Sandbox(loader)
        furnish(
            self._sandbox,
            states=AllStates(self._lookup),
            home=HomeFunctions(self._lookup, devices or nothing, home),
            times=Times(clock, zone, self._note),
            chance=clock.random("templates").choice,
        )
        self._globals = dict(self._sandbox.globals)

    def compile(self, text: str) -> "Compiled":
        """Compile a text, or return it as it was compiled before; InputError says what is wrong."""
        found = self._compiled.get(text)
        if found is None:
            found = self._compile(text.strip())
            if len(self._compiled) >= _COMPILED_MAX:
                self._compiled.clear()
            self._compiled[text] = found
        return found

    def state(self, entity_id: str) -> TemplateState | None:
        """Return a state as templates see it, such as for `this`."""
        return self._lookup.get(entity_id)

    def _compile(self, text: str) -> "Compiled":
        if not is_template(text):
            return Compiled(text, None, self._sandbox, self._globals, self._note)
        if len(text) > SOURCE_MAX:
            raise InputError(f"template: longer than {SOURCE_MAX:,} characters")
        try:
            code = self._sandbox.compile(text)
            made = jinja2.Template.from_code(self._sandbox, code, self._globals)
        except jinja2.TemplateSyntaxError as error:
            where = f" in its line {error.lineno}" if "\n" in text else ""
            raise InputError(f"template {excerpt_of(text)}: {reason_of(error)}{where}") from None
        except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
            raise InputError(f"template {excerpt_of(text)}: {reason_of(error)}") from None
        return Compiled(text, made, self._sandbox, self._globals, self._note)


class Compiled:
    """One template, ready to be rendered."""

    __slots__ = ("_globals", "_note", "_sandbox", "_template", "text")

    def __init__(
        self,
        text: str,
        template: jinja2.Template | None,
        sandbox: Sandbox,
        names: dict[str, Any],
        note: Note,
    ) -> None:
        self.text = text
        self._template = template
        self._sandbox = sandbox
        self._globals = names
        self._note = note

    @property
    def is_static(self) -> bool:
        """Whether it is plain text."""
        return self._template is None

    def render(self, variables: Mapping[str, Any] | None = None, *, parse: bool = True) -> Any:
        """Render; InputError says why it failed.

        With `parse` the result is what the text is a literal of: numbers, lists, truths.
        """
        text = self.text if self._template is None else self._text(self._template, variables)
        return parse_result(text) if parse else text

    def render_reading(
        self, variables: Mapping[str, Any] | None = None, *, parse: bool = True
    ) -> Rendered:
        """Render, and note what was read: what to listen to until the next time."""
        reads = Reads()
        self._note.reads = reads
        try:
            return Rendered(self.render(variables, parse=parse), reads)
        except InputError as error:
            return Rendered(None, reads, error)
        finally:
            self._note.reads = None

    def render_value(
        self,
        value: Any,
        variables: Mapping[str, Any] | None = None,
        *,
        parse: bool = False,
    ) -> Any:
        """Render with `value`, and with `value_json` when that is JSON: what MQTT templates do."""
        if self._template is None:
            return self.text
        names = {**(variables or {}), "value": value}
        if isinstance(value, (str, bytes)):
            try:
                names["value_json"] = msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                names.pop("value_json", None)
        return self.render(names, parse=parse)

    def _text(self, template: jinja2.Template, variables: Mapping[str, Any] | None) -> str:
        sandbox = self._sandbox
        sandbox.budget.renew()
        names = {**self._globals, **variables} if variables else self._globals.copy()
        try:
            context = Context(sandbox, names, None, template.blocks, self._globals)
            return bounded_concat(template.root_render_func(context)).strip()
        except InputError as error:
            raise InputError(f"template {excerpt_of(self.text)} {error.message}") from None
        except Exception as error:  # noqa: BLE001  a template may fail in any way that Python can
            raise InputError(f"template {excerpt_of(self.text)}: {reason_of(error)}") from None


def excerpt_of(text: str) -> str:
    """Show the beginning of a template in a message."""
    flat = " ".join(text.split())
    return f"'{flat}'" if len(flat) <= _EXCERPT else f"'{flat[: _EXCERPT - 3]}...'"


def reason_of(error: BaseException) -> str:
    """Say in one line why a template failed."""
    if isinstance(error, RecursionError):
        return "it goes too deep"
    if isinstance(error, MemoryError):
        return "it needs too much memory"
    lines = str(error).splitlines() or [""]
    if isinstance(error, KeyError):
        return f"there is no {lines[0][:200]}"
    return lines[0][:200].rstrip(".") or type(error).__name__
