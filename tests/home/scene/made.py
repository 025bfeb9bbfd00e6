"""Builds pieces of scenes and lives through them; every argument has a default."""

from vettura.home.scene import tree
from vettura.home.scene.live_through import Happened, Heard, Update, live_through
from vettura.home.scene.parts import Automation, Script
from vettura.home.scene.read import read_scenes_text
from vettura.units import NS_PER_S

WHERE = tree.Where("scenes.yaml", 1)
NOON_NS = 1_772_449_200 * NS_PER_S
"""2026-03-02 12:00 in Rome, a Monday."""
TURIN = {
    "timezone": "Europe/Rome",
    "latitude_deg": 45.0246,
    "longitude_deg": 7.7612,
    "elevation_m": 305.0,
}
DAY_S = 86_400


def at(seconds):
    """So many seconds after noon [ns]."""
    return NOON_NS + round(seconds * NS_PER_S)


def template(text):
    return tree.Template(text, WHERE)


def state_trigger(*entity_ids, **fields):
    defaults = {"where": WHERE, "id": "0", "variables": {}, "platform": "state"}
    return tree.StateTrigger(**(defaults | fields), entity_ids=entity_ids)


def call(action, *entity_ids, **data):
    target = {"entity_id": list(entity_ids)} if entity_ids else {}
    return tree.Call(where=WHERE, action=action, target=target, data=data)


def delay(seconds):
    return tree.Delay(where=WHERE, delay=seconds)


def automation(alias, triggers, actions, **fields):
    defaults = {
        "where": WHERE,
        "id": "",
        "entity_id": f"automation.{alias}",
        "variables": {},
        "trigger_variables": {},
    }
    return Automation(
        **(defaults | fields), alias=alias, triggers=tuple(triggers), actions=tuple(actions)
    )


def script(name, *sequence, **fields):
    defaults = {"where": WHERE, "alias": name, "variables": {}, "fields": {}}
    return Script(**(defaults | fields), entity_id=f"script.{name}", sequence=sequence)


def lived(scenes, *moments, for_s=DAY_S):
    """What scenes do from noon on; moments are in nanoseconds."""
    return live_through(scenes, moments, start_ns=NOON_NS, end_ns=at(for_s), **TURIN)


def deeds(result):
    """(seconds after noon, action, entities) of everything called."""
    return [
        ((called.time_ns - NOON_NS) / NS_PER_S, called.action, tuple(called.entities))
        for called in result.called
    ]


def told(text, *moments, for_s=DAY_S):
    """What the scenes of a YAML text do from noon on.

    A moment is (seconds, entity, state), (seconds, entity, state, attributes), or (seconds, event)
    with an event's data, or a Heard of its own.
    """
    in_order = sorted(moments, key=lambda moment: moment[0])
    return lived(read_scenes_text(text), *map(_moment, in_order), for_s=for_s)


def _moment(moment):
    seconds, what, *rest = moment
    if "." in what and not what.startswith(("timer.f", "event:", "mqtt:")):
        state, attributes = (*rest, {})[:2]
        return Update(at(seconds), what, state, attributes)
    if what.startswith("mqtt:"):
        return Heard(at(seconds), what.removeprefix("mqtt:"), *rest)
    return Happened(at(seconds), what.removeprefix("event:"), (*rest, {})[0])


def times(result, action=None):
    """Seconds after noon of everything called, or of one action."""
    return [s for s, name, _ in deeds(result) if action in (None, name)]


def messages(result):
    """The messages that were sent by notify.notify."""
    return [c.data["message"] for c in result.called if c.action == "notify.notify"]
