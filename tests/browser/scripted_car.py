"""A car that plays one scene for the page: no physics, only believable values on the bus."""

import asyncio
import math
from contextlib import suppress

import msgspec

from vettura.bus import subjects
from vettura.bus.interface import Bus, Message
from vettura.bus.messages import (
    Activity,
    Answer,
    Audit,
    ChargeLimit,
    ChargeStart,
    ChargeStop,
    Climate,
    ClockState,
    Command,
    Flap,
    Flash,
    Honk,
    Lock,
    MeterValue,
    Sample,
    Session,
    SignalFrame,
    SignalValue,
    Speed,
    Today,
    Unlock,
    Weather,
    decode,
    encode,
)
from vettura.clock.interface import Clock
from vettura.units import NS_PER_S
from vettura.web import CarOnPage, PageConfig, PlaceOnPage

VIN = "LVTSU7PR0SA000001"
HOME = "casa"
STATION = "wallbox"
PLACES = [
    PlaceOnPage(name="Home", kind="home", latitude_deg=45.4642, longitude_deg=9.1900),
    PlaceOnPage(name="Office", kind="work", latitude_deg=45.5205, longitude_deg=9.2405),
    PlaceOnPage(name="School", kind="school", latitude_deg=45.4731, longitude_deg=9.2051),
    PlaceOnPage(name="Market", kind="shop", latitude_deg=45.4560, longitude_deg=9.2230),
    PlaceOnPage(name="Lake", kind="leisure", latitude_deg=45.5100, longitude_deg=9.1300),
]
PAGE = PageConfig(
    home=HOME,
    title="Casa Bianchi",
    timezone="Europe/Rome",
    cars=[CarOnPage(vin=VIN, name="Aria", model="SU7 Pro")],
    places=PLACES,
    stations=[STATION],
)
TRIP_M = 12_400.0
BATTERY = "Vehicle.Powertrain.TractionBattery"
PORT = f"{BATTERY}.Charging.ChargingPort.AnyPosition"
OURS = "Vehicle.Private.Vettura"
CHARGE = f"{BATTERY}.StateOfCharge.Displayed"
LIMIT = f"{BATTERY}.Charging.ChargeLimit"
CLIMATE_ON = "Vehicle.Cabin.HVAC.IsAirConditioningActive"
TARGET = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
HORN = "Vehicle.Body.Horn.IsActive"
HAZARD = "Vehicle.Body.Lights.Hazard.IsSignaling"
DOORS = [
    f"Vehicle.Cabin.Door.{row}.{side}"
    for row in ("Row1", "Row2")
    for side in ("DriverSide", "PassengerSide")
]
TRUNK = "Vehicle.Body.Trunk.Rear"


