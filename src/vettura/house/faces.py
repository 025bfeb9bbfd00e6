"""Builds the faces that a home file asks for, and keeps one face's failure from the rest."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import structlog

from vettura.bus.interface import Bus
from vettura.car import load_car
from vettura.clock.interface import Clock
from vettura.errors import EnvironmentFault, UsageError, VetturaError
from vettura.faces.config import (
    CanConfig,
    CarFacts,
    DiscoveryConfig,
    FacesConfig,
    HassConfig,
    HomeAssistantConfig,
    HomeFacts,
    KuksaConfig,
    MiioConfig,
    MqttConfig,
    ObdConfig,
    OcppConfig,
)
from vettura.house.file import HomeFile
from vettura.life import StationConfig
from vettura.words.car import slugs
from vettura.words.energy import EnergyHome

log = structlog.get_logger()

ALL_FACES = FacesConfig(
    kuksa=KuksaConfig(),
    mqtt=MqttConfig(),
    homeassistant=HomeAssistantConfig(),
    discovery=DiscoveryConfig(),
    hass=HassConfig(),
    obd=ObdConfig(),
    can=CanConfig(),
    miio=MiioConfig(),
    ocpp=OcppConfig(),
)
"""What a rehearsal with every face on asks for."""
RETRY_S = 2.0
READY_S = 10.0


class Face(Protocol):
    """A service at the edge."""

    ready: asyncio.Event
    """Set once it listens, or speaks to who listens."""
    port: int
    """Where it listens; 0 for a face that does not."""

    async def run(self) -> None:
        """Live until cancelled."""
        ...

    async def run_closed(self) -> None:
        """The same without a socket: hear, translate and encode all, tell nobody."""
        ...


class NamedFace(NamedTuple):
    """A face and what people call it."""

    name: str
    face: Face


def build_faces(
    cars: list[CarFacts],
    bus: Bus,
    clock: Clock,
    pace: Clock,
    *,
    faces: FacesConfig,
    mqtt_port: int | None,
    timezone: str = "UTC",
    stations: Sequence[StationConfig] = (),
    energy: EnergyHome | None = None,
) -> list[NamedFace]:
    """Every face that is asked for, of these cars of one house, not yet running.

    `pace` counts real seconds; `mqtt_port` is the embedded bus's listener, None when there is none;
    `timezone` is the home's, and so are `stations` and `energy`: None where none is planned.
    """
    if faces.homeassistant is not None and faces.mqtt is None:
        raise UsageError("faces.homeassistant speaks through a broker", hint="add [faces.mqtt]")
    return [
        *_for_each_car(cars, bus, clock, pace, faces),
        *_for_the_house(cars, bus, clock, pace, faces, mqtt_port),
        *_from_outside(cars, bus, clock, pace, faces, mqtt_port, timezone),
        *_of_stations(cars[0].home, bus, clock, pace, faces, stations),
        *_of_energy(energy, bus, clock, pace, faces, mqtt_port),
    ]


def _of_energy(
    energy: EnergyHome | None,
    bus: Bus,
    clock: Clock,
    pace: Clock,
    faces: FacesConfig,
    mqtt_port: int | None,
) -> Iterator[NamedFace]:
    """The home's energy, through the broker of the cars."""
    if energy is None or faces.mqtt is None:
        return
    from vettura.faces.mqtt_energy import MqttEnergyFace

    face = MqttEnergyFace(
        bus,
        clock,
        pace,
        faces.mqtt,
        energy,
        homeassistant=faces.homeassistant,
        embedded_port=mqtt_port,
    )
    yield NamedFace("mqtt energy", face)


def _of_stations(
    home: str,
    bus: Bus,
    clock: Clock,
    pace: Clock,
    faces: FacesConfig,
    stations: Sequence[StationConfig],
) -> Iterator[NamedFace]:
    """The wallboxes that come to us, and ours that go to somebody."""
    if faces.ocpp is not None:
        from vettura.faces.ocpp import OcppFace

        yield NamedFace("ocpp", OcppFace(bus, clock, pace, faces.ocpp, home, stations))
    known = {station.id: station for station in stations}
    for point in faces.ocpp_points:
        from vettura.faces.ocpp_point import OcppPointFace

        face = OcppPointFace(bus, clock, pace, point, home, known[point.station])
        yield NamedFace(f"ocpp point {point.station}", face)


def _for_each_car(
    cars: list[CarFacts], bus: Bus, clock: Clock, pace: Clock, faces: FacesConfig
) -> Iterator[NamedFace]:
    # Imported only when asked for: gRPC and CAN are nobody else's waiting time.
    for index, car in enumerate(cars):
        if faces.kuksa is not None:
            from vettura.faces.kuksa import KuksaFace

            kuksa = KuksaFace(bus, clock, pace, faces.kuksa, car, index=index)
            yield NamedFace(f"kuksa {car.vin}", kuksa)
        if faces.obd is not None:
            from vettura.faces.obd import ObdFace

            yield NamedFace(
                f"obd {car.vin}", ObdFace(bus, clock, pace, faces.obd, car, index=index)
            )
        if faces.can is not None:
            from vettura.faces.can import CanFace

            yield NamedFace(
                f"can {car.vin}", CanFace(bus, clock, pace, faces.can, car, index=index)
            )


