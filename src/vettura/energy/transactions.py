"""A station's charges as OCPP counts them: from the cable's coming to its going. Pure.

Events are numbered, and both registers travel with each, so that whoever bills may hear them late,
doubled or out of order.
"""

from dataclasses import replace
from typing import NamedTuple

from msgspec.structs import replace as changed

from vettura.bus.messages_energy import Transaction, TransactionKind
from vettura.energy.station import Charge, Station
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

QUARTER_NS = 900 * NS_PER_S
"""Registers are told at full quarters of an hour, where prices change."""
NEWS_WH = 1.0
LATE_NS = 60 * NS_PER_S


class Counted(NamedTuple):
    """The station afterwards, and what is to be told, in order."""

    station: Station
    events: list[Transaction]


def count_charges(station: Station, config: StationConfig, *, before_ns: int) -> Counted:
    """End the charge of a car that is gone, begin one of a car that is new, tell registers.

    `before_ns` is when the station was looked at last.
    """
    events = []
    charge, now_ns = station.charge, station.time_ns
    if charge is not None and charge.vin != station.vin:
        events.append(_event(station, config, charge, "ended"))
        charge = None
    if charge is None and station.vin:
        # The same car may come back within an instant: two charges never share a name.
        charge = Charge(id=f"{config.id}-{now_ns}-{station.switches}", vin=station.vin)
        events.append(_event(station, config, charge, "started"))
        charge = _told(charge, station)
    elif charge is not None and _is_news(charge, station, before_ns):
        events.append(_event(station, config, charge, "updated"))
        charge = _told(charge, station)
    return Counted(replace(station, charge=charge) if events else station, events)


def _is_news(charge: Charge, station: Station, before_ns: int) -> bool:
    moved_wh = station.energy_wh + station.given_wh - charge.told_wh
    return moved_wh >= NEWS_WH and station.time_ns // QUARTER_NS > before_ns // QUARTER_NS


def _told(charge: Charge, station: Station) -> Charge:
    counters_wh = station.energy_wh + station.given_wh
    return replace(charge, sequence=charge.sequence + 1, told_wh=counters_wh)


def as_late(event: Transaction, now_ns: int) -> Transaction:
    """The event, marked when it is told long after it happened."""
    is_late = now_ns > event.time_ns + LATE_NS
    return changed(event, is_late=True) if is_late else event


def message_id(event: Transaction) -> str:
    """Under which a stream stores it once."""
    return f"{event.station}-{event.transaction}-{event.sequence}"


def _event(
    station: Station, config: StationConfig, charge: Charge, kind: TransactionKind
) -> Transaction:
    return Transaction(
        time_ns=station.time_ns,
        station=config.id,
        transaction=charge.id,
        sequence=charge.sequence + 1,
        kind=kind,
        meter_wh=station.energy_wh,
        given_wh=station.given_wh,
        vin=charge.vin,
        reason="the cable was taken out" if kind == "ended" else "",
    )
