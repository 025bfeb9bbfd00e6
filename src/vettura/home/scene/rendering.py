"""Templates of scenes, with the home and the time that the world shows."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast, final

from vettura.clock.chance import random_stream
from vettura.clock.interface import Clock
from vettura.errors import InputError
from vettura.home.scene.faults import RenderFault
from vettura.home.scene.state import instant
from vettura.home.scene.tree import Template
from vettura.words.templates import Reads, Templates, as_bool

if TYPE_CHECKING:
    from vettura.home.scene.world import World


class WorldTime:
    """The world's instant in the form that templates ask for."""

    def __init__(self, world: "World", seed: int) -> None:
        self._world = world
        self._seed = seed

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        return self._world.now_ns

    def now(self) -> datetime:
        """The same instant as an aware datetime, UTC."""
        return instant(self._world.now_ns)

    def random(self, name: str) -> object:
        """A random stream of that name."""
        return random_stream(self._seed, name)


@final
class Renderer:
    """Renders values that may hold templates; `RenderFault` says what is wrong with one."""

    def __init__(self, world: "World", *, seed: int) -> None:
        place = world.place
        self._templates = Templates(
            cast(Clock, WorldTime(world, seed)),
            world.zone,
            states=world.states,
            devices=world.directory,
            home=(place.latitude_deg, place.longitude_deg),
        )

    def value(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """The value with its templates rendered, and their results read as what they are."""
        if isinstance(value, Template):
            return self._render(value, variables, parse=True)
        if isinstance(value, dict):
            return {
                self.value(key, variables): self.value(each, variables)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(each, variables) for each in value]
        return value

    def text(self, template: Template, variables: Mapping[str, Any]) -> str:
        """The text that a template makes."""
        return str(self._render(template, variables, parse=False))

    def truth(self, template: Template, variables: Mapping[str, Any]) -> bool:
        """Whether a template comes out true."""
        return as_bool(self._render(template, variables, parse=True))

    def as_truth(self, result: Any) -> bool:
        """Whether a result is true: yes, on, 1 and the like."""
        return as_bool(result)

    def watched(self, template: Template, variables: Mapping[str, Any]) -> tuple[Any, Reads]:
        """The result, or its `RenderFault`, and what was read for it."""
        try:
            rendered = self._templates.compile(template.text).render_reading(variables)
        except InputError as error:
            return RenderFault(error.message), Reads()
        if rendered.error is not None:
            return RenderFault(rendered.error.message), rendered.reads
        return rendered.result, rendered.reads

    def _render(self, template: Template, variables: Mapping[str, Any], *, parse: bool) -> Any:
        try:
            return self._templates.compile(template.text).render(variables, parse=parse)
        except InputError as error:
            raise RenderFault(error.message) from None
