"""Templates: what they say, what they read, and that they cannot do harm."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.bus.messages_home import DeviceAbout, EntityAbout
from vettura.clock import RehearsalClock, RehearsalLoop
from vettura.errors import InputError
from vettura.words.states import PlainState
from vettura.words.templates import Templates, as_bool, parse_result

START_NS = 1_700_000_000 * 10**9  # 2023-11-14 22:13:20 UTC
ROME = ZoneInfo("Europe/Rome")


class Home:
    """A few states and one device."""

    def __init__(self):
        then = datetime(2023, 11, 14, 20, 0, tzinfo=UTC)
        self._states = {
            entity_id: PlainState(entity_id, state, attributes, then, then)
            for entity_id, state, attributes in (
                ("light.hall", "on", {"brightness": 5, "friendly_name": "Hall"}),
                ("light.attic", "off", {}),
                ("sensor.out", "21.5", {"unit_of_measurement": "°C"}),
                ("sensor.gone", "unavailable", {}),
                ("group.all", "on", {"entity_id": ["light.hall", "group.all", "light.attic"]}),
                ("zone.home", "1", {"latitude": 45.4, "longitude": 9.2, "persons": ["person.a"]}),
                ("person.a", "home", {"latitude": 45.41, "longitude": 9.2}),
            )
        }

    def get(self, entity_id):
        return self._states.get(entity_id)

    def all(self, domain=None):
        found = self._states.values()
        return [s for s in found if domain is None or s.entity_id.startswith(f"{domain}.")]

    def devices(self):
        lamp = DeviceAbout(
            name="Hall lamp",
            area="Living room",
            manufacturer="Xiaomi",
            origin="virtual",
            entities={"light.hall": EntityAbout(name="Hall")},
        )
        return {"hall-lamp": lamp}


@pytest.fixture(scope="module")
def templates():
    loop = RehearsalLoop()
    home = Home()
    clock = RehearsalClock(loop, start_ns=START_NS, seed=1)
    yield Templates(clock, ROME, states=home, devices=home, home=(45.4, 9.2))
    loop.close()


SAYS = [
    ("plain", "plain"),
    ("5", 5),
    ("{{ 1 + 1 }}", 2),
    ("{{ '007' }}", "007"),
    ("{{ '1e5' }}", "1e5"),
    ("{{ 3.10 }}", 3.1),
    ("{{ 'True' }}", True),
    ("{{ none }}", None),
    ("{{ [1, 'a'] }}", [1, "a"]),
    ("[1, 2]", [1, 2]),
    ("{{ {'a': 1} }}", {"a": 1}),
    ("{{ states('light.hall') }}", "on"),
    ("{{ states('light.nowhere') }}", "unknown"),
    ("{{ states('sensor.out', with_unit=True) }}", "21.5 °C"),
    ("{{ states.sensor.out.state_with_unit }}", "21.5 °C"),
    ("{{ states.light.hall.attributes.brightness }}", 5),
    ("{{ states.light.nowhere is none }}", True),
    ("{{ states.light.nowhere.state }}", ""),
    ("{{ states['light.hall'].name }} {{ states.light.attic.name }}", "Hall attic"),
    ("{{ is_state('light.hall', ['on', 'x']) and 'light.hall' is is_state('on') }}", True),
    ("{{ state_attr('light.hall', 'brightness') }}", 5),
    ("{{ has_value('sensor.gone') }}", False),
    ("{{ states.light | selectattr('state', 'eq', 'on') | map(attribute='entity_id') | list }}",
     ["light.hall"]),
    ("{{ expand('group.all') | map(attribute='entity_id') | sort }}",
     ["light.attic", "light.hall"]),
    ("{{ expand('zone.home') | map(attribute='entity_id') | list }}", ["person.a"]),
    ("{{ distance('person.a') | round(2) }}", 1.11),
    ("{{ closest(states.person).entity_id }}", "person.a"),
    ("{{ area_name('light.hall') }}|{{ area_id('Living room') }}", "Living room|living_room"),
    ("{{ area_entities('living_room') }}", ["light.hall"]),
    ("{{ device_attr(device_id('light.hall'), 'manufacturer') }}", "Xiaomi"),
    ("{{ now().isoformat() }}", "2023-11-14T23:13:20+01:00"),
    ("{{ utcnow().hour }}", 22),
    ("{{ today_at('07:30').isoformat() }}", "2023-11-14T07:30:00+01:00"),
    ("{{ as_timestamp('2023-11-14 23:13:20') | int }}", 1_700_000_000),
    ("{{ as_timestamp('nonsense', 7) }}", 7),
    ("{{ 1700000000 | timestamp_custom('%H:%M') }}", "23:13"),
    ("{{ 0 | timestamp_utc }}", "1970-01-01T00:00:00+00:00"),
    ("{{ relative_time(states.light.hall.last_changed) }}", "2 hours"),
    ("{{ time_since(states.light.hall.last_changed, 2) }}", "2 hours 13 minutes"),
    ("{{ (now() - timedelta(hours=1)).hour }}", 22),
    ("{{ as_timedelta('PT90S').total_seconds() }}", 90.0),
    ("{{ strptime('2024-02-29', '%Y-%m-%d').day }}", 29),
    ("{{ 'x' | float(0) }} {{ '5.7' | int }} {{ 'on' | bool }}", "0 5 True"),
    ("{{ 'x' | float }}", InputError),
    ("{{ 2.4 | round(method='half') }}|{{ 7.45 | round(1) }}", "2|7.5"),
    ("{{ [1, 2, 6] | average }} {{ median(1, 9, 2) }} {{ max(3, 4) }} {{ min([2, 1]) }}",
     "3.0 2 4 1"),
    ("{{ iif(none, 1, 2, 3) }}", 3),
    ("{{ 'abc' | regex_replace('b', '-') }} {{ 'abc' is match('b') }}", "a-c False"),
    ("{{ '{\"a\": [1]}' | from_json }}", {"a": [1]}),
    ("{{ {'b': 1, 'a': 'ü'} | to_json }}", {"b": 1, "a": "ü"}),
    ("{{ 'Grüße, Öl!' | slugify }}", "grusse_ol"),
    ("{{ 11 | ordinal }} {{ 22 | ordinal }}", "11th 22nd"),
    ("{% for i in range(9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "012"),
    ("{{ '1.10.0' | version > '1.9' }}", True),
    ("{{ [1, 2] is contains(2) }}", True),
    ("{{ [1, [2, [3]]] | flatten }}{{ [1, [2, [3]]] | flatten(1) }}", "[1, 2, 3][1, 2, [3]]"),
    ("{{ [1, 2] | union([2, 3]) }}{{ [1, 2] | intersect([2]) }}", "[1, 2, 3][2]"),
    ("{{ [1, 2] | difference([2]) }}{{ [1] | symmetric_difference([2]) }}", "[1][1, 2]"),
    ("{{ {'a': {'b': 1}} | combine({'a': {'c': 2}}, recursive=True) }}",
     {"a": {"b": 1, "c": 2}}),
    ("{{ zip([1, 2], 'ab') | list }}", [(1, "a"), (2, "b")]),
    ("{{ 'x' | md5 }}{{ clamp(7, 0, 5) }}{{ [] | typeof }}",
     "9dd4e461268c8034f5c8564e155c67a65.0list"),
    ("{{ 'abc' | flatten }}", InputError),
    ("{{ nothing }}", ""),
    ("{{ nothing.at_all }}", InputError),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SAYS)
def test_templates_say_what_they_say_in_home_assistant(templates, text, expected):
    if expected is InputError:
        with pytest.raises(InputError) as caught:
            templates.compile(text).render()
        assert "\n" not in caught.value.message
        return
    result = templates.compile(text).render()
    assert result == expected
    assert isinstance(result, type(expected))


READS = [
    ("{{ states('light.hall') }}{{ is_state('light.attic', 'on') }}",
     {"light.hall", "light.attic"}, set(), False),
    ("{{ states('light.nowhere') }}", {"light.nowhere"}, set(), False),
    ("{{ states.light.hall.entity_id }}", set(), set(), False),
    ("{{ states.light | map(attribute='state') | list }}", set(), {"light"}, False),
    ("{{ now().hour > 6 }}", set(), set(), True),
    ("{{ expand('group.all') | length }}", {"light.hall", "light.attic", "group.all"}, set(),
     False),
    ("{{ is_state('light.hall', 'off') and is_state('light.attic', 'on') }}", {"light.hall"},
     set(), False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "entities", "domains", "time"), READS)
def test_what_a_template_reads_is_noted(templates, text, entities, domains, time):
    reads = templates.compile(text).render_reading().reads
    assert (reads.entities, reads.domains, reads.time) == (entities, domains, time)
    assert all(reads.covers(entity) for entity in entities)
    assert not reads.covers("switch.other")


def test_an_error_keeps_what_was_read_until_then(templates):
    rendered = templates.compile("{{ states('light.hall') | int }}").render_reading()
    assert rendered.error is not None
    assert rendered.reads.entities == {"light.hall"}


HOSTILE = [
    "{{ 'a' * 10**9 }}",
    "{{ [0] * 10**9 }}",
    "{{ 9 ** 999999999 }}",
    "{{ 1 | round(10 ** 9) }}",
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{{ range(10 ** 12) | list }}",
    "{{ 'a' | center(10 ** 9) }}{{ 'b'.ljust(10 ** 9) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ '{:{}}'.format(1, 1000000000) }}",
    "{{ (1).to_bytes(10 ** 9, 'big') }}",
    "{{ ('a' * 9999) | replace('a', 'b' * 9999) }}",
    "{{ ('a' * 9999).replace('a', 'b' * 9999) }}",
    "{{ ('a' * 99999).join(['b'] * 9999) }}",
    "{{ ['b'] * 9999 | join('a' * 99999) }}{{ (['b'] * 9999) | join('a' * 99999) }}",
    "{{ 'ab' | batch(10 ** 9, 'x') | list }}",
    "{{ 'ab' | slice(10 ** 9) | list }}",
    "{{ 'a\n' | indent(10 ** 9) }}",
    (
        "{% set n = namespace(a='xxxxxxxxxx') %}{% for i in range(60) %}{% set n.a = n.a ~ n.a %}"
        "{% endfor %}"
    ),
    (
        "{% set n = namespace(a=[1]) %}{% for i in range(60) %}{% set n.a = [n.a, n.a] %}"
        "{% endfor %}{{ n.a }}"
    ),
    (
        "{% set n = namespace(a=1) %}{% for i in range(60) %}"
        "{% set n.a = namespace(b=n.a, c=n.a) %}{% endfor %}{{ n.a }}"
    ),
    "{% set n = namespace(a=1) %}{% set n.a = n %}{{ n }}",
    (
        "{% set n = namespace(a={}) %}{% for i in range(60) %}{% set n.a = dict(a=n.a, b=n.a) %}"
        "{% endfor %}{{ n.a }}"
    ),
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(d) %}{% if d %}{{ m(d - 1) }}{{ m(d - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{{ ('a' * 40 ~ '!') | regex_match('(a+)+$') }}",
    "{{ ('a' * 9000) is search('a*a*a*a*b') }}",
    "{{ 'a' | regex_findall('(') }}",
    "{% for i in range(90000) %}" + "x" * 5000 + "{% endfor %}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ now.__globals__.keys() }}",
    "{{ '{0.__class__.__mro__}'.format(1) ~ '{x.__class__}'.format_map({'x': 1}).__len__() }}",
    "{{ states.light._lookup._states.get('light.hall') }}",
    "{{ states.__init__.__globals__['x'] }}",
    "{{ [].append(1) }}",
    "{% include '/etc/passwd' %}",
    "{{ lipsum() }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ 1" + " + 1" * 20_000 + " }}",
    "{{ x",
    "{% endif %}",
    "{{ 1 / 0 }}",
    "{{ 1 | nosuchfilter }}",
    "{{ ('9' * 5000) | int }}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_template_ends_in_one_clear_line(templates, text):
    with pytest.raises(InputError) as caught:
        templates.compile(text).render()
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 400
    # The next template finds everything as it was.
    assert templates.compile("{{ 1 + 1 }}").render() == 2


def test_an_escape_from_the_sandbox_shows_nothing(templates):
    for text in ("{{ ().__class__ }}", "{{ now.__globals__ }}", "{{ self.__init__ }}"):
        assert templates.compile(text).render(parse=False) == ""


def test_value_templates_see_the_payload_and_its_json(templates):
    render = templates.compile("{{ value_json.a if value_json is defined else value }}")
    assert render.render_value('{"a": 21.50}') == "21.5"
    assert render.render_value("plain") == "plain"
    assert (
        templates.compile("{{ value | int + this.x }}").render_value("1", {"this": {"x": 2}}) == "3"
    )
    assert templates.compile("fixed").render_value("1") == "fixed"


def test_macros_can_be_imported_from_given_files():
    loop = RehearsalLoop()
    clock = RehearsalClock(loop, start_ns=START_NS, seed=1)
    sources = {"tools.jinja": "{% macro double(x) %}{{ x * 2 }}{% endmacro %}"}
    templates = Templates(clock, ROME, sources=sources)
    assert templates.compile("{% from 'tools.jinja' import double %}{{ double(4) }}").render() == 8
    loop.close()


def test_a_list_that_was_rendered_writes_itself_as_it_was(templates):
    made = templates.compile('["a",  "b"]').render()
    assert templates.compile("{{ made }} {{ made[0] }}").render({"made": made}, parse=False) == (
        '["a",  "b"] a'
    )


def test_conditions_hold_for_the_words_of_home_assistant():
    assert [as_bool(x) for x in (True, 1, 2.5, "on", "Yes", "TRUE", " enable ")] == [True] * 7
    assert [as_bool(x) for x in (None, 0, "off", "maybe", "", [1], {})] == [False] * 7


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="{}%|()[]'\"~+-*/.,:=<> abcnors019_\\\n", max_size=60))
def test_any_text_is_a_template_or_one_clear_line(text):
    loop = RehearsalLoop()
    templates = Templates(RehearsalClock(loop, start_ns=START_NS, seed=1), ROME)
    message = ""
    try:
        templates.compile("{{ " + text + " }}").render()
        templates.compile(text).render()
    except InputError as error:
        message = error.message
    finally:
        loop.close()
    assert "\n" not in message


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=20), st.integers(), st.lists(st.booleans()), st.none()))
def test_results_are_read_back(value):
    text = str(value).strip()
    result = parse_result(text)
    if not isinstance(value, str):
        assert result == value
