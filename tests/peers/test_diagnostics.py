"""python-OBD, udsoncan and cantools, unmodified, against a living car: all see what it tells."""

import asyncio
import json
import re
import signal
import socket
from contextlib import asynccontextmanager

import pytest

from faces.diagnosed_car import FACTS, VIN, running
from make import ROOT
from vettura.bus.ask import ask
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Command, Inject, SignalFrame, decode
from vettura.bus.subjects import (
    CARS_BUCKET,
    CARS_STREAM,
    CARS_STREAM_SUBJECTS,
    HOME_BUCKET,
    car_do,
    car_get,
)
from vettura.car.catalogue import load_car
from vettura.clock import WallClock
from vettura.drive import CarConfig, CarService
from vettura.faces.can import CanFace
from vettura.faces.config import CanConfig, ObdConfig
from vettura.faces.obd import ObdFace

pytestmark = pytest.mark.peer

PYTHON = ROOT / ".peers" / "diagnostics" / "bin" / "python"
HERE = ROOT / "tests" / "peers"
DBC = ROOT / "src" / "vettura" / "faces" / "vettura.dbc"
BATTERY = "Vehicle.Powertrain.TractionBattery."
CONFIG = CarConfig(
    vin=VIN, home="casa", place="home", latitude_deg=45.0, longitude_deg=7.6, altitude_m=300.0
)


class Scene:
    """A living car with both faces on a bus in memory."""

    def __init__(self, bus, clock, obd, can):
        self.bus, self.clock, self.obd, self.can = bus, clock, obd, can

    async def values(self):
        reply = await self.bus.request(car_get(VIN), b"")
        return decode(reply.data, SignalFrame, where="get").values

    async def break_it(self, fault):
        command = Command(
            id=self.clock.new_id(), verb=Inject(fault=fault), who="test", role="local"
        )
        assert (await ask(self.bus, self.clock, car_do(VIN, "fault"), command)).ok
        while not self.obd._heard.values.get("Vehicle.Diagnostics.DTCList"):
            await self.clock.sleep(0.02)
        while not self.can._heard.values.get("Vehicle.Diagnostics.DTCList"):
            await self.clock.sleep(0.02)


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def scene():
    if not PYTHON.exists():
        pytest.skip("no .peers/diagnostics; `make peers` makes it")
    clock = WallClock()
    bus = MemoryBus(clock)
    for name in (CARS_BUCKET, HOME_BUCKET):
        await bus.bucket(name)
    await bus.stream(CARS_STREAM, CARS_STREAM_SUBJECTS)
    car = CarService(bus, clock, CONFIG, load_car("xiaomi-su7"))
    obd = ObdFace(bus, clock, clock, ObdConfig(port=0), FACTS)
    can = CanFace(bus, clock, clock, CanConfig(port=free_udp_port()), FACTS)
    async with running(car.run(), obd.run(), can.run()):
        await obd.ready.wait()
        await can.ready.wait()
        while not (obd._heard.values and can._heard.values):
            await clock.sleep(0.02)
        yield Scene(bus, clock, obd, can)


