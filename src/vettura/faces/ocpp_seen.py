"""A connector of a wallbox as a central system sees it, and as it is told the house. Pure.

What is told has the form of every station's state: an entity whose state is the connector's
status, with the car, power, energy and offer as attributes.
"""

from dataclasses import dataclass
from typing import final

from vettura.bus.messages import MeterValue
from vettura.bus.messages_energy import StationLimit
from vettura.bus.messages_home import DeviceAbout, DeviceState, EntityAbout, EntityState
from vettura.faces.ocpp_facts import (
    AVAILABLE,
    CHARGING,
    FAULTED,
    OCCUPIED,
    UNAVAILABLE,
    Boot,
)
from vettura.faces.ocpp_meter import Counter
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

DISCHARGING = "discharging"
FLOWS_W = 50.0
"""Less than this is a car that only holds its contactor closed."""
FRESH_NS = 300 * NS_PER_S
"""A power that was told longer ago is not taken to flow still, unless its charge goes on."""
ORIGIN = "ocpp"
NOTHING = Counter()
UNNAMED = Boot()
STATES = [AVAILABLE, OCCUPIED, CHARGING, DISCHARGING, FAULTED]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of a connector. Times are nanoseconds since the epoch."""

    is_there: bool = False
    """Whether its station is connected."""
    word: str = AVAILABLE
    """What the connector says of itself."""
    is_charging: bool | None = None
    """What its transaction says; None when there is none, or it does not say."""
    transaction: str = ""
    """The one that is open."""
    power_w: float = 0.0
    power_ns: int = 0
    taken: Counter = NOTHING
    given: Counter = NOTHING
    soc: float | None = None
    token: str = ""
    vin: str = ""
    boot: Boot = UNNAMED


def status(seen: Seen, now_ns: int) -> str:
    """The state to be told: what flows counts more than what the station says of itself."""
    if not seen.is_there:
        return UNAVAILABLE
    if seen.word in {FAULTED, UNAVAILABLE} and not seen.transaction:
        return seen.word
    power_w = flowing_w(seen, now_ns)
    if abs(power_w) >= FLOWS_W:
        return CHARGING if power_w > 0.0 else DISCHARGING
    if seen.word == FAULTED:
        return FAULTED
    is_fresh = now_ns - seen.power_ns <= FRESH_NS and seen.power_ns > 0
    if not is_fresh and (seen.is_charging or (seen.is_charging is None and seen.word == CHARGING)):
        return CHARGING
    return OCCUPIED if seen.transaction or seen.word != AVAILABLE else AVAILABLE


def flowing_w(seen: Seen, now_ns: int) -> float:
    """What flows now, as far as the station has told [W]."""
    is_fresh = now_ns - seen.power_ns <= FRESH_NS
    return seen.power_w if seen.is_there and (is_fresh or seen.transaction) else 0.0


def device_state(
    seen: Seen, config: StationConfig, now_ns: int, *, limit: StationLimit
) -> DeviceState:
    """The station as it is told and kept."""
    attributes: dict[str, object] = {
        "vin": seen.vin,
        "power_w": flowing_w(seen, now_ns),
        "energy_wh": seen.taken.total_wh,
        "given_wh": seen.given.total_wh,
        "offered_w": limit.limit_w,
        "limit_w": limit.limit_w,
        "phases": limit.phases,
        "until_ns": limit.until_ns,
        "issued_ns": limit.issued_ns,
        "safe_w": limit.safe_w,
        "safe_phases": limit.safe_phases,
        "fault": "fault" if seen.word == FAULTED else "",
        "transaction": seen.transaction,
    }
    if seen.soc is not None:
        attributes["soc"] = seen.soc
    state = EntityState(state=status(seen, now_ns), attributes=attributes)
    return DeviceState(time_ns=now_ns, entities={entity_of(config): state})


def device_about(seen: Seen, config: StationConfig) -> DeviceAbout:
    """What the station is."""
    about = EntityAbout(name="Wallbox", device_class="enum", options=STATES)
    return DeviceAbout(
        name=config.id,
        manufacturer=seen.boot.vendor,
        model=seen.boot.model,
        origin=ORIGIN,
        entities={entity_of(config): about},
    )


def entity_of(config: StationConfig) -> str:
    """The entity that is the station itself."""
    return f"sensor.{config.id.lower().replace('-', '_')}"


def meter_value(seen: Seen, now_ns: int) -> MeterValue:
    """What the station measures."""
    return MeterValue(
        time_ns=now_ns,
        power_w=flowing_w(seen, now_ns),
        energy_wh=seen.taken.total_wh,
        given_wh=seen.given.total_wh,
    )
