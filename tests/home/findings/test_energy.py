"""What scenes' wishes used: the power of a device, shared out by whose wish stood."""

import pytest

from home.findings.told import Teller
from vettura.bus.messages_home import Cause
from vettura.home.findings.energy import by_scene, energy_rows

HOUR_S = 3600.0
ON = ("switch.turn_on", "switch.socket")


def socket():
    teller = Teller()
    teller.about("switch.socket", device="socket")
    teller.about("sensor.socket_power", device="socket", device_class="power")
    teller.state(0.0, "sensor.socket_power", "0")
    teller.state(0.0, "switch.socket", "off")
    return teller


def row_of(teller):
    (row,) = energy_rows(teller.story)
    return row


def test_what_flows_while_a_scenes_wish_stands_is_that_scenes():
    teller = socket()
    cause = teller.run(HOUR_S, "automation.charge", ON)
    teller.state(HOUR_S, "switch.socket", "on", cause)
    teller.state(HOUR_S, "sensor.socket_power", "100")
    teller.state(3 * HOUR_S, "sensor.socket_power", "0")
    teller.until(9 * HOUR_S)
    row = row_of(teller)
    assert row.energy_wh == pytest.approx(200.0)
    assert row.by_scene == {"automation.charge": pytest.approx(200.0)}


def test_a_hand_ends_a_scenes_wish():
    teller = socket()
    cause = teller.run(0.0, "automation.charge", ON)
    teller.state(0.0, "switch.socket", "on", cause)
    teller.state(0.0, "sensor.socket_power", "100")
    teller.state(HOUR_S, "switch.socket", "off", Cause(id="1", who="person.giulia"))
    teller.state(2 * HOUR_S, "sensor.socket_power", "0")
    row = row_of(teller)
    assert row.energy_wh == pytest.approx(200.0)
    assert row.by_scene == {"automation.charge": pytest.approx(100.0)}


def test_two_scenes_share_what_each_wished():
    teller = socket()
    teller.state(0.0, "sensor.socket_power", "60")
    teller.run(HOUR_S, "automation.one", ON)
    teller.run(2 * HOUR_S, "automation.two", ON)
    teller.until(4 * HOUR_S)
    assert by_scene(energy_rows(teller.story)) == {
        "automation.one": pytest.approx(60.0),
        "automation.two": pytest.approx(120.0),
    }
    assert row_of(teller).energy_wh == pytest.approx(240.0)


def test_who_locks_a_door_uses_nothing():
    teller = socket()
    teller.state(0.0, "sensor.socket_power", "60")
    teller.run(HOUR_S, "automation.lock", ("lock.lock", "lock.door"))
    teller.until(2 * HOUR_S)
    assert row_of(teller).by_scene == {}
