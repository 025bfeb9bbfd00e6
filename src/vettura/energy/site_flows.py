"""What flows in a virtual house at one moment: sun, load, stations, home battery, grid. Pure.

The battery does by itself what batteries do: it takes what the sun leaves over and gives what the
house takes, not what cars take. Told otherwise it obeys until its lease is over, within its limits.
"""

from dataclasses import dataclass, replace
from typing import final

from vettura.bus.messages_energy import BatteryOrder, SiteMeter
from vettura.energy.config import BatteryConfig, EnergyConfig
from vettura.energy.sharing import Lines
from vettura.units import NS_PER_S, PHASE_V, SECONDS_PER_HOUR

LOAD_SHARE: Lines = (0.42, 0.33, 0.25)
"""Of the house's load on each phase: our judgement of a house nobody has balanced."""
RAMP_S = 45.0
"""From the grid a battery takes more by no more than load management's reserve in so long: then
stations have given way, whatever message is lost."""
ALMOST_WH = 1e-6


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Powers at one moment [W], with the signs of SiteMeter."""

    load_w: float = 0.0
    sun_w: float = 0.0
    stations_w: float = 0.0
    battery_w: float = 0.0
    station_lines_w: Lines = (0.0, 0.0, 0.0)
    """What stations take on each phase; negative comes out of cars."""

    @property
    def grid_w(self) -> float:
        """Taken from the grid."""
        return self.load_w + self.stations_w + self.battery_w - self.sun_w


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A virtual house's energy, as it is remembered."""

    time_ns: int
    flows: Flows = Flows()
    battery_wh: float = 0.0
    import_wh: float = 0.0
    export_wh: float = 0.0
    sun_wh: float = 0.0
    order: BatteryOrder | None = None
    """What the battery was told; None: nothing yet."""
    sun_limit_w: float | None = None
    """What the inverter was told to stay below; None: nothing."""
    sun_limit_until_ns: int = 0


def passed(site: Site, battery: BatteryConfig | None, now_ns: int) -> Site:
    """The flows of before, held until now: counters grow, the battery fills or empties."""
    hours = max(now_ns - site.time_ns, 0) / NS_PER_S / SECONDS_PER_HOUR
    flows = site.flows
    stored_wh = site.battery_wh
    if battery is not None:
        into_w = flows.battery_w * battery.charge_efficiency
        if flows.battery_w < 0.0:
            into_w = flows.battery_w / battery.discharge_efficiency
        stored_wh = min(max(stored_wh + into_w * hours, 0.0), battery.capacity_wh)
    return replace(
        site,
        time_ns=max(now_ns, site.time_ns),
        battery_wh=stored_wh,
        import_wh=site.import_wh + max(flows.grid_w, 0.0) * hours,
        export_wh=site.export_wh + max(-flows.grid_w, 0.0) * hours,
        sun_wh=site.sun_wh + flows.sun_w * hours,
    )


def flowing(
    site: Site,
    config: EnergyConfig,
    *,
    load_w: float,
    able_w: float,
    station_lines_w: Lines,
    period_s: float,
) -> Site:
    """The site with its flows of now, good for the next `period_s` seconds.

    `able_w` is what the panels could give.
    """
    sun_w = able_w
    if site.sun_limit_w is not None and site.time_ns < site.sun_limit_until_ns:
        sun_w = min(sun_w, site.sun_limit_w)
    stations_w = sum(station_lines_w)
    before = Flows(
        load_w=load_w, sun_w=sun_w, stations_w=stations_w, station_lines_w=station_lines_w
    )
    battery_w = _battery_w(site, config, before, period_s)
    # What nobody takes and the grid does not accept is left on the roof.
    accepted_w = config.grid.export_w_max
    if accepted_w is not None:
        sun_w = min(sun_w, max(load_w + stations_w + battery_w + accepted_w, 0.0))
    return replace(site, flows=replace(before, sun_w=sun_w, battery_w=battery_w))


def _battery_w(site: Site, config: EnergyConfig, flows: Flows, period_s: float) -> float:
    battery = config.battery
    if battery is None:
        return 0.0
    left_w = flows.sun_w - flows.load_w
    order = site.order
    if order is not None and site.time_ns < order.until_ns:
        wished_w = order.power_w
        if wished_w < 0.0 and not battery.exports:
            wished_w = max(wished_w, min(left_w - flows.stations_w, 0.0))
    else:
        # A car's charge is no reason to give; what cars leave of the sun is taken.
        wished_w = max(left_w - flows.stations_w, 0.0) if left_w > 0.0 else left_w
    wished_w = min(wished_w, _from_grid_w(site, config, flows, period_s))
    return _within(battery, site.battery_wh, wished_w, period_s)


def _from_grid_w(site: Site, config: EnergyConfig, flows: Flows, period_s: float) -> float:
    """The most it may take [W]: the sun's rest, and of the grid what fuse and ramp allow."""
    phases = config.grid.phases
    free_w = config.grid.fuse_a - config.sharing.reserve_a
    carried = [line / PHASE_V for line in others_lines_w(flows, phases)]
    stations = [max(line, 0.0) / PHASE_V for line in flows.station_lines_w]
    room_a = min(free_w - carried[k] - stations[k] for k in range(phases))
    rest_w = max(flows.sun_w - flows.load_w - flows.stations_w, 0.0)
    took_w = max(site.flows.battery_w - rest_w, 0.0)
    rise_w = config.sharing.reserve_a * PHASE_V * phases * period_s / RAMP_S
    return rest_w + max(min(room_a * PHASE_V * phases, took_w + rise_w), 0.0)


def _within(battery: BatteryConfig, stored_wh: float, wished_w: float, period_s: float) -> float:
    """What it can do of that for the next seconds [W]: full and empty come in between."""
    hours = period_s / SECONDS_PER_HOUR
    room_wh = battery.capacity_wh - stored_wh
    spare_wh = max(stored_wh - battery.soc_min * battery.capacity_wh, 0.0)
    most_w = min(battery.charge_w_max, room_wh / hours / battery.charge_efficiency)
    least_w = min(battery.discharge_w_max, spare_wh / hours * battery.discharge_efficiency)
    return min(max(wished_w, -least_w), most_w)


def others_lines_w(flows: Flows, phases: int) -> list[float]:
    """What all but stations take on each phase [W], sun and what the battery gives not counted."""
    into_w = max(flows.battery_w, 0.0)
    if phases == 1:
        return [flows.load_w + into_w]
    return [flows.load_w * share + into_w / 3.0 for share in LOAD_SHARE]


def meter_of(site: Site, config: EnergyConfig) -> SiteMeter:
    """What the house's meter says."""
    flows, phases, battery = site.flows, config.grid.phases, config.battery
    balanced_w = (flows.battery_w - flows.sun_w) / phases
    shares = LOAD_SHARE if phases == 3 else (1.0,)
    lines = flows.station_lines_w if phases == 3 else (flows.stations_w,)
    return SiteMeter(
        time_ns=site.time_ns,
        grid_w=flows.grid_w,
        sun_w=flows.sun_w,
        load_w=flows.load_w,
        stations_w=flows.stations_w,
        battery_w=flows.battery_w,
        battery_soc=site.battery_wh / battery.capacity_wh if battery else None,
        phase_w=[
            flows.load_w * share + line_w + balanced_w
            for share, line_w in zip(shares, lines, strict=True)
        ],
        others_phase_w=others_lines_w(flows, phases),
        import_wh=site.import_wh,
        export_wh=site.export_wh,
        sun_wh=site.sun_wh,
        source="virtual",
    )
