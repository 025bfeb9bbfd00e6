"""The virtual house's meter, inverter and battery as devices, in Home Assistant's words. Pure."""

from vettura.bus.messages_home import DeviceAbout, DeviceState, EntityAbout, EntityState
from vettura.energy.config import BatteryConfig, EnergyConfig
from vettura.energy.site_flows import Site
from vettura.units import PERCENT, WH_PER_KWH

GRID, SUN = "grid", "sun"
"""Ids of the devices; the battery's is its own."""


def _power(name: str) -> EntityAbout:
    return EntityAbout(
        name=name, device_class="power", unit_of_measurement="W", state_class="measurement"
    )


def _energy(name: str) -> EntityAbout:
    return EntityAbout(
        name=name, device_class="energy", unit_of_measurement="kWh", state_class="total_increasing"
    )


def slug_of(battery: BatteryConfig) -> str:
    """The battery's id as a part of entity ids."""
    return battery.id.lower().replace("-", "_")


def site_abouts(config: EnergyConfig) -> dict[str, DeviceAbout]:
    """What each device is, by its id."""
    abouts = {
        GRID: DeviceAbout(
            name="Grid connection",
            origin="energy",
            entities={
                "sensor.grid_power": _power("Grid power"),
                "sensor.grid_import_energy": _energy("Grid import"),
                "sensor.grid_export_energy": _energy("Grid export"),
                "sensor.house_power": _power("House power"),
            },
        )
    }
    if config.panels:
        abouts[SUN] = DeviceAbout(
            name="Sun inverter",
            origin="energy",
            entities={
                "sensor.sun_power": _power("Sun power"),
                "sensor.sun_energy": _energy("Sun energy"),
            },
        )
    if config.battery is not None:
        slug = slug_of(config.battery)
        abouts[config.battery.id] = DeviceAbout(
            name="Home battery",
            origin="energy",
            entities={
                f"sensor.{slug}_power": _power("Battery power"),
                f"sensor.{slug}_soc": EntityAbout(
                    name="Battery charge",
                    device_class="battery",
                    unit_of_measurement="%",
                    state_class="measurement",
                ),
            },
        )
    return abouts


def site_states(site: Site, config: EnergyConfig) -> dict[str, DeviceState]:
    """How each device is, by its id."""
    flows = site.flows
    found = {
        GRID: {
            "sensor.grid_power": _watts(flows.grid_w),
            "sensor.grid_import_energy": _kilowatt_hours(site.import_wh),
            "sensor.grid_export_energy": _kilowatt_hours(site.export_wh),
            "sensor.house_power": _watts(flows.load_w),
        }
    }
    if config.panels:
        limited = site.sun_limit_w is not None and site.time_ns < site.sun_limit_until_ns
        found[SUN] = {
            "sensor.sun_power": EntityState(
                state=f"{flows.sun_w:.0f}",
                attributes={"limit_w": site.sun_limit_w if limited else None},
            ),
            "sensor.sun_energy": _kilowatt_hours(site.sun_wh),
        }
    battery = config.battery
    if battery is not None:
        order = site.order
        held = order is not None and site.time_ns < order.until_ns
        slug = slug_of(battery)
        found[battery.id] = {
            f"sensor.{slug}_power": EntityState(
                state=f"{flows.battery_w:.0f}",
                attributes={
                    "set_w": order.power_w if order is not None and held else None,
                    "until_ns": order.until_ns if order is not None and held else 0,
                },
            ),
            f"sensor.{slug}_soc": EntityState(
                state=f"{PERCENT * site.battery_wh / battery.capacity_wh:.1f}",
                attributes={"energy_wh": round(site.battery_wh, 1)},
            ),
        }
    return {
        device: DeviceState(time_ns=site.time_ns, entities=entities)
        for device, entities in found.items()
    }


def _watts(power_w: float) -> EntityState:
    return EntityState(state=f"{power_w:.0f}")


def _kilowatt_hours(energy_wh: float) -> EntityState:
    return EntityState(state=f"{energy_wh / WH_PER_KWH:.3f}")
