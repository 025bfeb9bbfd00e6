"""The domains of Home Assistant: what each can be asked for, and which of its states mean on.

From Home Assistant 2024.3's service descriptions and its groups' words for on and off.
"""

from vettura.words.states import UNAVAILABLE, UNKNOWN


def _listed(**names: str) -> dict[str, tuple[str, ...]]:
    return {domain: tuple(text.split()) for domain, text in names.items()}


_SWITCH = "turn_on turn_off toggle"
_SELECT = "select_option select_next select_previous select_first select_last"
ACTIONS = _listed(
    alarm_control_panel=(
        "alarm_disarm alarm_arm_custom_bypass alarm_arm_home alarm_arm_away alarm_arm_night "
        "alarm_arm_vacation alarm_trigger"
    ),
    automation=f"{_SWITCH} trigger",
    button="press",
    camera="turn_on turn_off enable_motion_detection disable_motion_detection snapshot",
    climate=(
        f"{_SWITCH} set_temperature set_hvac_mode set_preset_mode set_fan_mode set_swing_mode "
        "set_humidity set_aux_heat"
    ),
    counter="increment decrement reset set_value",
    cover=(
        "open_cover close_cover stop_cover toggle set_cover_position open_cover_tilt "
        "close_cover_tilt stop_cover_tilt toggle_cover_tilt set_cover_tilt_position"
    ),
    device_tracker="see",
    fan=(
        f"{_SWITCH} set_percentage set_preset_mode set_direction oscillate increase_speed "
        "decrease_speed"
    ),
    group="set remove",
    homeassistant=f"{_SWITCH} update_entity",
    humidifier=f"{_SWITCH} set_humidity set_mode",
    input_boolean=_SWITCH,
    input_button="press",
    input_datetime="set_datetime",
    input_number="set_value increment decrement",
    input_select=f"{_SELECT} set_options",
    input_text="set_value",
    lawn_mower="start_mowing pause dock",
    light=_SWITCH,
    lock="lock unlock open",
    media_player=(
        f"{_SWITCH} volume_up volume_down volume_mute volume_set media_play_pause media_play "
        "media_pause media_stop media_next_track media_previous_track media_seek play_media "
        "select_source select_sound_mode clear_playlist shuffle_set repeat_set join unjoin"
    ),
    mqtt="publish",
    notify="notify persistent_notification",
    number="set_value",
    persistent_notification="create dismiss dismiss_all",
    remote=f"{_SWITCH} send_command",
    scene="turn_on apply create delete",
    script=_SWITCH,
    select=_SELECT,
    siren=_SWITCH,
    switch=_SWITCH,
    text="set_value",
    timer="start pause cancel finish change",
    update="install skip clear_skipped",
    vacuum=(
        f"{_SWITCH} start pause start_pause stop return_to_base clean_spot locate set_fan_speed "
        "send_command"
    ),
    valve="open_valve close_valve stop_valve toggle set_valve_position",
    water_heater="turn_on turn_off set_temperature set_operation_mode set_away_mode",
)
"""What a domain can be asked for, without the domain: light -> turn_on, turn_off, toggle."""

ONLY_TELLS = (
    "air_quality",
    "binary_sensor",
    "calendar",
    "event",
    "image",
    "person",
    "schedule",
    "sensor",
    "stt",
    "sun",
    "tag",
    "todo",
    "tts",
    "wake_word",
    "weather",
    "zone",
)
"""Domains that can be asked for nothing that we know of."""

DOMAINS = (*ACTIONS, *ONLY_TELLS)

_ON_OFF: dict[str, tuple[tuple[str, ...], str]] = {
    "alarm_control_panel": (
        (
            "armed_away",
            "armed_custom_bypass",
            "armed_home",
            "armed_night",
            "armed_vacation",
            "triggered",
        ),
        "off",
    ),
    "climate": (("heat", "cool", "heat_cool", "auto", "dry", "fan_only"), "off"),
    "cover": (("open",), "closed"),
    "device_tracker": (("home",), "not_home"),
    "lock": (("unlocked",), "locked"),
    "media_player": (("on", "paused", "playing", "idle"), "off"),
    "person": (("home",), "not_home"),
    "vacuum": (("cleaning", "on", "returning", "error"), "off"),
    "valve": (("open",), "closed"),
    "water_heater": (
        ("eco", "electric", "performance", "high_demand", "heat_pump", "gas"),
        "off",
    ),
}
"""The states that count as on, and the one that counts as off."""
_PLAIN = (("on",), "off")

TOGGLES = {
    "cover": ("open_cover", "close_cover"),
    "valve": ("open_valve", "close_valve"),
    "lock": ("unlock", "lock"),
}
"""What on and off are called where they are not called turn_on and turn_off."""


def domain_of(entity_id: str) -> str:
    """What stands before the dot: light.kitchen -> light."""
    return entity_id.partition(".")[0]


def object_of(entity_id: str) -> str:
    """What stands after the dot: light.kitchen -> kitchen."""
    return entity_id.partition(".")[2]


def is_on(entity_id: str, state: str) -> bool | None:
    """Whether a state of an entity counts as on; None for one that is neither on nor off."""
    if state in (UNKNOWN, UNAVAILABLE):
        return None
    on, off = _ON_OFF.get(domain_of(entity_id), _PLAIN)
    if state in on:
        return True
    return False if state == off else None


def on_word(domain: str) -> str:
    """The state that means on: cover -> open."""
    return _ON_OFF.get(domain, _PLAIN)[0][0]


def off_word(domain: str) -> str:
    """The state that means off: cover -> closed."""
    return _ON_OFF.get(domain, _PLAIN)[1]


def is_action(action: str) -> bool:
    """Whether a domain that we know has an action of that name; any `notify.` and `script.` may."""
    domain, _, name = action.partition(".")
    if domain in ("notify", "script"):
        return bool(name)
    return name in ACTIONS.get(domain, ())


def plain_action(action: str, domain: str) -> str | None:
    """What `homeassistant.turn_on` and its kin mean for a domain: light -> light.turn_on.

    None when the domain cannot be turned on or off: a cover is opened, not turned on.
    """
    asked, _, name = action.partition(".")
    if asked != "homeassistant":
        return action
    return f"{domain}.{name}" if name in ACTIONS.get(domain, ()) else None
