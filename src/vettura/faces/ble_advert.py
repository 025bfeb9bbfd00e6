"""One Bluetooth advertisement: a JSON line in, what it says of a home's entities out.

xiaomi-ble's parser knows what Xiaomi's scales, thermometers and sensors advertise (service data of
0x181d and 0x181b, MiBeacon in 0xfe95). It is in the extra `ble`.
"""

import logging
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from vettura.bus.messages_home import EntityAbout, EntityState
from vettura.errors import EnvironmentFault, InputError

LINE_BYTES_MAX = 4096
Address = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$")]
CLASSES = {"mass": "weight", "mass_non_stabilized": "", "impedance": "", "stabilized": ""}
"""Home Assistant's device class, where it differs from the library's; empty for none."""
NAMES = {"mass": "weight"}
LEFT_OUT = frozenset({"signal_strength"})
"""Changes with every advertisement and says nothing of the home."""
_UUID_END = "-0000-1000-8000-00805f9b34fb"


class Advert(msgspec.Struct, frozen=True, kw_only=True):
    """What a radio heard, as a line of JSON."""

    address: Address
    service_data: dict[str, str] = {}
    """Hexadecimal, by UUID: four digits such as fe95, or the whole."""
    manufacturer_data: dict[str, str] = {}
    """Hexadecimal, by the company's number."""
    rssi: int = -60
    """dBm."""
    name: str = ""


class Said(NamedTuple):
    """What an advertisement says, by the end of an entity's id."""

    maker: str
    model: str
    abouts: dict[str, EntityAbout]
    states: dict[str, EntityState]
    events: list[dict[str, Any]]


def library() -> ModuleType:
    """xiaomi-ble; EnvironmentFault says in a line that it is missing."""
    try:
        found = import_module("xiaomi_ble.parser")
    except ImportError:
        raise EnvironmentFault(
            "faces.ble: the library 'xiaomi_ble' is not installed",
            hint="pip install 'vettura[ble]'",
        ) from None
    # It writes a line for each bad or unknown advertisement; they are counted instead.
    logging.getLogger("xiaomi_ble").setLevel(logging.CRITICAL)
    return found


def read_advert(line: bytes) -> Advert:
    """An advertisement from its line; InputError when it is none."""
    try:
        return msgspec.json.decode(line, type=Advert)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not an advertisement: {error}") from None


class Parser:
    """Reads the advertisements of one device, one after the other."""

    def __init__(self, bindkey: bytes | None = None) -> None:
        self._info = import_module("home_assistant_bluetooth").BluetoothServiceInfo
        self._data = library().XiaomiBluetoothDeviceData(bindkey=bindkey)

    @property
    def is_locked(self) -> bool:
        """Whether it encrypts and the key is missing or wrong."""
        scheme = getattr(self._data.encryption_scheme, "name", "NONE")
        return scheme != "NONE" and not self._data.bindkey_verified

    @property
    def is_sleepy(self) -> bool:
        """Whether it advertises only when something happens."""
        return bool(self._data.sleepy_device)

    def read(self, advert: Advert) -> Said | None:
        """What it says; None when that is nothing that we know. InputError when it is broken."""
        try:
            info = self._info(
                name=advert.name or advert.address,
                address=advert.address.upper(),
                rssi=advert.rssi,
                manufacturer_data={
                    int(key): bytes.fromhex(text) for key, text in advert.manufacturer_data.items()
                },
                service_data={
                    _uuid(key): bytes.fromhex(text) for key, text in advert.service_data.items()
                },
                service_uuids=[],
                source="",
            )
            if not self._data.supported(info):
                return None
            return _said(self._data.update(info))
        except Exception as error:  # noqa: BLE001  it meets whatever is in the air, and trips
            raise InputError(f"not an advertisement of Xiaomi's: {error!r}") from None


def _uuid(key: str) -> str:
    return f"0000{key.lower()}{_UUID_END}" if len(key) == 4 else key.lower()


def _said(update: Any) -> Said:  # noqa: ANN401  the library's own class
    device = next(iter(update.devices.values()), None)
    abouts: dict[str, EntityAbout] = {}
    states: dict[str, EntityState] = {}
    for key, told in update.entity_values.items():
        _add("sensor", key, told, update.entity_descriptions, abouts, states)
    for key, told in update.binary_entity_values.items():
        _add("binary_sensor", key, told, update.binary_entity_descriptions, abouts, states)
    events = [
        {
            "event_class": str(key.key),
            "event_type": event.event_type,
            "event_properties": event.event_properties,
        }
        for key, event in update.events.items()
    ]
    maker = getattr(device, "manufacturer", None) or "Xiaomi"
    return Said(maker, getattr(device, "model", None) or "", abouts, states, events)


def _add(
    domain: str,
    key: Any,  # noqa: ANN401
    told: Any,  # noqa: ANN401
    descriptions: Mapping[Any, Any],
    abouts: dict[str, EntityAbout],
    states: dict[str, EntityState],
) -> None:
    word = _text(key.key)
    if word in LEFT_OUT or told.native_value is None:
        return
    end = f"{domain}/{NAMES.get(word, word)}"
    description = descriptions.get(key)
    device_class = _text(getattr(description, "device_class", None))
    unit = _text(getattr(description, "native_unit_of_measurement", None))
    abouts[end] = EntityAbout(
        name=NAMES.get(word, told.name).replace("_", " ").capitalize(),
        device_class=CLASSES.get(device_class, device_class),
        unit_of_measurement=unit,
        state_class="measurement" if unit else "",
    )
    states[end] = EntityState(state=_state(told.native_value))


def _text(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return ""
    return str(getattr(value, "value", value))


def _state(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return str(round(value, 3))
    return str(value)
