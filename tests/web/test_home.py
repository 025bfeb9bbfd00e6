"""Devices, people and scenes on the page: what it remembers, what can be asked, what is refused."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.bus import subjects
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import (
    Cause,
    DeviceAbout,
    DeviceAction,
    DeviceState,
    EntityAbout,
    EntityState,
    Trace,
    TraceStep,
)
from vettura.web import home_mirror
from vettura.web.home_mirror import HomeMirror
from vettura.web.state import Change, EntityShown, merged
from web.household import HOME, START_NS, household

LAMP = DeviceAbout(
    name="Lamp",
    area="hall",
    entities={"light.lamp": EntityAbout(name="Lamp", actions=["light.turn_on", "light.turn_off"])},
)
DO = "/api/home/do"


def told(state: str, *, time_ns: int = START_NS, **attributes: object) -> DeviceState:
    shown = EntityState(state=state, attributes=attributes)
    return DeviceState(time_ns=time_ns, entities={"light.lamp": shown})


def ran(run: str, scene: str = "automation.x", *, steps: int = 0) -> Trace:
    return Trace(
        run=run,
        scene=scene,
        trigger="time",
        start_ns=START_NS,
        end_ns=START_NS,
        state="finished",
        steps=[TraceStep(time_ns=START_NS, path=f"action/{k}") for k in range(steps)],
        cause=Cause(id=run, who=scene),
    )


def test_only_what_changed_is_handed_out() -> None:
    mirror = HomeMirror()
    mirror.take_about("lamp", LAMP)
    mirror.take_state(told("on", brightness=100, icon="mdi:x", deep={"a": 1}))
    devices, entities, runs = mirror.pending() or ({}, {}, [])
    assert (devices, runs) == ({"lamp": LAMP}, [])
    lit = EntityShown(state="on", changed_ns=START_NS, attributes={"brightness": 100})
    assert entities == {"light.lamp": lit}
    mirror.take_about("lamp", LAMP)
    mirror.take_state(told("on", time_ns=START_NS + 5, brightness=100))
    assert mirror.pending() is None
    mirror.take_state(told("on", time_ns=START_NS + 9, brightness=50))
    assert mirror.entities["light.lamp"].changed_ns == START_NS
    mirror.take_state(told("off", time_ns=START_NS + 9))
    assert mirror.entities["light.lamp"].changed_ns == START_NS + 9


def test_a_device_that_goes_takes_its_entities_with_it() -> None:
    mirror = HomeMirror()
    mirror.take_about("lamp", LAMP)
    mirror.take_state(told("on"))
    assert mirror.owner("light.lamp") == "lamp"
    mirror.take_about("lamp", DeviceAbout(name="Lamp"))
    assert (mirror.devices, mirror.entities, mirror.owner("light.lamp")) == ({}, {}, "")
    devices, _, _ = mirror.pending() or ({}, {}, [])
    assert not devices["lamp"].entities


def test_a_flood_of_devices_states_and_runs_does_not_fill_the_memory() -> None:
    mirror = HomeMirror()
    for number in range(2 * home_mirror.DEVICES_MAX):
        mirror.take_about(f"d{number}", LAMP)
        mirror.take_trace(ran(f"r{number}", steps=9))
    many = {f"light.l{k}": EntityState(state="x" * 9999) for k in range(9000)}
    mirror.take_state(DeviceState(time_ns=1, entities=many))
    assert len(mirror.devices) == home_mirror.DEVICES_MAX
    assert len(mirror.entities) == home_mirror.ENTITIES_MAX
    assert len(mirror.runs) == home_mirror.RUNS_MAX
    assert mirror.runs[-1].steps == 9
    assert len(mirror.entities["light.l0"].state) == home_mirror.TEXT_MAX


def test_a_run_is_shown_once() -> None:
    mirror = HomeMirror()
    mirror.take_trace(ran("a"))
    mirror.take_trace(ran("a"))
    assert [run.run for run in mirror.runs] == ["a"]


VALUES = st.recursive(
    st.one_of(st.none(), st.text(), st.floats(), st.integers(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES))
def test_any_attributes_are_shown_or_left_out(attributes) -> None:
    mirror = HomeMirror()
    mirror.take_state(
        DeviceState(time_ns=1, entities={"a.b": EntityState(state="x", attributes=attributes)})
    )
    for value in mirror.entities["a.b"].attributes.values():
        assert isinstance(value, str | bool | int | float | list)


def test_changes_join_into_one_of_the_same_effect() -> None:
    one = Change(devices={"lamp": LAMP}, entities={"a": EntityShown(state="1", changed_ns=1)})
    other = Change(entities={"a": EntityShown(state="2", changed_ns=2)})
    both = merged([one, other])
    assert both.devices == {"lamp": LAMP}
    assert both.entities["a"].state == "2"


async def introduce(home) -> None:
    await home.bus.publish(subjects.device_about(HOME, "lamp"), encode(LAMP))
    await home.bus.publish(subjects.device_state(HOME, "lamp"), encode(told("off")))
    state = {}
    while "light.lamp" not in state:
        state = (await home.client.get("/api/state")).json()["entities"]


async def answering(home, answer: Answer, into: list[DeviceAction]) -> None:
    async for message in await home.bus.subscribe(subjects.device_do(HOME, "lamp")):
        into.append(decode(message.data, DeviceAction, where="test"))
        await home.bus.respond(message, encode(answer))


async def test_a_device_is_asked_by_its_entity() -> None:
    asked: list[DeviceAction] = []
    async with household() as home, asyncio.TaskGroup() as tasks:
        await introduce(home)
        device = tasks.create_task(answering(home, Answer(ok=True), asked))
        wish = {"entity": "light.lamp", "action": "light.turn_on", "data": {"brightness": 9}}
        response = await home.client.post(DO, json=wish)
        assert (response.status_code, response.json()["ok"]) == (200, True)
        action = asked[0]
        assert (action.entity, action.action, action.data) == tuple(wish.values())
        assert action.cause == Cause(id=action.id, who="page")
        device.cancel()


async def test_a_device_that_refuses_says_why() -> None:
    async with household() as home, asyncio.TaskGroup() as tasks:
        await introduce(home)
        device = tasks.create_task(answering(home, Answer(ok=False, reason="no bulb"), []))
        wish = {"entity": "light.lamp", "action": "light.turn_on"}
        response = await home.client.post(DO, json=wish)
        assert (response.status_code, response.json()["reason"]) == (409, "no bulb")
        device.cancel()


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b'{"entity": "light.none", "action": "light.turn_on"}', 404, "light.none"),
        (b'{"entity": "light.lamp", "action": "light.fly"}', 400, "knows no 'light.fly'"),
        (b'{"entity": "light.lamp"}', 400, "action"),
        (b'{"entity": "light.lamp", "action": "light.turn_on", "data": 1}', 400, "data"),
        (b'{"entity": "light.lamp", "action": "light.turn_on", "data": {"a": 1e400}}', 400, ""),
        (
            b'{"entity": "light.lamp", "action": "light.turn_on", "data": {"a": %s}}' % (b"9" * 99),
            400,
            "",
        ),
        (b'{"entity": "light.lamp", "action": "light.turn_on", "data": ' + b"[" * 50_000, 400, ""),
        (b"\xff", 400, ""),
    ],
)
async def test_a_wish_that_is_none_is_refused_in_a_line(body, status, words) -> None:
    async with household() as home:
        await introduce(home)
        response = await home.client.post(DO, content=body)
        reason = response.json()["reason"]
        assert response.status_code == status
        assert reason
        assert words in reason
        assert "\n" not in reason


async def test_nobody_who_answers_is_said_too() -> None:
    async with household(patience_s=0.2) as home:
        await introduce(home)
        wish = {"entity": "light.lamp", "action": "light.turn_on"}
        assert (await home.client.post(DO, json=wish)).status_code == 503


async def test_the_last_runs_of_a_scene_come_with_their_steps() -> None:
    async with household() as home:
        stream = await home.bus.stream(
            subjects.TRACES_STREAM,
            subjects.TRACES_STREAM_SUBJECTS,
            max_age_s=subjects.TRACES_STREAM_MAX_AGE_S,
        )
        for number in range(12):
            trace = ran(f"r{number}", "automation.a" if number % 2 else "automation.b", steps=2)
            await stream.publish(subjects.trace(HOME), encode(trace))
        await stream.publish(subjects.trace(HOME), b"\xc1")
        reply = await home.client.get("/api/scenes/automation.a/traces")
        traces = reply.json()["traces"]
        assert [trace["run"] for trace in traces] == ["r11", "r9", "r7", "r5", "r3", "r1"]
        assert len(traces[0]["steps"]) == 2
        assert (await home.client.get("/api/scenes/automation.none/traces")).json() == {
            "traces": []
        }
        runs = (await home.client.get("/api/state")).json()["runs"]
        assert runs[-1]["run"] == "r11"
        assert runs[-1]["steps"] == 2
