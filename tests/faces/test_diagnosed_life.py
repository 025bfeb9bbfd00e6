"""The living car through its diagnosis faces: what it tells fits, and nothing of it is lost."""

import pytest

from faces.diagnosed_car import FACTS
from make import NOON_NS, VIN, make_living, make_params, make_trip
from vettura.bus.messages import Drive, Inject, Plug
from vettura.car.catalogue import load_car
from vettura.drive.commands import decide
from vettura.drive.life import advance
from vettura.drive.living import Air
from vettura.drive.signals import make_of, signal_values
from vettura.faces.can_frames import car_messages, load_dbc
from vettura.faces.obd_pids import PIDS, pid_data
from vettura.faces.uds import Unit
from vettura.faces.uds_dids import did_table, read_did

CARS = ("xiaomi-su7", "fiat-500e", "porsche-taycan-4s", "nissan-leaf-24kwh")
VERBS = {
    "parked": [],
    "driving": [Drive(trip=make_trip(top_mps=30.0))],
    "charging": [Plug(station="w", power_w_max=11_000.0)],
    "fast charging": [Plug(station="w", power_w_max=250_000.0, dc=True)],
    "broken": [Inject(fault="isolation"), Inject(fault="battery_temperature_sensor")],
}


def told(car_id, state):
    params = make_params(car_id)
    car, trip = make_living(car_id), None
    for verb in VERBS[state]:
        decided = decide(params, car, verb)
        assert not decided.reason
        car, trip = decided.car, getattr(verb, "trip", None)
    car = advance(params, car, Air(), trip, NOON_NS + 40_000_000_000).car
    return signal_values(params, make_of(params, load_car(car_id), VIN), car, Air())


@pytest.mark.parametrize("state", VERBS)
@pytest.mark.parametrize("car_id", CARS)
def test_everything_a_living_car_tells_comes_through(car_id, state):
    values = told(car_id, state)
    database = load_dbc()
    lost = [
        f"{message.name}.{name}"
        for message in car_messages()
        for name, value in database.decode_message(
            message.can_id, message.frame(values).data
        ).items()
        if str(value) == "SNA"
    ]
    assert not lost
    assert not [hex(did) for did in did_table() if read_did(did, values, FACTS) is None]
    assert not [hex(pid) for pid in PIDS if pid_data(pid, values) is None]


def test_an_injected_fault_shows_as_a_code():
    unit = Unit(FACTS)
    broken, sound = told("xiaomi-su7", "broken"), told("xiaomi-su7", "parked")
    assert unit.respond(b"\x03", broken, now_s=0.0).data.hex() == "43020a9b0aa6"
    assert unit.respond(b"\x03", sound, now_s=0.0).data.hex() == "4300"
    assert unit.respond(bytes.fromhex("1901ff"), broken, now_s=0.0).data[-1] == 2
