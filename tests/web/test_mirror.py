"""What the page remembers: only what changed is handed out, and nothing grows without end."""

import math

from hypothesis import given
from hypothesis import strategies as st

from vettura.bus.messages import ClockState, MeterValue, Session, SignalFrame
from vettura.web import mirror as mirror_module
from vettura.web.mirror import Mirror
from vettura.web.state import BusState, CarChange, Change, Columns, columns, merged
from web.household import PAGE, SPEED, START_NS, VIN, sample

MINUTE_NS = 60_000_000_000
HORN = "Vehicle.Body.Horn.IsActive"


def new_mirror() -> Mirror:
    clock = ClockState(time_ns=START_NS, factor=60.0)
    return Mirror(PAGE, clock=clock, bus=BusState(up=True, since_ns=START_NS))


def frame(**values: float) -> SignalFrame:
    return SignalFrame(time_ns=START_NS, values={SPEED: 0.0, **values})


def session(number: int) -> Session:
    end_ns = START_NS + number * MINUTE_NS
    return Session(
        id=f"trip-{number}",
        kind="trip",
        start_ns=end_ns - MINUTE_NS,
        end_ns=end_ns,
        origin="Home",
        destination="Office",
        distance_m=1000.0,
        energy_wh=150.0,
        soc_start=0.6,
        soc_end=0.59,
    )


def test_values_that_stay_are_not_handed_out_again() -> None:
    mirror = new_mirror()
    mirror.take_frame(VIN, frame())
    assert mirror.pending() == Change(cars={VIN: CarChange(seen_ns=START_NS, signals={SPEED: 0.0})})
    mirror.take_frame(VIN, frame())
    assert mirror.pending() is None


def test_strange_cars_paths_and_stations_do_not_fill_the_memory() -> None:
    mirror = new_mirror()
    assert not mirror.take_frame("STRANGER", frame())
    for number in range(1000):
        mirror.take_frame(VIN, SignalFrame(time_ns=1, values={f"Vehicle.X{number}": 1.0}))
        meter = MeterValue(time_ns=1, power_w=0.0, energy_wh=0.0)
        mirror.take_meter(f"station{number}", meter)
        mirror.take_session(VIN, session(number))
    state = mirror.state(0, passed_s=0.0)
    assert state.cars[VIN].signals == {}
    assert len(state.meters) == mirror_module.METERS_MAX
    assert [one.id for one in state.cars[VIN].sessions][-1] == "trip-999"
    assert len(state.cars[VIN].sessions) == mirror_module.SESSIONS_MAX


def test_samples_are_thinned_in_order_finite_and_a_day_long() -> None:
    mirror = new_mirror()
    for minute in range(2 * 24 * 60):
        mirror.take_sample(VIN, sample(START_NS + minute * MINUTE_NS))
        mirror.take_sample(VIN, sample(START_NS + minute * MINUTE_NS + 1))
        mirror.take_sample(VIN, sample(START_NS + minute * MINUTE_NS - MINUTE_NS // 2))
    mirror.take_sample(VIN, sample(START_NS * 2, soc=math.nan))
    times = mirror.state(0, passed_s=0.0).cars[VIN].samples.time_s
    assert times == sorted(set(times))
    assert len(times) == 24 * 60 + 1


def test_a_change_of_mode_is_kept_however_close() -> None:
    mirror = new_mirror()
    mirror.take_sample(VIN, sample(START_NS))
    mirror.take_sample(VIN, sample(START_NS + 1_000_000_000, mode="charging"))
    assert len(mirror.state(0, passed_s=0.0).cars[VIN].samples.time_s) == 2


def test_the_past_goes_before_what_was_heard_meanwhile() -> None:
    mirror = new_mirror()
    mirror.take_sample(VIN, sample(START_NS))
    old = [sample(START_NS - minute * MINUTE_NS) for minute in range(5, 0, -1)]
    future = [sample(START_NS + 3600 * 1_000_000_000)]
    mirror.take_past(VIN, samples=old + future, sessions=[session(1)], now_ns=START_NS)
    state = mirror.state(0, passed_s=0.0).cars[VIN]
    assert len(state.samples.time_s) == 6
    assert state.samples.time_s == sorted(state.samples.time_s)
    assert [one.id for one in state.sessions] == ["trip-1"]


def test_the_snapshots_clock_goes_on_at_its_factor() -> None:
    state = new_mirror().state(7, passed_s=2.0)
    assert state.clock == ClockState(time_ns=START_NS + 120_000_000_000, factor=60.0)
    assert state.id == 7


signals = st.dictionaries(st.sampled_from([SPEED, HORN]), st.floats(0, 100), max_size=2)
car_changes = st.builds(
    lambda values, times: CarChange(
        seen_ns=1,
        signals=values,
        samples=columns(sample(time) for time in times) if times else None,
    ),
    signals,
    st.lists(st.integers(0, 10**18), max_size=3),
)
changes = st.builds(
    lambda cars, clock: Change(cars=cars, clock=clock),
    st.dictionaries(st.sampled_from([VIN, "OTHER"]), car_changes, max_size=2),
    st.none() | st.builds(ClockState, time_ns=st.integers(0, 9), factor=st.just(1.0)),
)


@given(st.lists(changes, max_size=5))
def test_a_merged_change_has_the_effect_of_its_parts(parts: list[Change]) -> None:
    one_by_one = applied(parts)
    assert applied([merged(parts)]) == one_by_one
    assert applied([merged(parts[:2]), merged(parts[2:])]) == one_by_one


def applied(parts: list[Change]) -> tuple[object, ...]:
    """What a viewer knows after these changes."""
    known: dict[str, dict[str, object]] = {}
    times: dict[str, list[int]] = {}
    clock = None
    for part in parts:
        clock = part.clock or clock
        for vin, car in part.cars.items():
            known.setdefault(vin, {}).update(car.signals)
            times.setdefault(vin, []).extend((car.samples or Columns()).time_s)
    return known, times, clock
