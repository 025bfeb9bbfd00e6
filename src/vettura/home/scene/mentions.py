"""Which entities a template, a trigger or a condition looks at."""

import re
from collections.abc import Iterable, Iterator

from vettura.home.scene.tree import (
    AndCondition,
    Condition,
    NotCondition,
    NumericStateCondition,
    NumericStateTrigger,
    OrCondition,
    StateCondition,
    StateTrigger,
    Template,
    TemplateCondition,
    TemplateTrigger,
    TimeCondition,
    TimeTrigger,
    Trigger,
    ZoneCondition,
    ZoneTrigger,
)

_QUOTED = re.compile(r"""['"]([a-z_]+\.[a-z0-9_]+)['"]""")
_DOTTED = re.compile(r"\bstates\.([a-z_]+)\.([a-z0-9_]+)")


def in_template(template: Template) -> list[str]:
    """Entity ids that a template names, quoted or as `states.light.hall`, in order."""
    dotted = [f"{domain}.{name}" for domain, name in _DOTTED.findall(template.text)]
    return list(dict.fromkeys([*_QUOTED.findall(template.text), *dotted]))


def in_value(value: object) -> Iterator[str]:
    """Entity ids that the templates in a value name, at any depth."""
    if isinstance(value, Template):
        yield from in_template(value)
    elif isinstance(value, dict):
        for part in value.values():
            yield from in_value(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from in_value(part)


def in_trigger(trigger: Trigger) -> list[str]:
    """Entities whose change may set this trigger off."""
    match trigger:
        case StateTrigger() | NumericStateTrigger():
            return list(trigger.entity_ids)
        case ZoneTrigger():
            return [*trigger.entity_ids, trigger.zone]
        case TemplateTrigger():
            return in_template(trigger.value_template)
        case TimeTrigger():
            return [at.entity_id for at in trigger.at if at.entity_id]
    return []


def beside_trigger(trigger: Trigger) -> list[str]:
    """Entities that a trigger looks at without being set off by them."""
    if isinstance(trigger, NumericStateTrigger):
        limits = [limit for limit in (trigger.above, trigger.below) if isinstance(limit, str)]
        inside = in_template(trigger.value_template) if trigger.value_template else []
        return [name for name in [*limits, *inside] if name not in trigger.entity_ids]
    return []


def in_condition(condition: Condition) -> list[str]:
    """Entities that a condition looks at."""
    match condition:
        case AndCondition() | OrCondition() | NotCondition():
            return in_conditions(condition.conditions)
        case StateCondition():
            return list(condition.entity_ids)
        case NumericStateCondition():
            limits = (condition.above, condition.below)
            template = condition.value_template
            inside = in_template(template) if template else []
            return [*condition.entity_ids, *(x for x in limits if isinstance(x, str)), *inside]
        case ZoneCondition():
            return [*condition.entity_ids, *condition.zones]
        case TemplateCondition():
            return in_template(condition.value_template)
        case TimeCondition():
            return [
                at.entity_id for at in (condition.after, condition.before) if at and at.entity_id
            ]
    return []


def in_conditions(conditions: Iterable[Condition]) -> list[str]:
    """Entities that any of these looks at, each once."""
    return list(dict.fromkeys(name for one in conditions for name in in_condition(one)))
