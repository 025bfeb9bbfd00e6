"""A day of the example household with faults, and what must hold however bad the day is."""

from msgspec.structs import replace

from make import ROOT
from vettura.bus.messages import decode
from vettura.bus.messages_home import DeviceAction
from vettura.home.findings.breaks import mishaps_before
from vettura.home.findings.wishes import wish_of
from vettura.house import load_home
from vettura.house.rehearsed import Wanted, live
from vettura.units import NS_PER_S

CASA = load_home(ROOT / "examples" / "casa.toml")
DAY_S = 86_400.0
REACHED_NS = 120 * NS_PER_S
SETTLED = {"open", "closed", "on", "off", "locked", "unlocked", "docked"}


def on_foot(home):
    """The same household, in which nobody drives: the car stands there and costs little."""
    people = tuple(replace(person, car="") for person in home.household.people)
    return replace(home, household=replace(home.household, people=people))


class Orders:
    """What scenes asked of devices, by id."""

    def __init__(self):
        self.asked = {}

    def hear(self, _time_ns, subject, data):
        if subject.startswith("home.") and subject.endswith(".do"):
            wish = decode(data, DeviceAction, where=subject)
            if wish.cause is not None and wish.cause.who.startswith("automation."):
                self.asked.setdefault(wish.id, wish)


def lived(home, faults):
    """One day with those faults; what was asked is checked against what became of it."""
    orders = Orders()
    wanted = Wanted(home=home, seed=faults % 7, duration_s=DAY_S, faults=faults)
    day = live(wanted, taps=[orders.hear])
    told = {(call.run, entity) for call in day.story.calls for entity in call.entities}
    late = day.story.end_ns - REACHED_NS
    lost = [
        wish
        for wish in orders.asked.values()
        if wish.entity and (wish.cause.id, wish.entity) not in told and not _is_late(wish, day)
    ]
    assert lost == []
    for call in day.story.calls:
        assert call.ok or call.reason, call
        if call.ok and call.time_ns < late:
            _check_reached(day.story, call)
    for broken in day.report().found("promise"):
        assert any(mishaps_before(day.mishaps, time_ns) for time_ns in broken.moments_ns), broken
    return day


def _is_late(wish, day):
    """Asked in the last moments: its answer is not told any more."""
    runs = [call for call in day.story.calls if call.run == wish.cause.id]
    return not runs or max(call.time_ns for call in runs) > day.story.end_ns - REACHED_NS


def _check_reached(story, call):
    """What was answered with yes has come about, or somebody wished otherwise at once."""
    wanted = wish_of(call.action, call.data).get("state")
    if wanted not in SETTLED:
        return
    for entity in call.entities:
        track = story.track(entity)
        seen = {track.at(call.time_ns - NS_PER_S), track.at(call.time_ns)}
        rows = track.between(call.time_ns - NS_PER_S, call.time_ns + REACHED_NS)
        seen |= {track.states[row] for row in rows}
        assert wanted in seen or "unavailable" in seen, (entity, call, seen)
