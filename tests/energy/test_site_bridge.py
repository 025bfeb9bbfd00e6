"""A real house's meters: units are read, nonsense is ignored with a line, silence is told."""

import asyncio

import pytest

from vettura.bus.memory import MemoryBus
from vettura.bus.messages import MeterValue, decode, encode
from vettura.bus.messages_energy import EnergyNote, SiteMeter
from vettura.bus.messages_home import DeviceAbout, DeviceState, EntityAbout, EntityState
from vettura.bus.subjects import device_about, device_state, energy_note, meter, site_meter
from vettura.clock import rehearse
from vettura.energy.config import EnergyConfig, SensorsConfig
from vettura.energy.site_bridge import SiteBridge
from vettura.energy.site_read import Heard
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PHASE_V

BOX = StationConfig(id="box", phases=1, power_w_max=7_360.0, line=2)
PHASES = ("sensor.l1", "sensor.l2", "sensor.l3")
CONFIG = EnergyConfig(
    virtual=False,
    sensors=SensorsConfig(grid_phases=PHASES, sun="sensor.pv", import_energy="sensor.import"),
)
NOW_NS = 1_772_452_800 * NS_PER_S


def state(text, unit="W"):
    return EntityState(state=text, attributes={"unit_of_measurement": unit} if unit else {})


def heard(**readings):
    found = Heard(config=CONFIG, stations={"box": BOX})
    for entity, text in {"l1": "500", "l2": "2800", "l3": "0", **readings}.items():
        assert not found.take(f"sensor.{entity}", state(text), NOW_NS)
    return found


def test_the_sum_of_the_phases_is_the_grid_s_and_a_station_s_share_is_not_the_house_s():
    found = heard(pv="3000")
    found.metered["box"] = MeterValue(time_ns=NOW_NS, power_w=2_300.0, energy_wh=0.0)
    told, why = found.meter(NOW_NS)
    assert not why
    assert told.grid_w == 3_300.0
    assert told.load_w == 3_300.0 + 3_000.0 - 2_300.0
    # On each phase a third of the sun may vanish behind a cloud.
    assert told.others_phase_w == [1_500.0, 1_500.0, 1_000.0]


def test_a_station_that_says_more_than_it_can_hides_no_load():
    found = heard()
    found.metered["box"] = MeterValue(time_ns=NOW_NS, power_w=7.4e6, energy_wh=0.0)
    told, _ = found.meter(NOW_NS)
    assert told.others_phase_w[1] == 0.0
    assert told.others_phase_w[0] == 500.0


@pytest.mark.parametrize(
    ("entity", "told", "reason"),
    [
        ("sensor.l1", state("3.2", "kilowatts"), "its unit is 'kilowatts'"),
        ("sensor.l1", state("many"), "no number"),
        ("sensor.l1", state("nan"), "no number"),
        ("sensor.l1", state("230000", "kW"), "more than the house's connection carries"),
        ("sensor.l1", state("unavailable"), "is unavailable"),
        ("sensor.l1", state("7", ""), "its unit is ''"),
    ],
)
def test_what_cannot_be_is_ignored_with_a_line(entity, told, reason):
    found = heard()
    assert reason in found.take(entity, told, NOW_NS + 1)
    assert found.readings[entity].value == 500.0


def test_units_are_those_of_the_device_when_a_state_has_none():
    found = heard()
    found.units["sensor.l1"] = "kW"
    assert not found.take("sensor.l1", state("1.5", ""), NOW_NS + 1)
    assert found.readings["sensor.l1"].value == 1_500.0


def test_a_late_state_and_a_counter_that_fell_are_told():
    found = heard()
    assert "late" in found.take("sensor.l1", state("900"), NOW_NS - 1)
    assert not found.take("sensor.import", state("12.5", "kWh"), NOW_NS)
    assert "fell" in found.take("sensor.import", state("2", "kWh"), NOW_NS + 1)
    assert found.meter(NOW_NS + 1)[0].import_wh == 2_000.0


def test_without_a_sensor_for_each_phase_all_of_it_may_hang_on_any():
    config = EnergyConfig(virtual=False, sensors=SensorsConfig(grid="sensor.grid"))
    found = Heard(config=config, stations={"box": BOX})
    found.take("sensor.grid", state("4.6", "kW"), NOW_NS)
    told, _ = found.meter(NOW_NS)
    assert told.others_phase_w == [20.0 * PHASE_V] * 3


def test_a_house_without_a_named_sensor_is_told_so():
    found = Heard(config=EnergyConfig(virtual=False), stations={})
    told, why = found.meter(NOW_NS)
    assert told is None
    assert "no sensor of the grid is named" in why


def test_a_meter_that_stops_is_told_once_and_no_meter_is_made_up():
    async def main(clock):
        bus, kept = MemoryBus(clock), []
        bus.tap(lambda time_ns, subject, data: kept.append((time_ns, subject, data)))
        task = asyncio.create_task(SiteBridge(bus, clock, "casa", CONFIG, [BOX]).run())
        await clock.sleep(1.0)
        about = DeviceAbout(
            name="meter",
            entities={name: EntityAbout(name=name, unit_of_measurement="W") for name in PHASES},
        )
        await bus.publish(device_about("casa", "meter"), encode(about))
        for _ in range(10):
            told = DeviceState(
                time_ns=clock.now_ns(), entities={name: state("700", "") for name in PHASES}
            )
            await bus.publish(device_state("casa", "meter"), encode(told))
            value = MeterValue(time_ns=clock.now_ns(), power_w=0.0, energy_wh=1.0)
            await bus.publish(meter("casa", "box"), encode(value))
            await clock.sleep(10.0)
        stopped_ns = clock.now_ns()
        await clock.sleep(600.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return kept, stopped_ns

    kept, stopped_ns = rehearse(main, start_ns=NOW_NS, seed=1)
    told = [t for t, subject, _ in kept if subject == site_meter("casa")]
    assert 100 <= len(told) <= 115
    assert max(told) <= stopped_ns + 121 * NS_PER_S
    sample = decode(
        next(d for _, s, d in kept if s == site_meter("casa")), SiteMeter, where="meter"
    )
    assert sample.grid_w == 2_100.0
    notes = [decode(d, EnergyNote, where=s) for _, s, d in kept if s == energy_note("casa")]
    assert [note.about for note in notes].count("meter") == len(notes)
    assert sum("silent" in note.text for note in notes) <= 2
    assert "silent" in notes[-1].text
