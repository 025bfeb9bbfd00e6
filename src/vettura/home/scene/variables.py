"""The variables that a run begins with."""

from collections.abc import Mapping
from typing import Any

from vettura.home.scene.state import State
from vettura.home.scene.world import World


def with_defaults(
    world: World, values: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """`values` rendered one after the other, each seeing those before; what is given stays."""
    variables = dict(given)
    for name, value in values.items():
        if name not in variables:
            variables[name] = world.templates.value(value, variables)
    return variables


def this(state: State | None) -> dict[str, Any] | None:
    """An automation's or script's own entity, as templates see it in `this`."""
    if state is None:
        return None
    context = state.context
    return {
        "entity_id": state.entity_id,
        "state": state.state,
        "attributes": dict(state.attributes),
        "last_changed": state.last_changed.isoformat(),
        "last_updated": state.last_updated.isoformat(),
        "context": {"id": context.id, "parent_id": context.parent_id, "user_id": context.user_id},
    }
