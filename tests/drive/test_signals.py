"""What the living car tells: all of the table, of the right kind, and moving as physics says."""

from collections import defaultdict

import pytest
from msgspec.structs import replace

from drive.signal_day import RADIUS_M, scripted_day, winding_trip
from make import VIN, make_living, make_params
from vettura.bus.messages import Drive
from vettura.bus.paths import CHARGING, GIVE_MAX, OURS
from vettura.bus.signals import RATE_PERIOD_S, signal_table
from vettura.car.catalogue import load_car
from vettura.drive.commands import obey
from vettura.drive.life import advance
from vettura.drive.living import Air
from vettura.drive.pace import rates
from vettura.drive.signals import (
    BODY,
    EVENTS,
    FAST,
    SECOND,
    SLOW,
    STILL,
    Words,
    make_of,
    signal_values,
)
from vettura.drive.signals_names import Look
from vettura.units import NS_PER_S

CARS = ("xiaomi-su7", "bmw-i3-60ah", "porsche-taycan-4s", "hyundai-ioniq-5-lr-rwd")
RANGES = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32_768, 32_767),
    "uint16": (0, 65_535),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
}
STILL_AFTER_A_DAY = {
    # No driver of these trips brakes or turns so hard that a helper steps in.
    "Vehicle.ADAS.ABS.IsEngaged",
    "Vehicle.ADAS.EBA.IsEngaged",
    "Vehicle.ADAS.ESC.IsEngaged",
    "Vehicle.ADAS.TCS.IsEngaged",
    "Vehicle.Chassis.Brake.IsDriverEmergencyBrakingDetected",
    # The car has no sensor that looks ahead, its cruise control never breaks, and it is never told
    # to be adaptive while it drives on this day.
    "Vehicle.ADAS.ActiveAutonomyLevel",
    "Vehicle.ADAS.CruiseControl.IsError",
    "Vehicle.ADAS.ObstacleDetection.Front.Center.Distance",
    "Vehicle.ADAS.ObstacleDetection.Front.Center.IsWarning",
    # The driver rides alone; nobody looks when the car cannot be reached.
    "Vehicle.Cabin.Seat.Row1.PassengerSide.OccupancyStatus",
    "Vehicle.Connectivity.IsConnectivityAvailable",
    # It neither breaks down nor is due for service, ages nor falls behind, in one day.
    "Vehicle.IsBrokenDown",
    "Vehicle.Private.Vettura.IsTraceMissed",
    "Vehicle.Service.IsServiceDue",
    "Vehicle.Powertrain.TractionBattery.NetCapacity",
    "Vehicle.Powertrain.TractionBattery.StateOfHealth",
    # Updates are the next issue's.
    "Vehicle.Private.Vettura.Update.InstalledVersion",
    "Vehicle.Private.Vettura.Update.LatestVersion",
    "Vehicle.Private.Vettura.Update.State",
}
PHASES = ("ChargeCurrent", "ChargeVoltage", "MaximumChargingCurrent")
ONE_PHASE = {f"{CHARGING}{kind}.Phase{n}" for kind in PHASES for n in (2, 3)}
NO_OUTLET = {CHARGING + "IsDischarging", OURS + "Discharging.Power"}


@pytest.fixture(scope="module", params=CARS)
def day(request):
    return list(scripted_day(request.param))


def test_every_signal_of_the_table_is_told_all_day_long(day):
    paths = set(signal_table())
    assert all(set(moment.values) == paths for moment in day)


def test_every_value_is_of_its_type_range_and_words(day):
    table = signal_table()
    for moment in day:
        for path, value in moment.values.items():
            assert is_right(table[path], value), (path, value)


