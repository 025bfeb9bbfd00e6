"""What a station tells the house: its state, kept, and what its meter shows."""

from typing import final

from vettura.bus.interface import Bus
from vettura.bus.messages import MeterValue, decode, encode
from vettura.bus.messages_energy import ChargingNeeds, EnergyNote, Transaction
from vettura.bus.messages_home import DeviceState
from vettura.bus.subjects import (
    ENERGY_STREAM,
    ENERGY_STREAM_MAX_AGE_S,
    ENERGY_STREAM_SUBJECTS,
    HOME_BUCKET,
    charging_needs,
    energy_note,
    meter,
    transaction,
)
from vettura.bus.subjects import device_about as device_about_subject
from vettura.bus.subjects import device_state as device_state_subject
from vettura.energy.station import Station, meter_value
from vettura.energy.station_words import device_about, device_state
from vettura.energy.transactions import message_id
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

METER_S = 10.0
"""The meter is told at most this often, and at once when the power jumps."""
JUMP_W = 50.0
METER_LOOKS = 30.0
"""A coarse clock is asked for a reading once in so many of its shortest waits."""
IDLE_S = 300.0
"""The meter is told this often when nothing flows."""
KEEP_NS = 30 * NS_PER_S
"""A growing count of energy is kept this often."""


@final
class Telling:
    """Publishes a station's state and meter value when they are news; remembers what it said."""

    def __init__(self, bus: Bus, home_id: str, config: StationConfig) -> None:
        self._bus = bus
        self._home_id = home_id
        self._config = config
        self._state_subject = device_state_subject(home_id, config.id)
        self._meter_subject = meter(home_id, config.id)
        self._about_subject = device_about_subject(home_id, config.id)
        self._is_introduced = False
        self._kept: DeviceState | None = None
        self._metered: MeterValue | None = None

    async def recall(self) -> DeviceState | None:
        """What was kept last; None for a new station. `InputError` when it is unreadable."""
        entry = await (await self._bus.bucket(HOME_BUCKET)).get(self._state_subject)
        if entry is None or entry.value is None:
            return None
        return decode(entry.value, DeviceState, where=self._state_subject)

    def is_jump(self, power_w: float) -> bool:
        """Whether that power [W] is far from what the meter was told last."""
        return self._metered is None or abs(power_w - self._metered.power_w) > JUMP_W

    async def tell(self, station: Station) -> None:
        """Publish and keep what is news about the station."""
        if not self._is_introduced:
            await self._introduce()
            self._is_introduced = True
        await self._tell_state(device_state(station, self._config))
        value = meter_value(station)
        if self._metered is None or _is_metered_news(value, self._metered):
            await self._bus.publish(self._meter_subject, encode(value))
            self._metered = value

    async def tell_charge(self, event: Transaction) -> None:
        """Store one event of a charge; told again, it is stored once."""
        stream = await self._bus.stream(
            ENERGY_STREAM, ENERGY_STREAM_SUBJECTS, max_age_s=ENERGY_STREAM_MAX_AGE_S
        )
        subject = transaction(self._home_id, self._config.id)
        await stream.publish(subject, encode(event), message_id=message_id(event))

    async def tell_needs(self, needs: ChargingNeeds) -> None:
        """Publish and keep what the plugged car wants."""
        subject = charging_needs(self._home_id, self._config.id)
        await self._bus.publish(subject, encode(needs))
        await (await self._bus.bucket(HOME_BUCKET)).put(subject, encode(needs))

    async def note(self, text: str, time_ns: int) -> None:
        """Say a line for a person."""
        line = EnergyNote(
            time_ns=time_ns, about="station", text=text, data={"station": self._config.id}
        )
        await self._bus.publish(energy_note(self._home_id), encode(line))

    async def _introduce(self) -> None:
        """Say what the station is, and keep it."""
        about = encode(device_about(self._config))
        await self._bus.publish(self._about_subject, about)
        await (await self._bus.bucket(HOME_BUCKET)).put(self._about_subject, about)

    async def _tell_state(self, state: DeviceState) -> None:
        kept = self._kept
        changed = kept is None or _shown(state) != _shown(kept)
        if changed:
            await self._bus.publish(self._state_subject, encode(state))
        if changed or (kept is not None and _has_grown(state, kept)):
            bucket = await self._bus.bucket(HOME_BUCKET)
            await bucket.put(self._state_subject, encode(state))
            self._kept = state


def _shown(state: DeviceState) -> tuple[object, ...]:
    shown = "vin", "offered_w", "phases", "limit_w", "fault", "transaction", "sequence"
    return [told.state for told in state.entities.values()], _attributes(state, *shown)


def _attributes(state: DeviceState, *names: str) -> list[object]:
    return [told.attributes[name] for told in state.entities.values() for name in names]


def _has_grown(state: DeviceState, kept: DeviceState) -> bool:
    counters = "energy_wh", "given_wh"
    grew = _attributes(state, *counters) != _attributes(kept, *counters)
    return grew and state.time_ns - kept.time_ns >= KEEP_NS


def _is_metered_news(value: MeterValue, told: MeterValue) -> bool:
    waited_ns = value.time_ns - told.time_ns
    moved = (value.energy_wh, value.given_wh) != (told.energy_wh, told.given_wh)
    flows = moved and waited_ns >= METER_S * NS_PER_S
    return flows or waited_ns >= IDLE_S * NS_PER_S or abs(value.power_w - told.power_w) > JUMP_W
