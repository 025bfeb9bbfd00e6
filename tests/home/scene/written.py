"""Triggers, conditions, actions and automations as people write them, right and wrong.

`tests/peers` asks Home Assistant which of them it takes; what it said lies in `taken.json`.
"""

from pathlib import Path

_AROUND = {
    "trigger": "[{{alias: a, trigger: [{}], action: []}}]",
    "condition": "[{{alias: a, trigger: [], condition: [{}], action: []}}]",
    "action": "[{{alias: a, trigger: [], action: [{}]}}]",
    "automation": "[{}]",
}


def _automations() -> list[str]:
    found, around = [], ""
    for line in (Path(__file__).parent / "written.txt").read_text("utf-8").splitlines():
        if line.startswith("# "):
            around = _AROUND.get(line.removeprefix("# "), "")
        elif line:
            found.append(around.format(line))
    return found


AUTOMATIONS = _automations()

STRICTER = {
    "{platform: time_pattern, minutes: /0}": "it would never fire",
    "{platform: time_pattern, minutes: 5.5}": "there is no such minute",
    "{service: light.turn_on, data: text}": "it fails when it runs",
    "{repeat: {count: x, sequence: []}}": "it fails when it runs",
    "{condition: trigger, id: nope}": "no trigger has that id",
    "{platform: numeric_state, entity_id: sensor.a, above: 5, below: 5}": "no number is between",
}
"""What Home Assistant takes and we do not, and why."""
LOOSER = {
    "{platform: state, entity_id: light.a, id: 5}": "a number is as good as text",
    "{id: 5, alias: a, trigger: [], action: []}": "a number is as good as text",
    "[]": "a list in a list of triggers, as newer versions write it",
    "{condition: '{{ 1 }}', alias: x}": "Home Assistant takes it among actions only",
}
"""What we take and Home Assistant 2024.3.3 does not, and why."""


def expected(text: str, taken: bool) -> bool:
    """Whether we are to take what Home Assistant takes or not."""
    if any(part in text and taken for part in STRICTER):
        return False
    return taken or any(
        text in (around.format(part) for around in _AROUND.values()) for part in LOOSER
    )
