"""A living battery ages by the hour and by the day, and never forgets that it did."""

import msgspec
import pytest

from make import NOON_NS, VIN, make_living, make_params, make_trip
from vettura.bus.messages import Drive
from vettura.car.ageing import AGEING, NEW, Stress, age
from vettura.car.catalogue import load_car
from vettura.drive.commands import obey
from vettura.drive.life import advance
from vettura.drive.living import Air, net_energy_wh, recall, remember
from vettura.drive.signals import make_of, signal_values

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
HEALTH = "Vehicle.Powertrain.TractionBattery.StateOfHealth"
PARAMS = make_params()
LFP = AGEING["lfp"]


def lived(car, until_ns, *, pieces=1, air=None):
    begin_ns = car.time_ns
    for piece in range(1, pieces + 1):
        to_ns = begin_ns + (until_ns - begin_ns) * piece // pieces
        car = advance(PARAMS, car, air or Air(), None, to_ns, LFP).car
    return car


def test_a_parked_battery_ages_once_an_hour():
    almost = lived(make_living(), NOON_NS + HOUR_NS - 1)
    full = lived(almost, NOON_NS + HOUR_NS)
    assert almost.state.capacity_share == 1.0
    assert full.state.capacity_share < 1.0
    assert full.strain.hour_s == 0.0
    assert full.state.capacity_share == full.health.capacity_share


def test_a_parked_day_ages_as_the_law_says():
    day = lived(make_living(), NOON_NS + DAY_NS)
    soc, degc = day.state.soc, day.state.battery_degc
    law = age(LFP, NEW, Stress(24.0, soc, soc, soc, degc, 0.0, 0.0))
    assert day.health.loss_by_time == pytest.approx(law.loss_by_time, rel=0.02)
    assert 0.0 < day.health.loss_by_use < 0.05 * day.health.loss_by_time


def test_a_driven_day_ages_by_use_and_a_hot_one_by_time():
    trip = make_trip(top_mps=30.0, hold_s=900)
    driving, _ = obey(PARAMS, make_living(), Drive(trip=trip))
    moved = advance(PARAMS, driving, Air(), trip, NOON_NS + HOUR_NS, LFP).car
    parked = lived(make_living(), NOON_NS + DAY_NS)
    driven = lived(moved, NOON_NS + DAY_NS)
    hot = lived(make_living(), NOON_NS + DAY_NS, air=Air(ambient_degc=40.0))
    assert driven.health.loss_by_use > 2.0 * parked.health.loss_by_use
    assert hot.health.loss_by_time > parked.health.loss_by_time


def test_health_survives_a_restart_at_any_moment():
    through = lived(make_living(), NOON_NS + 30 * HOUR_NS)
    half = lived(make_living(), NOON_NS + 13 * HOUR_NS + HOUR_NS // 2)
    woken = recall(remember(half), where="test")
    assert woken.health == half.health
    assert woken.strain == half.strain
    assert lived(woken, NOON_NS + 30 * HOUR_NS).health == through.health


def test_a_car_kept_before_batteries_aged_wakes_with_a_new_one():
    fields = msgspec.msgpack.decode(remember(make_living()))
    del fields["health"], fields["strain"]
    for name in ("capacity_share", "resistance_share", "outlet_wh"):
        del fields["state"][name]
    woken = recall(msgspec.msgpack.encode(fields), where="test")
    assert woken == make_living()


def test_an_aged_car_says_so_and_shows_less_range():
    new = make_living()
    old = make_living(state=new.state._replace(capacity_share=0.8))
    make = make_of(PARAMS, load_car("xiaomi-su7"), VIN)
    told, fresh = (signal_values(PARAMS, make, car, Air()) for car in (old, new))
    assert (told[HEALTH], fresh[HEALTH]) == (80.0, 100.0)
    range_ = "Vehicle.Powertrain.Range"
    assert told[range_] == pytest.approx(0.8 * fresh[range_], rel=1e-3)
    assert net_energy_wh(PARAMS, old.state) == pytest.approx(0.8 * net_energy_wh(PARAMS, new.state))
