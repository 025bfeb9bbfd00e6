"""Whom an action aims at: entities, devices, areas, all of a domain, members of groups."""

from dataclasses import dataclass
from typing import Any

from vettura.home.scene.faults import WrongCallFault
from vettura.home.scene.world import World
from vettura.words.template_states import ENTITY_ID

ALL, NONE = "all", "none"
_KEYS = ("entity_id", "device_id", "area_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is aimed at, as it was written."""

    entity_ids: tuple[str, ...] = ()
    device_ids: tuple[str, ...] = ()
    area_ids: tuple[str, ...] = ()
    is_all: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it aims at nothing."""
        return not (self.entity_ids or self.device_ids or self.area_ids or self.is_all)


def target_of(data: dict[str, Any]) -> tuple[Target, dict[str, Any]]:
    """Take the target out of an action's data; `WrongCallFault` when it is none."""
    rest = {key: value for key, value in data.items() if key not in _KEYS}
    wanted = data.get("entity_id")
    if isinstance(wanted, str) and wanted.strip().lower() == ALL:
        return Target(is_all=True), rest
    entity_ids = tuple(each.lower() for each in _list(wanted) if each.lower() != NONE)
    wrong = [each for each in entity_ids if not ENTITY_ID.match(each)]
    if wrong:
        raise WrongCallFault(f"{wrong[0][:80]!r} is no entity id")
    target = Target(
        entity_ids=entity_ids,
        device_ids=tuple(_list(data.get("device_id"))),
        area_ids=tuple(_list(data.get("area_id"))),
    )
    return target, rest


def resolve(world: World, target: Target, action: str) -> tuple[str, ...]:
    """The entities of a target, in its order, each once."""
    domain = action.partition(".")[0]
    if target.is_all:
        return tuple(state.entity_id for state in world.states.all(domain))
    indirect = [
        *world.directory.of_devices(target.device_ids),
        *world.directory.of_areas(target.area_ids),
    ]
    if domain not in {"homeassistant", "group"}:
        indirect = [each for each in indirect if each.startswith(f"{domain}.")]
    found = dict.fromkeys((*target.entity_ids, *indirect))
    if domain not in {"group", "zone"} and any(each.startswith("group.") for each in found):
        return _without_groups(world, list(found))
    return tuple(found)


def _without_groups(world: World, entity_ids: list[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    seen: set[str] = set()
    while entity_ids:
        entity_id = entity_ids.pop(0)
        if not entity_id.startswith("group."):
            found[entity_id] = None
        elif entity_id not in seen:
            seen.add(entity_id)
            group = world.states.get(entity_id)
            members = group.attributes.get("entity_id", ()) if group is not None else ()
            entity_ids = [*members, *entity_ids]
    return tuple(found)


def _list(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return [each.strip() for each in value.split(",") if each.strip()]
    if isinstance(value, list | tuple | set):
        return [str(each).strip() for each in value]
    raise WrongCallFault(f"{str(value)[:80]!r} is no target")
