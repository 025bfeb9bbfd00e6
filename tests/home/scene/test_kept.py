"""A run that is kept and taken up again does what it would have done without."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from home.scene.made import NOON_NS, TURIN, at
from vettura.bus.messages import decode, encode
from vettura.bus.messages_home import Called, Cause
from vettura.home.scene.engine import Engine
from vettura.home.scene.kept import KeptRun
from vettura.home.scene.live_through import Nobody
from vettura.home.scene.plain import packed, unpacked
from vettura.home.scene.read import read_scenes_text
from vettura.home.scene.state import State
from vettura.home.scene.world import Event, HomePlace
from vettura.words.states import StateContext

ROUND = "{{{{ (repeat | default({{'index': 0}})).index }}}}"
SAY = f'{{{{service: notify.notify, data: {{{{message: "{{}} {ROUND} {{{{{{{{ x }}}}}}}}"}}}}}}}}'
LIGHT = "light.x"
END_S = 2_000


def actions(depth):
    """YAML flow of one action, by its depth."""
    leaves = st.one_of(
        st.integers(0, 99).map(SAY.format),
        st.integers(1, 60).map("{{delay: {}}}".format),
        st.integers(0, 9).map("{{variables: {{x: {}}}}}".format),
        st.integers(1, 90).map(
            "{{wait_template: \"{{{{ is_state('light.x', 'on') }}}}\", timeout: {}}}".format
        ),
        st.integers(1, 90).map(
            "{{wait_for_trigger: {{platform: event, event_type: tick}}, timeout: {}}}".format
        ),
        st.just("{service: script.inner}"),
    )
    if depth == 0:
        return leaves
    inner = st.lists(actions(depth - 1), min_size=1, max_size=3).map(
        lambda steps: f"[{', '.join(steps)}]"
    )
    return st.one_of(
        leaves,
        st.tuples(st.integers(1, 3), inner).map(
            lambda pair: f"{{repeat: {{count: {pair[0]}, sequence: {pair[1]}}}}}"
        ),
        inner.map(lambda steps: f'{{if: "{{{{ true }}}}", then: {steps}}}'),
        inner.map(lambda steps: f"{{choose: [], default: {steps}}}"),
        st.tuples(inner, inner).map(
            lambda pair: f"{{parallel: [{{sequence: {pair[0]}}}, {{sequence: {pair[1]}}}]}}"
        ),
    )


SCENES = st.lists(actions(2), min_size=1, max_size=4).map(
    lambda steps: (
        f"""
script:
  inner: {{mode: parallel, sequence: [{{delay: 7}}, {SAY.format("inner")}]}}
automation:
  - alias: One
    mode: parallel
    variables: {{x: 0}}
    trigger: {{platform: event, event_type: go}}
    action: [{", ".join(steps)}, {SAY.format("end")}]
"""
    )
)
HAPPENS = [(s, "tick" if s % 100 == 50 else "light") for s in range(25, END_S, 25)]


def engine_of(text, begin=1):
    numbers = count(begin)
    return Engine(
        read_scenes_text(text),
        HomePlace(**TURIN),
        Nobody(),
        now_ns=NOON_NS,
        new_id=lambda: f"run-{next(numbers)}",
    )


def lived(text, restarts):
    """(time, message) of all that is said, with restarts at these seconds."""
    engine = engine_of(text)
    engine.show({})
    engine.start()
    engine.advance(at(1))
    engine.happen("go", {}, None)
    said = []
    for second, what in sorted([*HAPPENS, *((s, "restart") for s in restarts)]):
        engine.advance(at(second))
        if what == "restart":
            engine = restarted(engine, text, said)
        elif what == "tick":
            engine.happen("tick", {}, None)
        else:
            engine.update(LIGHT, "on" if second % 200 == 75 else "off", {})
    engine.advance(at(END_S))
    said += engine.take()
    return [
        (each.time_ns, each.data["message"])
        for each in said
        if isinstance(each, Called) and "message" in each.data
    ]


def restarted(engine, text, said):
    said += engine.take()
    before = {
        entity_id: State(entity_id, state, unpacked(shown), 0, 0)
        for entity_id, (state, shown) in engine.remembered().items()
    }
    runs = [decode(encode(run), KeptRun, where="kept") for run in engine.kept_runs()]
    light = engine.world.states.get(LIGHT)
    now_ns = engine.world.now_ns
    engine = engine_of(text, begin=1_000_000)
    engine.world.now_ns = now_ns
    if light is not None:
        engine.update(LIGHT, light.state, {})
    engine.show(before)
    engine.start()
    engine.go_on(runs)
    return engine


@settings(max_examples=60, deadline=None)
@given(SCENES, st.lists(st.integers(2, 400), max_size=4, unique=True))
def test_restarts_change_nothing_of_what_is_done(text, restarts):
    assert lived(text, restarts) == lived(text, [])


def test_what_a_run_knows_is_kept_with_its_kinds():
    cause = Cause(id="x", who="automation.a", hops=2, chain=["b"])
    known = {
        "plain": [1, 2.5, None, True, "x", {"deep": [{}]}],
        "times": (datetime(2026, 3, 2, tzinfo=UTC), date(2026, 3, 2), time(1, 2)),
        "span": timedelta(seconds=1.5),
        "set": {1, 2},
        "numbered": {1: "a"},
        "state": State("light.x", "on", {"a": {3, 4}}, 5, 6, cause),
        "event": Event(event_type="e", data={"s": State("a.b", "x", {}, 1, 2)}, time_ns=7),
        "context": StateContext(id="1", parent_id="2"),
    }
    assert unpacked(packed(known)) == known