def is_right(signal, value):
    if signal.datatype.endswith("[]"):
        inner = {"string[]": str, "float[]": float}[signal.datatype]
        words = not signal.allowed or set(value) <= set(signal.allowed)
        return isinstance(value, list) and all(isinstance(v, inner) for v in value) and words
    if signal.datatype == "boolean":
        return isinstance(value, bool)
    if signal.datatype == "string":
        return isinstance(value, str) and (not signal.allowed or value in signal.allowed)
    if not signal.min <= value <= signal.max:
        return False
    if signal.datatype in {"float", "double"}:
        return isinstance(value, float)
    low, high = RANGES[signal.datatype]
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def test_hardly_a_signal_stands_still_over_a_day(day):
    seen = defaultdict(set)
    for moment in day:
        for path, value in moment.values.items():
            seen[path].add(repr(value))
    still = {p for p, told in seen.items() if len(told) == 1 and p in signal_table()}
    moving = {p for p in still if signal_table()[p].kind != "attribute"}
    supply = day[0].params.supply
    one_phase = ONE_PHASE if supply.ac_phases == 1.0 else set()
    no_outlet = NO_OUTLET if supply.outlet_power_max_w == 0.0 else set()
    no_giving = {GIVE_MAX} if supply.dc_give_power_max_w == 0.0 else set()
    assert moving - one_phase - no_outlet - no_giving <= STILL_AFTER_A_DAY


def test_a_signal_is_made_as_often_as_the_table_says():
    params = make_params()
    look = Look(params, make_of(params, load_car("xiaomi-su7"), VIN), make_living(), Air())
    groups = {"fast": FAST, "second": SECOND, "slow": SLOW, "still": STILL}
    for rate, parts in groups.items():
        for part in parts:
            for path in part(look):
                assert signal_table()[path].period_s == RATE_PERIOD_S[rate], path
    for part in (*BODY, *EVENTS):
        for path in part(look):
            assert signal_table()[path].period_s <= RATE_PERIOD_S["second"], path


def test_what_is_told_bit_by_bit_is_what_is_true_in_the_end():
    """A listener who puts all parts together knows, ten seconds later, what a full look says."""
    params, trip = make_params(), winding_trip()
    make = make_of(params, load_car("xiaomi-su7"), VIN)
    car, _ = obey(params, make_living(), Drive(trip=trip))
    words, often = Words(params, make), rates(car, 0.0)
    known = dict(words.full(car, Air()))
    for _ in range(600):
        car = advance(params, car, Air(), trip, car.time_ns + NS_PER_S // 10).car
        known.update(words.due(car, Air(), often))
    for _ in range(101):
        # Time passes for the words alone: nothing in the car has moved.
        car = replace(car, time_ns=car.time_ns + NS_PER_S // 10)
        known.update(words.due(car, Air(), often))
    true = signal_values(params, make, car, Air())
    late = {p for p in true if true[p] != known[p]} - {"Vehicle.CurrentLocation.Timestamp"}
    assert late <= {"Vehicle.Private.Vettura.Charging.FinishTime", "Vehicle.Service.TimeToService"}


def test_a_tick_of_driving_makes_a_few_signals_and_not_all():
    params, trip = make_params(), winding_trip()
    make = make_of(params, load_car("xiaomi-su7"), VIN)
    car, _ = obey(params, make_living(), Drive(trip=trip))
    words, often = Words(params, make), rates(car, 0.0)
    words.full(car, Air())
    counts = []
    for _ in range(100):
        car = advance(params, car, Air(), trip, car.time_ns + NS_PER_S // 10).car
        counts.append(len(words.due(car, Air(), often)))
    assert sorted(counts)[50] < 40
    assert sum(counts) < 0.25 * 100 * len(signal_table())


def test_the_same_car_has_the_same_cells_and_another_has_others():
    params, spec = make_params(), load_car("xiaomi-su7")
    mine, again = make_of(params, spec, VIN), make_of(params, spec, VIN)
    other = make_of(params, spec, "LVXSU7CASA0000002")
    assert mine == again
    assert mine.cells != other.cells
    assert sum(mine.cells.offsets) == pytest.approx(0.0, abs=1e-9)


def test_the_scripted_road_turns_as_its_radius_says(day):
    turning = [m.car.curvature_per_m for m in day if m.car.state.speed_mps > 5.0]
    assert max(turning) == pytest.approx(1.0 / RADIUS_M, rel=0.1)
    assert min(turning) == pytest.approx(-1.0 / RADIUS_M, rel=0.1)