class ScriptedCar:
    """Plays `scene` (parked, driving or charging) from the moment `run()` runs."""

    def __init__(
        self, bus: Bus, clock: Clock, pace: Clock, *, scene: str, condition: str = "sunny"
    ) -> None:
        self._bus, self._clock, self._pace = bus, clock, pace
        self._scene = scene
        self._condition = condition
        self._distance_m = 0.35 * TRIP_M
        self._values = self._start_values()
        self._charge = 63.4
        self._speed_changed = asyncio.Event()
        self.obeyed: list[str] = []

    async def run(self) -> None:
        """Publish ten frames a real second and take commands."""
        await self._keep_past()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._answer(subjects.car_do(VIN, "*")))
            tasks.create_task(self._answer(subjects.house_do(HOME, "speed")))
            tasks.create_task(self._publish())
            tasks.create_task(self._tell_time())

    async def _publish(self) -> None:
        count = 0
        async for _ in self._pace.every(0.1):
            self._play(0.1)
            frame = SignalFrame(time_ns=self._clock.now_ns(), values=self._values, full=True)
            await self._bus.publish(subjects.car_signals(VIN), encode(frame))
            if count % 10 == 0:
                await self._tell_house()
            count += 1

    async def _tell_time(self) -> None:
        """Publish the clock every real second, and when its speed changes."""
        while True:
            state = ClockState(time_ns=self._clock.now_ns(), factor=self._clock.speed)
            await self._bus.publish(subjects.house_clock(HOME), encode(state))
            self._speed_changed.clear()
            with suppress(TimeoutError):
                await self._pace.wait_for(self._speed_changed.wait(), 1.0)

    async def _tell_house(self) -> None:
        now_ns = self._clock.now_ns()
        weather = Weather(
            time_ns=now_ns,
            ambient_degc=6.5,
            wind_mps=2.0,
            sun_w_per_m2=300.0,
            condition=self._condition,
        )
        wall_w = 10_600.0 if self._scene == "charging" else 0.0
        meter = MeterValue(time_ns=now_ns, power_w=wall_w, energy_wh=412_300.0)
        await self._bus.publish(subjects.weather(HOME), encode(weather))
        await self._bus.publish(subjects.meter(HOME, STATION), encode(meter))

    async def _answer(self, pattern: str) -> None:
        async for message in await self._bus.subscribe(pattern):
            answer = self._obey(message)
            await self._bus.respond(message, encode(answer))
            command = decode(message.data, Command, where=message.subject)
            if message.subject.startswith("car."):
                await self._keep_audit(command, answer)

    async def _keep_audit(self, command: Command, answer: Answer) -> None:
        now_ns = self._clock.now_ns()
        audit = Audit(
            id=command.id,
            time_ns=now_ns,
            end_ns=now_ns,
            who=command.who,
            role=command.role,
            what=str(command.verb.__struct_config__.tag),
            result="reached" if answer.ok else "refused",
            reason=answer.reason,
        )
        stream = await self._bus.stream(subjects.AUDIT_STREAM, subjects.AUDIT_STREAM_SUBJECTS)
        await stream.publish(subjects.car_audit(VIN), encode(audit))

    def _obey(self, message: Message) -> Answer:
        command = decode(message.data, Command, where=message.subject)
        verb = command.verb
        self.obeyed.append(message.subject.rsplit(".", 1)[-1])
        match verb:
            case Climate(on=on, target_degc=target):
                self._values[CLIMATE_ON] = on
                if target is not None:
                    self._values[TARGET] = target
            case Lock() | Unlock():
                if isinstance(verb, Unlock) and self._scene == "driving":
                    return Answer(ok=False, reason="the doors stay locked while the car moves")
                self._set_locked(isinstance(verb, Lock))
            case ChargeLimit(soc=soc):
                self._values[LIMIT] = round(100 * soc)
            case ChargeStart() if self._scene != "charging":
                return Answer(ok=False, reason="no cable is plugged in")
            case ChargeStop() | ChargeStart():
                self._values[f"{BATTERY}.Charging.IsCharging"] = isinstance(verb, ChargeStart)
            case Flap(open=is_open):
                if self._scene == "driving":
                    return Answer(ok=False, reason="the flap stays closed while the car moves")
                self._values[f"{PORT}.IsFlapOpen"] = is_open
            case Honk():
                self._values[HORN] = True
                asyncio.get_running_loop().call_later(0.5, self._values.update, {HORN: False})
            case Flash():
                self._values[HAZARD] = True
                asyncio.get_running_loop().call_later(3, self._values.update, {HAZARD: False})
            case Speed(factor=factor):
                set_speed = getattr(self._clock, "set_speed", None)
                if set_speed is not None:
                    set_speed(factor)
                self._speed_changed.set()
            case _:
                return Answer(ok=False, reason="this car cannot do that")
        return Answer(ok=True)

    def _set_locked(self, locked: bool) -> None:
        for door in [*DOORS, TRUNK]:
            self._values[f"{door}.IsLocked"] = locked

    def _start_values(self) -> dict[str, SignalValue]:
        driving, charging = self._scene == "driving", self._scene == "charging"
        values: dict[str, SignalValue] = {
            f"{OURS}.Mode": self._scene.upper(),
            f"{OURS}.Place": "" if driving else "Home",
            f"{OURS}.Destination": "Office" if driving else "",
            f"{OURS}.TripProgress": 35.0 if driving else 0.0,
            f"{OURS}.WheelPower": 0.0,
            f"{OURS}.ClimatePower": 1250.0 if driving else 0.0,
            f"{OURS}.AuxiliaryPower": 310.0 if driving else 45.0,
            f"{OURS}.WallPower": 10_600.0 if charging else 0.0,
            "Vehicle.Speed": 0.0,
            "Vehicle.IsMoving": driving,
            "Vehicle.TraveledDistance": 18_240_310,
            "Vehicle.TraveledDistanceSinceStart": 0,
            "Vehicle.TripDuration": 0.0,
            "Vehicle.Acceleration.Longitudinal": 0.0,
            "Vehicle.Body.Lights.Beam.Low.IsOn": driving,
            "Vehicle.Body.Lights.Brake.IsActive": "INACTIVE",
            HAZARD: False,
            HORN: False,
            CLIMATE_ON: driving,
            TARGET: 21.0,
            "Vehicle.Cabin.HVAC.AmbientAirTemperature": 20.4 if driving else 9.8,
            "Vehicle.Exterior.AirTemperature": 6.5,
            "Vehicle.CurrentLocation.Latitude": PLACES[0].latitude_deg,
            "Vehicle.CurrentLocation.Longitude": PLACES[0].longitude_deg,
            "Vehicle.CurrentLocation.Heading": 40.0,
            CHARGE: 63.4,
            LIMIT: 80,
            f"{BATTERY}.CurrentPower": 9_980.0 if charging else -60.0,
            f"{BATTERY}.Range": 402_000,
            f"{BATTERY}.NetCapacity": 94,
            f"{BATTERY}.StateOfHealth": 97.6,
            f"{BATTERY}.Temperature.Average": 18.5,
            f"{BATTERY}.Charging.IsCharging": charging,
            f"{BATTERY}.Charging.TimeToComplete": 5640 if charging else 0,
            f"{BATTERY}.Charging.ChargeRate": 58.0 if charging else 0.0,
            f"{PORT}.IsFlapOpen": charging,
            f"{PORT}.IsChargingCableConnected": charging,
            f"{PORT}.IsChargingCableLocked": charging,
            f"{BATTERY}.Charging.EvseId": STATION if charging else "",
        }
        for door in [*DOORS, TRUNK]:
            values[f"{door}.IsLocked"] = True
            values[f"{door}.IsOpen"] = False
        return values

    def _play(self, real_s: float) -> None:
        if self._scene == "charging":
            self._charge = min(80.0, self._charge + 0.002)
            self._values[CHARGE] = round(self._charge, 3)
        if self._scene != "driving":
            return
        passed_s = self._pace.monotonic()
        speed_mps = 18.0 + 8.0 * math.sin(passed_s / 6.0)
        acceleration = 8.0 / 6.0 * math.cos(passed_s / 6.0)
        self._distance_m = min(self._distance_m + speed_mps * real_s, TRIP_M)
        share = self._distance_m / TRIP_M
        wheel_w = round(0.5 * speed_mps**3 + 300.0 * speed_mps + 2100.0 * acceleration * speed_mps)
        latitude_deg, longitude_deg, heading_deg = along(share)
        self._values |= {
            "Vehicle.Speed": round(3.6 * speed_mps, 2),
            "Vehicle.Acceleration.Longitudinal": round(acceleration, 2),
            "Vehicle.Body.Lights.Brake.IsActive": "ACTIVE" if acceleration < -0.9 else "INACTIVE",
            f"{OURS}.WheelPower": float(wheel_w),
            f"{BATTERY}.CurrentPower": float(-wheel_w - 1560),
            f"{OURS}.TripProgress": round(100 * share, 1),
            "Vehicle.TraveledDistanceSinceStart": int(self._distance_m),
            "Vehicle.TripDuration": round(passed_s + 260, 1),
            "Vehicle.CurrentLocation.Latitude": latitude_deg,
            "Vehicle.CurrentLocation.Longitude": longitude_deg,
            "Vehicle.CurrentLocation.Heading": heading_deg,
        }

    async def _keep_past(self) -> None:
        """Store a day of samples, its sessions, and the day's plan."""
        stream = await self._bus.stream(subjects.CARS_STREAM, subjects.CARS_STREAM_SUBJECTS)
        now_ns = self._clock.now_ns()
        for minute in range(24 * 60, 0, -2):
            sample = past_sample(now_ns, minute)
            await stream.publish(subjects.car_samples(VIN), encode(sample))
        for session in past_sessions(now_ns):
            await stream.publish(subjects.car_sessions(VIN), encode(session))
        told = await self._bus.stream(subjects.AUDIT_STREAM, subjects.AUDIT_STREAM_SUBJECTS)
        for audit in past_audits(now_ns):
            await told.publish(subjects.car_audit(VIN), encode(audit))
        bucket = await self._bus.bucket(subjects.HOME_BUCKET)
        await bucket.put(subjects.today(HOME), encode(todays_plan(now_ns)))


