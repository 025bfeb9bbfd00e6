"""The HTTP API as a viewer meets it: over a real socket, on an in-memory bus."""

import asyncio

import msgspec
import pytest

from vettura.bus import subjects
from vettura.bus.messages import Answer, ChargeLimit, Climate, Speed, Weather, encode
from web.household import HOME, SPEED, START_NS, VIN, Household, household, read_events

CLIMATE = f"/api/cars/{VIN}/do/climate"


async def test_the_first_event_is_a_snapshot_and_then_come_only_changes() -> None:
    async with household() as home, home.client.stream("GET", "/api/events") as response:
        events = read_events(response)
        kind, last, data = await anext(events)
        assert kind == "snapshot"
        assert msgspec.json.decode(data)["title"] == "Casa Test"
        assert last is not None
        await home.drive_at(51.0)
        async for kind, number, data in events:
            assert kind in {"delta", "beat"}
            if number is not None:
                assert number > last
                last = number
            if kind == "delta" and "cars" in msgspec.json.decode(data):
                break
        assert msgspec.json.decode(data) == {
            "cars": {VIN: {"seen_ns": START_NS, "signals": {SPEED: 51.0}}}
        }


async def test_who_comes_back_with_the_last_id_gets_what_was_missed() -> None:
    async with household() as home:
        number = await _settled(home)
        await home.drive_at(77.0)
        headers = {"last-event-id": str(number)}
        async with home.client.stream("GET", "/api/events", headers=headers) as response:
            async for kind, _, data in read_events(response):
                assert kind != "snapshot"
                if "77.0" in data:
                    break


@pytest.mark.parametrize("last_id", ["1", "99999999999999999", "x", "-1", "٣", "9" * 400])
async def test_an_id_that_is_not_known_gets_a_new_snapshot(last_id: str) -> None:
    async with household() as home:
        headers = {"last-event-id": last_id.encode()}
        async with home.client.stream("GET", "/api/events", headers=headers) as response:
            kind, _, _ = await anext(read_events(response))
            assert kind == "snapshot"


async def test_what_is_stored_on_the_bus_is_in_the_state() -> None:
    async with household() as home:
        state = (await home.client.get("/api/state")).json()
        assert state["cars"][VIN]["samples"]["soc"] == [0.5, 0.51, 0.52, 0.53, 0.54]


async def test_an_obeyed_command_returns_ok_and_carries_its_arguments() -> None:
    async with household() as home, asyncio.TaskGroup() as tasks:
        done = Answer(ok=True, state="reached")
        car = tasks.create_task(home.answer(subjects.car_do(VIN, "*"), done))
        response = await home.client.post(CLIMATE, json={"on": True, "target_degc": 21})
        assert response.status_code == 200
        assert response.json() == {"ok": True, "reason": "", "code": "", "state": "reached"}
        await home.client.post(f"/api/cars/{VIN}/do/charge_limit", json={"soc": 0.8})
        wishes = [command.verb for command in home.commands]
        assert wishes == [Climate(on=True, target_degc=21.0), ChargeLimit(soc=0.8)]
        assert {command.who for command in home.commands} == {"page"}
        car.cancel()


async def test_a_refused_command_says_why() -> None:
    async with household() as home, asyncio.TaskGroup() as tasks:
        no = Answer(ok=False, reason="the car is driving", code="interlock", state="refused")
        car = tasks.create_task(home.answer(subjects.car_do(VIN, "*"), no))
        response = await home.client.post(f"/api/cars/{VIN}/do/unlock")
        assert response.status_code == 409
        assert response.json() == {
            "ok": False,
            "reason": "the car is driving",
            "code": "interlock",
            "state": "refused",
        }
        car.cancel()


async def test_the_clock_is_asked_on_the_house_subject() -> None:
    async with household() as home, asyncio.TaskGroup() as tasks:
        house = tasks.create_task(home.answer(subjects.house_do(HOME, "speed"), Answer(ok=True)))
        assert (await home.client.post("/api/clock", json={"factor": 60})).status_code == 200
        assert home.commands[0].verb == Speed(factor=60.0)
        house.cancel()


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        (CLIMATE, b'{"on": 1}', 400, "bool"),
        (CLIMATE, b'{"on": true, "target_degc": 99}', 400, "target_degc"),
        (CLIMATE, b'{"on": true, "colour": 1}', 400, "unknown key 'colour'"),
        (CLIMATE, b"[]", 400, "object"),
        (CLIMATE, b"\xff\xfe", 400, "climate"),
        (CLIMATE, b"[" * 60_000, 400, "climate"),
        (CLIMATE, b" " * 70_000, 413, "large"),
        (f"/api/cars/{VIN}/do/fly", b"", 404, "does not know"),
        (f"/api/cars/{VIN}/do/speed", b"", 404, "does not know"),
        ("/api/cars/NOBODY/do/lock", b"", 404, "no car"),
        ("/api/clock", b'{"factor": 0}', 400, "factor"),
        ("/api/clock", b'{"factor": 1e400}', 400, "clock"),
    ],
)
async def test_bad_input_is_refused_with_one_clear_line(
    path: str, body: bytes, status: int, words: str
) -> None:
    async with household() as home:
        response = await home.client.post(path, content=body)
        reason = response.json()["reason"]
        assert response.status_code == status
        assert words in reason.lower() or words in reason
        assert "\n" not in reason


