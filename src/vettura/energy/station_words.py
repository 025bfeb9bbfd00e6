"""What a station says of itself to the house, and what it remembers of that. Pure."""

from dataclasses import replace
from typing import Any

from vettura.bus.messages_home import DeviceAbout, DeviceState, EntityAbout, EntityState
from vettura.energy.pilot import NEVER_NS, PHASE_REST_NS, limit_of
from vettura.energy.sharing import lines_a
from vettura.energy.station import (
    AVAILABLE,
    CHARGING,
    DISCHARGING,
    FAULTED,
    OCCUPIED,
    Charge,
    Station,
    Word,
    number,
    status,
    whole,
)
from vettura.life.station import StationConfig


def entity_of(config: StationConfig) -> str:
    """The entity that is the station itself."""
    return f"sensor.{config.id.lower().replace('-', '_')}"


def device_about(config: StationConfig) -> DeviceAbout:
    """What the station is."""
    states = [AVAILABLE, OCCUPIED, CHARGING, FAULTED]
    if config.discharge_power_w_max:
        states.insert(3, DISCHARGING)
    status_about = EntityAbout(name="Wallbox", device_class="enum", options=states)
    return DeviceAbout(name=config.id, origin="virtual", entities={entity_of(config): status_about})


def device_state(station: Station, config: StationConfig) -> DeviceState:
    """The station as it is told and kept."""
    word, charge = station.word, station.charge
    limit = limit_of(station, config, station.time_ns)
    attributes: dict[str, Any] = {
        "vin": station.vin,
        "power_w": station.power_w,
        "energy_wh": station.energy_wh,
        "offered_w": station.offered_w,
        "phases": station.phases,
        "limit_w": limit.limit_w,
        "lines_a": limit.lines_a,
        "until_ns": limit.until_ns,
        "issued_ns": limit.issued_ns,
        "given_wh": station.given_wh,
        "switches": station.switches,
        "fault": station.fault,
        "word_w": word.power_w if word else None,
        "word_phases": word.phases if word else None,
        "transaction": charge.id if charge else "",
        "transaction_vin": charge.vin if charge else "",
        "sequence": charge.sequence if charge else -1,
        "switchable_ns": station.phased_ns + PHASE_REST_NS if station.phased_ns else 0,
    }
    state = EntityState(state=status(station, config), attributes=attributes)
    return DeviceState(time_ns=station.time_ns, entities={entity_of(config): state})


def recalled(kept: DeviceState | None, config: StationConfig, now_ns: int) -> Station:
    """Go on from what was kept; None begins a new station. Nothing flows before the car speaks.

    An offer with a lease ends with the process that held it: nothing is offered until a new word,
    or until the grace after a lease is over.
    """
    told = kept.entities.get(entity_of(config)) if kept else None
    attributes = told.attributes if told else {}
    offered_w = number(attributes.get("offered_w"), config.power_w_max)
    station = Station(
        time_ns=now_ns,
        vin=str(attributes.get("vin", "")),
        energy_wh=max(0.0, number(attributes.get("energy_wh"), 0.0)),
        given_wh=max(0.0, number(attributes.get("given_wh"), 0.0)),
        offered_w=min(max(offered_w, 0.0), config.power_w_max),
        phases=config.phases if attributes.get("phases") != 1 else 1,
        heard_ns=now_ns,
        switches=int(number(attributes.get("switches"), 0.0)),
        charge=_charge(attributes),
    )
    if station.vin:
        able = lines_a(config.power_w_max, config.phases, config.line)
        station = replace(station, bound_a=able)
    return _with_word(station, config, attributes, now_ns)


def _with_word(
    station: Station, config: StationConfig, attributes: dict[str, Any], now_ns: int
) -> Station:
    issued_ns = whole(attributes.get("issued_ns"))
    until_ns = whole(attributes.get("until_ns"))
    phases = attributes.get("word_phases")
    if until_ns or phases in (1, 3):
        quiet = Word(power_w=0.0, until_ns=min(now_ns, NEVER_NS), issued_ns=issued_ns)
        return replace(station, word=quiet, offered_w=0.0)
    if station.offered_w < config.power_w_max:
        return replace(station, word=Word(power_w=station.offered_w, issued_ns=issued_ns))
    return replace(station, phases=config.phases)


def _charge(attributes: dict[str, Any]) -> Charge | None:
    name = attributes.get("transaction")
    if not isinstance(name, str) or not name:
        return None
    return Charge(
        id=name,
        vin=str(attributes.get("transaction_vin", "")),
        sequence=int(number(attributes.get("sequence"), -1.0)),
        told_wh=number(attributes.get("energy_wh"), 0.0) + number(attributes.get("given_wh"), 0.0),
    )
