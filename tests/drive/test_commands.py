"""Commands: obeyed when the car can, refused with a reason when it must."""

import pytest
from msgspec.structs import replace

from make import NOON_NS, make_living, make_params, make_trip
from vettura.bus.messages import (
    ChargeLimit,
    ChargeStart,
    ChargeStop,
    Climate,
    Drive,
    Flap,
    Flash,
    Honk,
    Lock,
    Offer,
    Plug,
    Speed,
    Unlock,
    Unplug,
)
from vettura.drive.commands import obey
from vettura.drive.life import advance
from vettura.drive.living import Air
from vettura.units import NS_PER_S

PARAMS = make_params()
PLUG = Plug(station="wallbox", power_w_max=11_000.0)


def driving(seconds=20):
    car, _ = obey(PARAMS, make_living(), Drive(trip=make_trip()))
    return advance(PARAMS, car, Air(), make_trip(), NOON_NS + seconds * NS_PER_S).car


def test_lock_and_unlock():
    opened, reason = obey(PARAMS, make_living(), Unlock())
    assert not reason
    assert not opened.locked
    assert obey(PARAMS, opened, Lock())[0].locked


def test_climate_keeps_its_target_when_none_is_given():
    car, _ = obey(PARAMS, make_living(), Climate(on=True, target_degc=23.0))
    car, _ = obey(PARAMS, car, Climate(on=False))
    assert car.cabin_target_degc == 23.0
    assert not car.climate_on


def test_plugging_starts_the_charge_and_opens_the_flap():
    car, reason = obey(PARAMS, make_living(), PLUG)
    assert (reason, car.mode, car.flap_open) == ("", "charging", True)


def test_plugging_a_car_above_its_limit_leaves_it_parked():
    car, reason = obey(PARAMS, make_living(soc=0.9), PLUG)
    assert (reason, car.mode) == ("", "parked")


def test_raising_the_limit_of_a_plugged_car_goes_on_charging():
    car, _ = obey(PARAMS, make_living(soc=0.85), PLUG)
    car, reason = obey(PARAMS, car, ChargeLimit(soc=0.95))
    assert (reason, car.mode) == ("", "charging")


def test_honk_and_flash_end_by_themselves():
    car, _ = obey(PARAMS, make_living(), Honk())
    car, _ = obey(PARAMS, car, Flash())
    assert NOON_NS < car.horn_until_ns < car.hazard_until_ns <= NOON_NS + 5 * NS_PER_S


def test_drive_locks_the_doors_and_remembers_where_it_came_from():
    car, reason = obey(PARAMS, make_living(locked=False), Drive(trip=make_trip()))
    assert (reason, car.mode, car.locked) == ("", "driving", True)
    assert car.progress.origin == "home"


@pytest.mark.parametrize(
    ("car", "verb", "why"),
    [
        (driving(), Unlock(), "while driving"),
        (driving(), Flap(open=True), "while driving"),
        (driving(), Drive(trip=make_trip()), "already driving"),
        (driving(), PLUG, "driving"),
        (driving(), ChargeStart(), "no cable"),
        (make_living(), ChargeStop(), "not charging"),
        (make_living(), Unplug(), "no cable"),
        (make_living(), Offer(power_w_max=1.0), "no cable"),
        (make_living(), Drive(trip=make_trip(hold_s=0, top_mps=0)), "no road"),
        (make_living(soc=0.0), Drive(trip=make_trip()), "empty"),
        (make_living(), Speed(factor=2.0), "does not know"),
        (
            make_living(),
            Drive(trip=replace(make_trip(), longitude_deg=[1.0])),
            "tables differ",
        ),
        (obey(PARAMS, make_living(), PLUG)[0], PLUG, "already plugged"),
        (obey(PARAMS, make_living(), PLUG)[0], Drive(trip=make_trip()), "plugged in"),
        (obey(PARAMS, make_living(), PLUG)[0], Flap(open=False), "cannot close"),
        (obey(PARAMS, make_living(soc=0.9), PLUG)[0], ChargeStart(), "the limit is 80%"),
    ],
)
def test_what_must_not_be_is_refused_and_changes_nothing(car, verb, why):
    after, reason = obey(PARAMS, car, verb)
    assert why in reason
    assert after == car
