"""What people do to the devices around them where no scene does it for them. Pure, from chance.

| when | what | share |
|---|---|---|
| somebody enters a dark room and its lamps are off | switches one on; dimly at night | 0.9 |
| the last one leaves a room with a lamp on | switches it off | 0.75 |
| somebody sits down to watch | switches the television on | 0.95 |
| the last one stops watching | switches it off | 0.95 |
| somebody falls asleep | switches the lamps of the bedroom off | 0.97 |
| somebody gets dressed, somebody reads in bed | opens, shuts the shutters of their bedroom | 0.85 |
| the last one falls asleep | locks the front door | 0.8 |
| the last one leaves on foot, or by car | locks the front door | 0.92, 0.6 |
| somebody comes home on foot, or is about to go out | unlocks the front door | always |
| somebody drives off or comes home | opens the garage door, shuts it behind them | always, 0.88 |
| somebody comes home by scooter | plugs it in, when it is below 80 % | 0.85 |
| the last one leaves on Tuesday or Friday | starts the robot | 0.6 |

Before they do anything they look: what a scene or somebody else has done by then they leave alone.
"""

from collections.abc import Sequence
from random import Random  # noqa: TID251  the type; streams are made by the clock's room
from typing import NamedTuple

from vettura.home.device.cover import GarageDoorEntry, ShuttersEntry
from vettura.home.device.entity import DeviceEntry
from vettura.home.device.light import LightEntry
from vettura.home.device.lock import LockEntry
from vettura.home.device.scooter import PLUG, ScooterEntry
from vettura.home.device.tv import TvEntry
from vettura.home.device.vacuum import VacuumEntry
from vettura.home.device.world import Whereabouts
from vettura.life.person_day import HALL

DARK_W_PER_M2 = 25.0
"""Sun outside below which a room is dark, some 2,500 lux out in the open."""
NIGHT_LIGHT_PCT = 15
PLUG_BELOW = 80.0
SHOES_S = 70.0
"""Who is about to leave unlocks the door after so long in the hall."""
ROBOT_DAYS = (1, 4)


class Deed(NamedTuple):
    """Something that somebody is about to do."""

    after_s: float
    device: str
    action: str
    entity: str = ""
    data: tuple[tuple[str, object], ...] = ()
    only_if: tuple[str, ...] = ()
    """The states of `entity` in which there is something to do; empty for any."""
    is_alone: str = ""
    """Only if nobody is in that room by then; `home` for nobody at home."""
    is_unlit: str = ""
    """Only if no lamp shines in that room by then."""


class Moment(NamedTuple):
    """What matters when somebody goes elsewhere or begins something else."""

    before: Whereabouts
    now: Whereabouts
    others: Sequence[Whereabouts]
    """Where everybody else is."""
    is_dark: bool
    weekday: int
    home: str
    """Name of the place that is home."""
    has_car: bool
    scooter_percent: float
    """Charge of this person's scooter; 100 for who has none."""


class Things:
    """The devices of a home that people put their hands on, by where they are."""

    def __init__(self, entries: Sequence[DeviceEntry]) -> None:
        self.lamps = [e for e in entries if isinstance(e, LightEntry)]
        self.shutters = [e for e in entries if isinstance(e, ShuttersEntry)]
        self.televisions = [e for e in entries if isinstance(e, TvEntry)]
        self.locks = [e for e in entries if isinstance(e, LockEntry)]
        self.garage_doors = [e for e in entries if isinstance(e, GarageDoorEntry)]
        self.scooters = [e for e in entries if isinstance(e, ScooterEntry)]
        self.robots = [e for e in entries if isinstance(e, VacuumEntry)]

    def lamps_of(self, room: str) -> list[LightEntry]:
        """The lamps of a room, the one by the door first."""
        return [lamp for lamp in self.lamps if lamp.area == room]


def deeds(person: str, moment: Moment, things: Things, chance: Random) -> list[Deed]:
    """What that person is about to do, soonest not first."""
    before, now = moment.before, moment.now
    found: list[Deed] = []
    if before.room and before.room != now.room:
        found += _leaves_room(moment, things, chance)
    if now.room and (before.room != now.room or before.doing != now.doing):
        found += _in_room(moment, things, chance)
    if before.place != now.place:
        if now.place == moment.home:
            found += _comes_home(person, moment, things, chance)
        elif before.place == moment.home:
            found += _leaves_home(moment, things, chance)
    return found


def _leaves_room(moment: Moment, things: Things, chance: Random) -> list[Deed]:
    room = moment.before.room
    wants = chance.random() < 0.75
    after_s = chance.uniform(2.0, 20.0)
    if not wants or any(other.room == room for other in moment.others):
        return []
    return [_off(lamp, after_s, is_alone=room) for lamp in things.lamps_of(room)]