def along(share: float) -> tuple[float, float, float]:
    """Latitude, longitude and heading [deg] on a bending way from home to the office."""
    home, office = PLACES[0], PLACES[1]
    bend = 0.012 * math.sin(math.pi * share) + 0.004 * math.sin(5 * math.pi * share)
    latitude_deg = home.latitude_deg + share * (office.latitude_deg - home.latitude_deg) - bend / 2
    longitude_deg = home.longitude_deg + share * (office.longitude_deg - home.longitude_deg) + bend
    slope = 0.012 * math.pi * math.cos(math.pi * share)
    slope += 0.02 * math.pi * math.cos(5 * math.pi * share)
    north = office.latitude_deg - home.latitude_deg - slope / 2
    east = 0.7 * (office.longitude_deg - home.longitude_deg + slope)
    return latitude_deg, longitude_deg, math.degrees(math.atan2(east, north)) % 360


LEGS = [(20, "charge", 0.0, 300), (13.0, "trip", 14.6, 34), (4.5, "trip", 13.9, 41)]
"""Hours ago it began, kind, km, minutes."""


def past_sample(now_ns: int, minutes_ago: int) -> Sample:
    """A point of yesterday's story: a night's charge and two trips."""
    soc, speed_mps, power_w, wall_w, mode = 0.42, 0.0, 60.0, 0.0, "parked"
    for hours, kind, kilometres, length in LEGS:
        done = (hours * 60 - minutes_ago) / length
        share = min(max(done, 0.0), 1.0)
        soc += share * (0.33 if kind == "charge" else -0.0062 * kilometres)
        if 0 < done < 1 and kind == "charge":
            power_w, wall_w, mode = -9_950.0, 10_600.0, "charging"
        elif 0 < done < 1:
            speed_mps = 16 + 11 * math.sin(9 * done) * math.sin(3.1 * done)
            power_w, mode = 9_000 + 22_000 * math.sin(40 * done), "driving"
    return Sample(
        time_ns=now_ns - minutes_ago * 60 * NS_PER_S,
        soc=soc,
        speed_mps=max(speed_mps, 0.0),
        battery_power_w=power_w,
        cabin_degc=20.5 if mode == "driving" else 11.0,
        ambient_degc=7 + 4 * math.sin(minutes_ago / 230),
        range_m=soc * 640_000,
        odometer_m=18_240_310.0,
        mode=mode,
        wall_power_w=wall_w,
    )


