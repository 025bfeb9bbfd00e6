"""What a wallbox over OCPP tells the house: what it is, how it is, and what its meter shows."""

from typing import final

from vettura.bus.interface import Bus
from vettura.bus.messages import MeterValue, decode, encode
from vettura.bus.messages_home import DeviceAbout, DeviceState
from vettura.bus.subjects import HOME_BUCKET, meter
from vettura.bus.subjects import device_about as about_subject
from vettura.bus.subjects import device_state as state_subject
from vettura.faces.ocpp_ledger import Ledger
from vettura.units import NS_PER_S

METER_NS = 10 * NS_PER_S
"""The meter is told at most this often while something flows, and at once when it jumps."""
IDLE_NS = 300 * NS_PER_S
"""The meter is told this often when nothing flows."""
JUMP_W = 50.0
SHOWN = ("vin", "offered_w", "soc", "phases", "until_ns", "safe_w", "fault", "transaction")
KEEP_NS = 30 * NS_PER_S
"""A growing count of energy is kept this often."""


@final
class OcppTelling:
    """Publishes and keeps what is news of one station; remembers what it said."""

    def __init__(self, bus: Bus, home: str, station: str) -> None:
        self._bus = bus
        self._about_subject = about_subject(home, station)
        self._state_subject = state_subject(home, station)
        self._meter_subject = meter(home, station)
        self._ledger_key = ledger_key(home, station)
        self._about: DeviceAbout | None = None
        self._state: DeviceState | None = None
        self._metered: MeterValue | None = None

    async def recall(self) -> Ledger:
        """What was kept last; a new one for a new station. `InputError` when it is unreadable."""
        entry = await (await self._bus.bucket(HOME_BUCKET)).get(self._ledger_key)
        if entry is None or entry.value is None:
            return Ledger()
        return decode(entry.value, Ledger, where=self._ledger_key)

    async def keep(self, ledger: Ledger) -> None:
        """Keep what must outlive us; returns once it is stored."""
        await (await self._bus.bucket(HOME_BUCKET)).put(self._ledger_key, encode(ledger))

    async def tell(self, about: DeviceAbout, state: DeviceState, value: MeterValue) -> bool:
        """Publish what is news; whether the state was kept."""
        bucket = await self._bus.bucket(HOME_BUCKET)
        if about != self._about:
            await self._bus.publish(self._about_subject, encode(about))
            await bucket.put(self._about_subject, encode(about))
            self._about = about
        if _is_meter_news(value, self._metered):
            await self._bus.publish(self._meter_subject, encode(value))
            self._metered = value
        told = self._state
        is_changed = told is None or _shown(state) != _shown(told)
        if is_changed:
            await self._bus.publish(self._state_subject, encode(state))
        if told is None or is_changed or state.time_ns - told.time_ns >= KEEP_NS:
            await bucket.put(self._state_subject, encode(state))
            self._state = state
            return True
        return False


def ledger_key(home: str, station: str) -> str:
    """Where a station's ledger is kept."""
    return f"energy.{home}.ocpp.{station}"


def _shown(state: DeviceState) -> list[object]:
    shown: list[object] = []
    for told in state.entities.values():
        shown += [told.state, *(told.attributes.get(k) for k in SHOWN)]
    return shown


def _is_meter_news(value: MeterValue, told: MeterValue | None) -> bool:
    if told is None or abs(value.power_w - told.power_w) > JUMP_W:
        return True
    waited_ns = value.time_ns - told.time_ns
    has_flowed = (value.energy_wh, value.given_wh) != (told.energy_wh, told.given_wh)
    return waited_ns >= IDLE_NS or (has_flowed and waited_ns >= METER_NS)