def _in_room(moment: Moment, things: Things, chance: Random) -> list[Deed]:
    before, now = moment.before, moment.now
    found: list[Deed] = []
    if before.room != now.room and now.doing != "sleeping":
        found += _lights_up(moment, things, chance)
    if now.room == HALL and now.doing == "dressing" and not moment.has_car:
        found += [_unlocked(lock, SHOES_S) for lock in things.locks]
    tv_s, tv = chance.uniform(20.0, 60.0), chance.random() < 0.95
    for television in things.televisions:
        if now.doing == "watching" and television.area == now.room and tv:
            found.append(_switch(television, "media_player", "turn_on", tv_s, ("off",)))
    has_watched = before.doing == "watching" and now.doing != "watching"
    if has_watched and tv and not any(other.doing == "watching" for other in moment.others):
        states = ("on", "playing", "paused", "idle")
        found += [
            _switch(each, "media_player", "turn_off", tv_s, states)
            for each in things.televisions
            if each.area == before.room
        ]
    if now.doing == "sleeping" and chance.random() < 0.97:
        found += [_off(lamp, chance.uniform(1.0, 8.0)) for lamp in things.lamps_of(now.room)]
    return [*found, *_bedroom(moment, things, chance)]


def _lights_up(moment: Moment, things: Things, chance: Random) -> list[Deed]:
    lamps = things.lamps_of(moment.now.room)
    wants, after_s = chance.random() < 0.9, chance.uniform(4.0, 9.0)
    if not (lamps and wants and moment.is_dark):
        return []
    is_night = moment.now.doing == "up"
    data = (("brightness_pct", NIGHT_LIGHT_PCT if is_night else 100),)
    lit = _switch(lamps[0], "light", "turn_on", after_s, ("off",))
    return [lit._replace(data=data, is_unlit=moment.now.room)]


def _bedroom(moment: Moment, things: Things, chance: Random) -> list[Deed]:
    now = moment.now
    wants, after_s = chance.random() < 0.85, chance.uniform(30.0, 150.0)
    found: list[Deed] = []
    for shutters in things.shutters:
        if shutters.area == now.room and wants and not moment.is_dark and now.doing == "dressing":
            found.append(_cover(shutters, "open_cover", after_s, ("closed",)))
        if shutters.area == now.room and wants and now.doing == "reading":
            found.append(_cover(shutters, "close_cover", after_s, ("open",)))
    all_sleep = all(o.doing == "sleeping" or o.place != moment.home for o in moment.others)
    if now.doing == "sleeping" and all_sleep and chance.random() < 0.8:
        # They did it on their way to bed, as far as anybody can tell.
        found += [_locked(lock, 1.0) for lock in things.locks]
    return found


def _comes_home(person: str, moment: Moment, things: Things, chance: Random) -> list[Deed]:
    found: list[Deed] = []
    shuts, shuts_s = chance.random() < 0.88, chance.uniform(60.0, 140.0)
    plugs, plugs_s = chance.random() < 0.85, chance.uniform(40.0, 150.0)
    if moment.has_car:
        for door in things.garage_doors:
            found.append(_cover(door, "open_cover", 0.0, ("closed",)))
            if shuts:
                found.append(_cover(door, "close_cover", shuts_s, ("open", "opening")))
        return found
    found += [_unlocked(lock, 0.0) for lock in things.locks]
    if moment.before.doing == "scooter" and plugs and moment.scooter_percent < PLUG_BELOW:
        mine = [each for each in things.scooters if each.person == person]
        found += [Deed(plugs_s, each.id, PLUG) for each in mine]
    return found


def _leaves_home(moment: Moment, things: Things, chance: Random) -> list[Deed]:
    found: list[Deed] = []
    shuts, shuts_s = chance.random() < 0.88, chance.uniform(20.0, 45.0)
    locks = chance.random() < (0.6 if moment.has_car else 0.92)
    robot, robot_s = chance.random() < 0.6, chance.uniform(60.0, 300.0)
    is_last = all(other.place != moment.home for other in moment.others)
    if moment.has_car and shuts:
        found += [
            _cover(door, "close_cover", shuts_s, ("open", "opening"))
            for door in things.garage_doors
        ]
    if is_last and locks:
        found += [_locked(lock, chance.uniform(8.0, 20.0)) for lock in things.locks]
    if is_last and robot and moment.weekday in ROBOT_DAYS:
        found += [
            _switch(each, "vacuum", "start", robot_s, ("docked",))._replace(is_alone="home")
            for each in things.robots
        ]
    return found


def opening(door: GarageDoorEntry) -> Deed:
    """Open the garage door."""
    return _cover(door, "open_cover", 0.0, ("closed", "closing"))


def _switch(
    entry: DeviceEntry, domain: str, action: str, after_s: float, only_if: tuple[str, ...]
) -> Deed:
    entity = f"{domain}.{entry.slug}"
    return Deed(after_s, entry.id, f"{domain}.{action}", entity, only_if=only_if)


def _cover(entry: DeviceEntry, action: str, after_s: float, only_if: tuple[str, ...]) -> Deed:
    return _switch(entry, "cover", action, after_s, only_if)


def _unlocked(lock: LockEntry, after_s: float) -> Deed:
    return _switch(lock, "lock", "unlock", after_s, ("locked", "locking"))


def _locked(lock: LockEntry, after_s: float) -> Deed:
    return _switch(lock, "lock", "lock", after_s, ("unlocked", "unlocking"))


def _off(lamp: LightEntry, after_s: float, *, is_alone: str = "") -> Deed:
    return _switch(lamp, "light", "turn_off", after_s, ("on",))._replace(is_alone=is_alone)