def _for_the_house(
    cars: list[CarFacts],
    bus: Bus,
    clock: Clock,
    pace: Clock,
    faces: FacesConfig,
    mqtt_port: int | None,
) -> Iterator[NamedFace]:
    if faces.miio is not None:
        yield from _miio(cars[0].home, bus, clock, pace, faces.miio)
    if faces.ble is not None:
        from vettura.faces.ble import BleFace

        yield NamedFace("ble", BleFace(bus, clock, pace, faces.ble, cars[0].home))
    if faces.mqtt is None:
        return
    from vettura.faces.mqtt import MqttFace

    yield NamedFace(
        "mqtt",
        MqttFace(
            bus,
            clock,
            pace,
            faces.mqtt,
            cars,
            homeassistant=faces.homeassistant,
            embedded_port=mqtt_port,
        ),
    )


def _from_outside(
    cars: list[CarFacts],
    bus: Bus,
    clock: Clock,
    pace: Clock,
    faces: FacesConfig,
    mqtt_port: int | None,
    timezone: str,
) -> Iterator[NamedFace]:
    """The faces that bring others' devices in."""
    home = HomeFacts(id=cars[0].home, timezone=timezone)
    if faces.discovery is not None:
        from vettura.faces.discovery import DiscoveryFace

        face = DiscoveryFace(
            bus,
            clock,
            pace,
            faces.discovery,
            home,
            cars,
            mqtt=faces.mqtt,
            embedded_port=mqtt_port,
        )
        yield NamedFace("discovery", face)
    if faces.hass is not None:
        from vettura.faces.hass import HassFace

        # What discovery brings in, Home Assistant has as well, by its integration `mqtt`.
        platforms = ("mqtt",) if faces.discovery is not None else ()
        hass = HassFace(bus, clock, pace, faces.hass, home, cars, platforms=platforms)
        yield NamedFace("hass", hass)


def _miio(
    home: str, bus: Bus, clock: Clock, pace: Clock, config: MiioConfig
) -> Iterator[NamedFace]:
    from vettura.faces.miio import MiioFace

    yield NamedFace("miio", MiioFace(bus, clock, pace, config, home))
    if config.real:
        from vettura.faces.miio_devices import MiioDevicesFace

        yield NamedFace("miio devices", MiioDevicesFace(bus, clock, pace, config, home))


def facts_of(home: HomeFile) -> list[CarFacts]:
    """What the faces are told of the cars of a house."""
    specs = [(car.vin, load_car(car.model)) for car in home.cars]
    return [
        CarFacts(vin=vin, home=home.household.id, name=spec.name, make=spec.make, model=spec.model)
        for vin, spec in specs
    ]


def energy_of(home: HomeFile) -> EnergyHome | None:
    """What the faces are told of a home's energy; None where none is planned."""
    config, household = home.energy, home.household
    if config is None:
        return None
    named = [(facts.name, facts.vin) for facts in facts_of(home)]
    return EnergyHome(
        home=household.id,
        title=household.title or household.id,
        currency=config.currency,
        cars=list(zip(slugs(named), (vin for _, vin in named), strict=True)),
        stations=[station.id for station in home.stations],
        has_sun=bool(config.panels) or not config.virtual,
        has_battery=config.battery is not None,
    )


async def keep_up(named: NamedFace, pace: Clock) -> None:
    """Run one face for ever; what it stumbles over is told, and it starts anew.

    A mistake in the home file, or something this machine lacks, ends the house with one line while
    the face has not been ready yet.
    """
    while True:
        try:
            await named.face.run()
        except Exception as error:
            fault = _fault_in(error)
            if fault is not None and not named.face.ready.is_set():
                raise fault from None
            log.exception("face_failed", face=named.name)
        await pace.sleep(RETRY_S)


def _fault_in(error: Exception) -> VetturaError | None:
    """What a person has to mend, by itself or among what a task group gathered; else None."""
    if isinstance(error, UsageError | EnvironmentFault):
        return error
    if isinstance(error, ExceptionGroup):
        return next(filter(None, map(_fault_in, error.exceptions)), None)
    return None


async def all_ready(faces: list[NamedFace], pace: Clock) -> None:
    """Return when every face listens, or after 10 s: a broker may be away for long."""
    waits = asyncio.gather(*(named.face.ready.wait() for named in faces))
    try:
        await pace.wait_for(waits, READY_S)
    except TimeoutError:
        log.warning("faces_wait", faces=[n.name for n in faces if not n.face.ready.is_set()])