async def test_while_the_bus_is_away_the_page_says_so_and_commands_fail_in_the_end() -> None:
    async with household(patience_s=0.3) as home:
        await _settled(home)
        home.switch.is_up = False
        async with home.client.stream("GET", "/api/events") as response:
            async for _, _, data in read_events(response):
                if '"bus":{"up":false' in data:
                    break
        response = await home.client.post(CLIMATE, json={"on": True})
        assert response.status_code == 503
        assert "no server" in response.json()["reason"]
        assert (await home.client.get("/health")).json()["bus_up"] is False


async def test_a_command_outlives_a_short_absence_of_the_bus() -> None:
    async with household() as home, asyncio.TaskGroup() as tasks:
        car = tasks.create_task(home.answer(subjects.car_do(VIN, "*"), Answer(ok=True)))
        home.switch.is_up = False
        sending = tasks.create_task(home.client.post(CLIMATE, json={"on": True}))
        await home.client.get("/health")
        home.switch.is_up = True
        assert (await sending).status_code == 200
        assert len({command.id for command in home.commands}) == 1
        car.cancel()


async def test_messages_that_cannot_be_read_are_counted_and_change_nothing() -> None:
    async with household() as home:
        await _settled(home)
        await home.bus.publish(subjects.car_signals(VIN), b"\xff not a frame")
        await home.bus.publish(subjects.weather(HOME), encode(Answer(ok=True)))
        while (await home.client.get("/health")).json()["rejected"] < 2:
            pass
        await home.bus.publish(subjects.weather(HOME), encode(_weather(21.0)))
        weather = None
        while weather is None:
            weather = (await home.client.get("/api/state")).json()["weather"]
        assert weather["ambient_degc"] == 21.0


async def test_orders_from_other_peoples_pages_are_refused() -> None:
    async with household() as home:
        foreign = {"origin": "https://evil.example"}
        rebound = {"host": "evil.example", "origin": "http://evil.example"}
        for headers in (foreign, rebound):
            response = await home.client.post(CLIMATE, json={"on": True}, headers=headers)
            assert response.status_code == 403


async def test_the_page_and_its_files_are_cached_by_content_and_allow_only_themselves() -> None:
    async with household() as home:
        for path in ("/", "/page.css", "/main.js", "/vendor/uPlot.iife.min.js"):
            first = await home.client.get(path)
            assert first.status_code == 200
            assert "default-src 'none'" in first.headers["content-security-policy"]
            assert first.headers["content-encoding"] == "gzip"
            again = await home.client.get(path, headers={"if-none-match": first.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        for path in ("/nothing.js", "/index.html", "/vendor/VENDORED.md", "/../app.py"):
            assert (await home.client.get(path)).status_code == 404


async def test_the_api_describes_itself() -> None:
    async with household() as home:
        described = (await home.client.get("/api/schema/openapi.json")).json()
        assert {"/api/state", "/api/events", "/api/clock"} <= set(described["paths"])
        assert "seen_ns" in described["components"]["schemas"]["CarState"]["properties"]


def _weather(ambient_degc: float) -> Weather:
    return Weather(
        time_ns=START_NS,
        ambient_degc=ambient_degc,
        wind_mps=1.0,
        sun_w_per_m2=0.0,
        condition="sunny",
    )


async def _settled(home: Household) -> int:
    """Send a frame and wait until it has been handed out; return the id of that change."""
    async with home.client.stream("GET", "/api/events") as response:
        events = read_events(response)
        await anext(events)
        await home.drive_at(10.0)
        async for kind, number, data in events:
            if kind == "delta" and SPEED in data and number is not None:
                return number
    raise AssertionError("the stream has ended")


async def test_evcc_can_ask_for_a_plan_where_its_optimiser_would_be() -> None:
    request = {
        "batteries": [
            {"s_min": 0, "s_max": 8000, "s_initial": 0, "c_min": 0, "c_max": 4000, "d_max": 0}
            | {"p_a": 0.0, "charge_from_grid": True, "s_goal": [0, 0, 3800]}
        ],
        "time_series": {"dt": [3600] * 3, "gt": [100] * 3, "ft": [0] * 3}
        | {"p_N": [0.0004, 0.0002, 0.0003], "p_E": [0.0001] * 3},
    }
    async with household() as home:
        asked = await home.client.post("/optimize/charge-schedule", json=request)
        assert asked.status_code == 200
        assert asked.json()["status"] == "Optimal"
        assert asked.json()["batteries"][0]["charging_power"] == pytest.approx([0, 4000, 0])
        refused = await home.client.post("/optimize/charge-schedule", json={"batteries": []})
        assert refused.status_code == 400
        assert "time_series" in refused.json()["message"]
        assert (await home.client.get("/optimize/health")).json()["status"] == "healthy"