def past_sessions(now_ns: int) -> list[Session]:
    """The sessions of the same story."""
    sessions = []
    for index, (hours, kind, kilometres, length) in enumerate(LEGS):
        start_ns = now_ns - int(hours * 3600) * NS_PER_S
        places = [("Home", "Home"), ("Home", "Office"), ("Office", "Home")][index]
        sessions.append(
            Session(
                id=f"{kind}-{index}",
                kind=kind,
                start_ns=start_ns,
                end_ns=start_ns + length * 60 * NS_PER_S,
                origin=places[0],
                destination=places[1],
                distance_m=kilometres * 1000,
                energy_wh=34_200.0 if kind == "charge" else kilometres * 148,
                soc_start=0.42 if kind == "charge" else 0.75,
                soc_end=0.75 if kind == "charge" else 0.66,
            )
        )
    return sessions


def past_audits(now_ns: int) -> list[Audit]:
    """What the car was told in the last hours, by everyone who may."""
    window = f"{DOORS[0]}.Window.Position"
    told = [
        (310, "household", "local", "plug", "", "reached", ""),
        (305, "homeassistant", "owner", LIMIT, "80", "reached", ""),
        (52, "kuksa:rain-app", "app", window, "0", "reached", ""),
        (
            31,
            "page",
            "owner",
            f"{PORT}.IsFlapOpen",
            "true",
            "refused",
            "the charge flap stays shut",
        ),
        (12, "mqtt", "owner", window, "40", "timed out", "the window's motor is jammed"),
        (4, "cli", "owner", CLIMATE_ON, "true", "accepted", ""),
    ]
    return [
        Audit(
            id=f"past-{minutes}",
            time_ns=now_ns - 60 * minutes * NS_PER_S,
            end_ns=now_ns - 60 * minutes * NS_PER_S,
            who=who,
            role=role,
            what=what,
            value=value,
            result=result,
            reason=reason,
        )
        for minutes, who, role, what, value, result, reason in told
    ]


def todays_plan(now_ns: int) -> Today:
    """Four things that two people mean to do around now."""
    hours = [(-4.6, "Giulia", "home", "Home"), (-13.2, "Giulia", "work", "Office")]
    hours += [(1.5, "Marco", "shopping", "Market"), (3.5, "Marco", "home", "Home")]
    activities = [
        Activity(start_ns=now_ns + int(h * 3600) * NS_PER_S, person=p, what=w, place=place)
        for h, p, w, place in sorted(hours)
    ]
    return Today(time_ns=now_ns, activities=activities)


def as_json(value: object) -> str:
    """Show a message as JSON, for the failure text of a test."""
    return msgspec.json.encode(value).decode()
