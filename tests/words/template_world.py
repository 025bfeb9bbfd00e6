"""Renders the corpus with our templates, in the form in which Home Assistant's answers lie here."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from vettura.clock import RehearsalClock, RehearsalLoop
from vettura.errors import InputError
from vettura.words.moments import read_datetime, read_duration, read_offset
from vettura.words.slugs import slug_of
from vettura.words.states import PlainState
from vettura.words.templates import Templates, as_bool
from words import template_corpus as corpus

PLAIN = (list, dict, set, tuple)


def request(templates=None):
    """What Home Assistant is asked."""
    texts = corpus.TEMPLATES if templates is None else templates
    return {
        "zone": corpus.ZONE,
        "now": corpus.NOW,
        "home": corpus.HOME,
        "states": corpus.STATES,
        "templates": [(text, corpus.VARIABLES) for text in texts],
        "values": corpus.VALUES,
        "slugs": corpus.SLUGS,
        "periods": corpus.PERIODS,
        "datetimes": corpus.DATETIMES,
        "durations": corpus.DURATIONS,
    }


class World:
    """The states of the corpus."""

    def __init__(self, now):
        self._states = {
            entity_id: PlainState(entity_id, state, attributes, moment, moment)
            for entity_id, (state, attributes, seconds) in corpus.STATES.items()
            for moment in [now - timedelta(seconds=seconds)]
        }

    def get(self, entity_id):
        return self._states.get(entity_id)

    def all(self, domain=None):
        found = self._states.values()
        return [s for s in found if domain is None or s.entity_id.startswith(f"{domain}.")]


def templates():
    """Our templates in that world."""
    now = datetime.fromisoformat(corpus.NOW)
    nanoseconds = int(now.timestamp()) * 10**9 + now.microsecond * 1000
    loop = RehearsalLoop()
    clock = RehearsalClock(loop, start_ns=nanoseconds, seed=1)
    loop.close()
    return Templates(clock, ZoneInfo(corpus.ZONE), states=World(now), home=corpus.HOME)


def shown(value):
    """The type and the value, without the wrapper that keeps the text."""
    for kind in PLAIN:
        if isinstance(value, kind):
            value = kind(value)
    return [type(value).__name__, repr(value)]


def rendered(ours, text):
    """What we make of a template, as Home Assistant's answers are written."""
    try:
        found = ours.compile(text).render_reading(corpus.VARIABLES)
    except InputError as error:
        return {"error": error.message}
    if found.error is not None:
        return {"error": found.error.message}
    return {
        "result": shown(found.result),
        "true": as_bool(found.result),
        "entities": sorted(found.reads.entities),
        "domains": sorted(found.reads.domains),
        "counted": sorted(found.reads.domains_counted),
        "all": found.reads.all_states,
        "time": found.reads.time,
    }


def value_of(ours, text, value):
    """What we make of an MQTT payload."""
    try:
        return ours.compile(text).render_value(value)
    except InputError:
        return "<error>"


def _seconds(value):
    try:
        return read_offset(value).total_seconds()
    except ValueError:
        return None


def _datetime(text):
    try:
        found = read_datetime(text)
    except ValueError:
        return None
    return found and found.isoformat()


def _duration(text):
    found = read_duration(text)
    return None if found is None else found.total_seconds()


def answers():
    """Ours, to everything that Home Assistant was asked."""
    ours = templates()
    return {
        "templates": [rendered(ours, text) for text in corpus.TEMPLATES],
        "values": [value_of(ours, *case) for case in corpus.VALUES],
        "slugs": [slug_of(text) for text in corpus.SLUGS],
        "periods": [_seconds(value) for value in corpus.PERIODS],
        "datetimes": [_datetime(text) for text in corpus.DATETIMES],
        "durations": [_duration(text) for text in corpus.DURATIONS],
    }