async def peer(*words, stdin=None):
    """Run the peers' Python and return what it prints."""
    process = await asyncio.create_subprocess_exec(
        str(PYTHON),
        *map(str, words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(stdin)
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_python_obd_connects_and_reads_what_the_car_tells():
    async with scene() as here:
        await here.break_it("isolation")
        told = json.loads(await peer(HERE / "diagnostics_obd.py", here.obd.port))
        values = await here.values()
        assert told["status"] == "Car Connected"
        assert told["protocol"] == "ISO 15765-4 (CAN 11/500)"
        assert told["VIN"] == VIN
        assert told["SPEED"] == values["Vehicle.Speed"] == 0.0
        assert abs(told["AMBIANT_AIR_TEMP"] - values["Vehicle.Exterior.AirTemperature"]) <= 0.5
        volts = values["Vehicle.LowVoltageBattery.CurrentVoltage"]
        assert abs(told["CONTROL_MODULE_VOLTAGE"] - volts) < 0.02
        assert abs(told["ELM_VOLTAGE"] - volts) < 0.06
        charge = values[BATTERY + "StateOfCharge.Current"]
        assert abs(told["HYBRID_BATTERY_REMAINING"] - charge) < 0.2
        assert told["FUEL_TYPE"] == "Electric"
        assert told["BAROMETRIC_PRESSURE"] == 98
        # python-OBD writes the letters of hexadecimal digits small.
        assert [code.upper() for code, _ in told["GET_DTC"]] == ["P0AA6"]
        assert told["GET_CURRENT_DTC"] == told["GET_DTC"]
        assert told["STATUS"] == [True, 1]
        assert {"SPEED", "HYBRID_BATTERY_REMAINING", "VIN", "GET_DTC"} <= set(told["supported"])
        told = json.loads(await peer(HERE / "diagnostics_obd.py", here.obd.port, "CLEAR_DTC"))
        assert "P0AA6" not in (await here.values())["Vehicle.Diagnostics.DTCList"]


async def test_udsoncan_reads_the_battery_and_clears_the_codes():
    async with scene() as here:
        await here.break_it("cell_imbalance")
        told = json.loads(await peer(HERE / "diagnostics_uds.py", here.can.port, "clear"))
        values = await here.values()
        assert told["session"] == 3
        assert told["vin"] == VIN
        for did, path, within in (
            ("1000", BATTERY + "StateOfCharge.Current", 0.01),
            ("1003", BATTERY + "CurrentVoltage", 1.0),
            ("1007", BATTERY + "Temperature.Average", 0.11),
            ("1201", "Vehicle.TraveledDistance", 0.5),
        ):
            assert abs(told["values"][did] - values[path]) <= within, path
        assert len(told["cells"]) == len(values[BATTERY + "CellVoltage.CellVoltages"])
        assert told["codes"] == [[0x0A8000, 0x2F]]
        assert told["count"] == 1
        assert told["unknown_did"] == "RequestOutOfRange"
        assert told["routine"] == "RequestOutOfRange"
        assert told["security"] == "ServiceNotSupported"
        assert told["codes_after"] == []
        assert values["Vehicle.Diagnostics.DTCList"] == []


async def test_cantools_decodes_a_recorded_log_of_our_frames(tmp_path):
    async with scene() as here:
        await here.break_it("weak_12v")
        while here.can._heard.values["Vehicle.Diagnostics.DTCCount"] != 1:
            await here.clock.sleep(0.1)  # It is told every ten seconds.
        values = await here.values()
        logger = await asyncio.create_subprocess_exec(
            str(PYTHON),
            *("-m", "can.logger", "-i", "udp_multicast", "-c", "239.74.163.2", "-f", "trip.log"),
            "--bus-kwargs",
            f"port={here.can.port}",
            "hop_limit=0",
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
        )
        # Its second line says that it records; then every message passes once in a second.
        await logger.stdout.readline()
        await logger.stdout.readline()
        sent = here.can.sent
        while here.can.sent < sent + 500:
            await here.clock.sleep(0.05)
        logger.send_signal(signal.SIGINT)
        await logger.communicate()
    log = (tmp_path / "trip.log").read_bytes()
    text = await peer("-m", "cantools", "decode", "--single-line", DBC, stdin=log)
    told = dict(re.findall(r"(\w+): (-?[\w.+-]+)", text))
    assert len(told) > 90
    assert not [name for name, value in told.items() if value == "SNA"]
    assert float(told["StateOfCharge"]) == pytest.approx(
        values[BATTERY + "StateOfCharge.Current"], abs=0.01
    )
    assert float(told["CabinTemperature"]) == pytest.approx(
        values["Vehicle.Cabin.HVAC.AmbientAirTemperature"], abs=0.05
    )
    assert int(told["Odometer"]) == values["Vehicle.TraveledDistance"]
    assert told["DoorFrontDriverLocked"] == str(values["Vehicle.Private.Vettura.IsLocked"]).lower()
    assert told["TroubleCodeCount"] == "1"
    assert told["Mode"] == values["Vehicle.Private.Vettura.Mode"]


async def test_the_documents_own_scripts_run_as_they_stand_but_for_the_ports():
    doc = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
    app, tester = re.findall(r"^```python\n(.*?)^```$", doc, re.MULTILINE | re.DOTALL)
    async with scene() as here:
        await here.break_it("isolation")
        told = await peer("-c", app.replace(":35000", f":{here.obd.port}"))
        assert told.startswith("Car Connected\n")
        assert "None" not in told
        assert "AA6" in told.upper()
        told = await peer("-c", tester.replace("43113", f"{here.can.port}"))
        assert told.startswith(f"{VIN} ")
        assert "0x0aa600" in told
