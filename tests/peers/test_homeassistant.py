"""A real Home Assistant finds the car, reads it right and commands it, on both kinds of broker."""

import json
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest

from faces.mqtt_scene import free_port, mosquitto
from make import ROOT
from peers.environment import python_of
from peers.homeassistant_process import PATIENCE_S, HomeAssistant, until
from peers.homeassistant_words import EXPECTED, mismatches

pytestmark = [pytest.mark.peer, pytest.mark.timeout(400)]

VIN = "LNBSCPBA0RA000055"
FLAP = "cover.xiaomi_su7_charge_flap"
LOCK = "lock.xiaomi_su7_lock"


class Car:
    """Our side: car, bridge and bus in a process that can be killed and started again."""

    def __init__(self, folder, mqtt, mqtt_port):
        config = {"vin": VIN, "data": str(folder), "mqtt": mqtt, "mqtt_port": mqtt_port}
        self._config = json.dumps(config)
        self._folder = folder
        self.start()

    def start(self):
        with (self._folder / "car.log").open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests/peers/mqtt_car.py"), self._config],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        line = self.process.stdout.readline()
        assert line, (self._folder / "car.log").read_text()

    def ask(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self, *, kill=False):
        self.process.kill() if kill else self.process.stdin.close()
        self.process.wait(timeout=PATIENCE_S)
        self.process.stdout.close()
        with suppress(OSError):
            self.process.stdin.close()


class Scene:
    """Car, broker and Home Assistant."""

    def __init__(self, car, home):
        self.car, self.home = car, home

    def is_right(self):
        """Whether every entity says what the car's own frame says; the differences else."""
        wrong = mismatches(self.home.states(), self.car.ask("frame"))
        self.wrong = wrong
        return not wrong

    def wait_until_right(self):
        try:
            until(self.is_right)
        except AssertionError:
            pytest.fail(f"still wrong: {self.wrong}")


@contextmanager
def scene(folder, kind):
    python_of("homeassistant")
    for name in ("car", "broker", "home"):
        (folder / name).mkdir()
    if kind == "embedded":
        port = free_port()
        with _running(Car(folder / "car", {}, port), folder, port, "3.1.1") as running:
            yield running
        return
    with mosquitto(folder / "broker") as port:
        mqtt = {"host": "127.0.0.1", "port": port, "protocol": "5"}
        with _running(Car(folder / "car", mqtt, 0), folder, port, "5") as running:
            yield running


@contextmanager
def _running(car, folder, port, protocol):
    try:
        home = HomeAssistant(folder / "home")
        try:
            home.speak_mqtt(port, protocol)
            yield Scene(car, home)
        finally:
            home.stop()
    finally:
        if car.process.poll() is None:
            car.end()


@pytest.mark.parametrize("kind", ["embedded", "mosquitto"])
def test_home_assistant_lives_with_the_car(kind, tmp_path):
    with scene(tmp_path, kind) as running:
        finds_every_entity(running)
        commands_are_obeyed(running)
        the_flap_stays_shut_while_driving(running)
        both_sides_restart(running)
        the_last_will_is_heard(running)
        removal_leaves_nothing(running)
        complaints = [line for line in running.home.log().splitlines() if "ERROR" in line]
        assert not [line for line in complaints if "mqtt" in line.lower()], complaints


def finds_every_entity(running):
    running.wait_until_right()
    ours = {name for name in running.home.states() if "xiaomi_su7" in name}
    assert ours == set(EXPECTED)


def commands_are_obeyed(running):
    home, car = running.home, running.car
    home.call("lock.unlock", LOCK)
    until(lambda: home.state(LOCK) == "unlocked")
    home.call("number.set_value", "number.xiaomi_su7_charge_limit", value=72)
    until(lambda: home.state("number.xiaomi_su7_charge_limit") in {"72", "72.0"})
    climate = "climate.xiaomi_su7_climate"
    home.call("climate.set_hvac_mode", climate, hvac_mode="heat_cool")
    home.call("climate.set_temperature", climate, temperature=23.5)
    until(lambda: home.state(climate) == "heat_cool")
    until(lambda: home.states()[climate]["attributes"]["temperature"] == 23.5)
    window = "cover.xiaomi_su7_window_driver"
    home.call("cover.set_cover_position", window, position=40)
    until(lambda: home.states()[window]["attributes"].get("current_position") == 40)
    home.call("cover.close_cover", window)
    until(lambda: home.state(window) == "closed")
    home.call("climate.turn_off", climate)
    home.call("lock.lock", LOCK)
    until(lambda: home.state(LOCK) == "locked" and home.state(climate) == "off")
    assert car.ask("frame")["Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"] is True
    running.wait_until_right()


def the_flap_stays_shut_while_driving(running):
    home, car = running.home, running.car
    assert car.ask("drive")["ok"]
    until(lambda: float(home.state("sensor.xiaomi_su7_speed")) > 5.0)
    home.call("cover.open_cover", FLAP)
    home.call("button.press", "button.xiaomi_su7_flash")
    flashes = "Vehicle.Body.Lights.Hazard.IsSignaling"
    until(lambda: car.ask("frame")[flashes])
    # The flash was asked for after the flap: so the flap has been answered.
    assert home.state(FLAP) == "closed"
    assert car.ask("frame")["Vehicle.Private.Vettura.Mode"] == "DRIVING"
    until(lambda: home.state("sensor.xiaomi_su7_status") == "parked")


def both_sides_restart(running):
    home, car = running.home, running.car
    home.stop()
    car.end()
    home.start()
    car.start()
    until(lambda: home.state(LOCK) == "locked")
    running.wait_until_right()
    home.stop()
    car.end()
    car.start()
    home.start()
    until(lambda: home.state(LOCK) == "locked")
    running.wait_until_right()


def the_last_will_is_heard(running):
    home, car = running.home, running.car
    car.end(kill=True)
    until(lambda: home.state(LOCK) == "unavailable")
    car.start()
    until(lambda: home.state(LOCK) == "locked")


def removal_leaves_nothing(running):
    running.car.ask("remove")
    until(lambda: not [name for name in running.home.states() if "xiaomi_su7" in name])
