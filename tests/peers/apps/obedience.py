"""What becomes of an entity that is asked for something: the one table of both sides.

A rule is a dictionary: `state` (it becomes so), `toggle` (two states), `state_from` (a key of the
data becomes the state), `attributes_from` (keys of the data that become attributes).
"""

ON = {"state": "on", "attributes_from": ["brightness", "brightness_pct", "percentage"]}
OFF = {"state": "off"}
OBEY = {
    **{f"{domain}.turn_on": ON for domain in ("light", "switch", "fan", "siren", "media_player")},
    **{f"{domain}.turn_off": OFF for domain in ("light", "switch", "fan", "siren", "media_player")},
    **{f"{domain}.toggle": {"toggle": ["on", "off"]} for domain in ("light", "switch", "fan")},
    "lock.lock": {"state": "locked"},
    "lock.unlock": {"state": "unlocked"},
    "cover.open_cover": {"state": "open"},
    "cover.close_cover": {"state": "closed"},
    "cover.set_cover_position": {"attributes_from": ["position"]},
    "climate.set_temperature": {"attributes_from": ["temperature"]},
    "climate.set_hvac_mode": {"state_from": "hvac_mode"},
    "climate.set_preset_mode": {"attributes_from": ["preset_mode"]},
    "climate.turn_off": OFF,
    "vacuum.start": {"state": "cleaning"},
    "vacuum.return_to_base": {"state": "docked"},
    "number.set_value": {"state_from": "value"},
    "select.select_option": {"state_from": "option"},
    "alarm_control_panel.alarm_arm_away": {"state": "armed_away"},
    "alarm_control_panel.alarm_arm_home": {"state": "armed_home"},
    "alarm_control_panel.alarm_disarm": {"state": "disarmed"},
}


def obeyed(rule, state, attributes, data):
    """The new state and attributes."""
    if "toggle" in rule:
        state = rule["toggle"][state == rule["toggle"][0]]
    if "state_from" in rule and rule["state_from"] in data:
        state = str(data[rule["state_from"]])
    state = rule.get("state", state)
    told = {key: data[key] for key in rule.get("attributes_from", ()) if key in data}
    return state, {**attributes, **told}
