"""Energy on the page: what it remembers, what can be asked, and what its files hold."""

import asyncio
import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.bus import subjects
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_energy import EnergyWish, Reason, SetGoal, SetMode
from vettura.errors import InputError
from vettura.units import NS_PER_S
from vettura.web import energy_mirror
from vettura.web.energy_books import by_month, read_once, written
from vettura.web.energy_columns import QUIET_W, brief_of, plan_columns, price_columns
from vettura.web.energy_mirror import EnergyMirror
from vettura.web.energy_state import EnergyChange
from vettura.web.routes_energy import next_ns
from vettura.web.state import Change, merged
from web.day_of_energy import SLOT_NS, Day
from web.household import HOME, START_NS, VIN, household, read_events

ROME = ZoneInfo("Europe/Rome")
DAY = Day(START_NS, VIN)


def test_a_plan_is_sent_short_and_says_why_in_every_slot() -> None:
    plan = DAY.plan()
    shown = plan_columns(plan)
    car = shown.storages[0]
    assert [car.reasons[at] for at in car.why] == plan.storages[0].reasons
    assert len(set(car.reasons)) == len(car.reasons) < len(car.why)
    assert shown.import_per_kwh == pytest.approx([one * 1000 for one in plan.import_per_wh])
    assert len(car.energy_wh) == len(car.charge_w) + 1
    assert len(msgspec.json.encode(shown)) < 25_000


def test_the_brief_tells_when_a_storage_takes_and_when_it_gives() -> None:
    shown = plan_columns(DAY.plan())
    car = shown.storages[0]
    stretches = brief_of(shown).storages[0].stretches
    assert {one.energy_wh > 0 for one in stretches} == {True, False}
    taken = sum(one.energy_wh for one in stretches if one.energy_wh > 0)
    assert taken == pytest.approx(
        sum(watts for watts in car.charge_w if watts >= QUIET_W) / 4, abs=len(stretches)
    )
    for one in stretches:
        first = (one.start_ns - shown.start_ns) // SLOT_NS
        assert (car.charge_w if one.energy_wh > 0 else car.discharge_w)[first] > 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"import_w": []}, "0 slots"),
        ({"slot_s": 0}, "of 0 s"),
        ({"sun_w": [1.0]}, "one length"),
        ({"load_w": [float("nan")] * 192}, "nan"),
        ({"import_w": [0.0] * 5000}, "1 to 1000"),
    ],
)
def test_a_plan_that_does_not_fit_itself_is_refused_in_words(changed, words: str) -> None:
    with pytest.raises(InputError, match=words):
        plan_columns(DAY.plan(**changed))


def test_prices_count_no_more_slots_as_known_than_there_are() -> None:
    assert price_columns(DAY.prices(known=9999)).known == 192
    assert price_columns(DAY.prices(known=-1)).known == 0


def test_a_rule_that_gives_no_reasons_leaves_them_empty() -> None:
    plan = DAY.plan()
    storages = [msgspec.structs.replace(one, reasons=[]) for one in plan.storages]
    shown = plan_columns(DAY.plan(origin="rule", storages=storages))
    assert shown.storages[0].reasons == [Reason(code="", text="")]
    assert set(shown.storages[0].why) == {0}


def test_only_what_is_new_about_energy_is_handed_out() -> None:
    mirror = EnergyMirror(is_there=True)
    mirror.take_goal(DAY.goal())
    mirror.take_site(DAY.site())
    assert mirror.pending() == EnergyChange(goals={VIN: DAY.goal()}, site=DAY.site())
    mirror.take_goal(DAY.goal())
    assert mirror.pending() is None
    mirror.take_prices(DAY.prices())
    mirror.take_bill()
    assert mirror.pending() == EnergyChange(outlook=1, bills=1)


def test_a_home_that_is_heard_to_plan_is_there() -> None:
    mirror = EnergyMirror(is_there=False)
    assert not mirror.shown().is_there
    mirror.take_plan(DAY.plan())
    change = mirror.pending()
    assert change is not None
    assert change.is_there is True
    assert mirror.shown().is_there


def test_a_flood_about_energy_does_not_fill_the_memory() -> None:
    mirror = EnergyMirror(is_there=True)
    for number in range(500):
        mirror.take_goal(DAY.goal(vin=f"V{number}", text="x" * 10_000))
        mirror.take_mode(msgspec.structs.replace(DAY.mode(), station=f"s{number}"))
        mirror.take_needs(msgspec.structs.replace(DAY.needs(), station=f"s{number}"))
        mirror.take_note(DAY.note(f"{number} {'x' * 10_000}"))
    shown, change = mirror.shown(), mirror.pending()
    assert change is not None
    assert len(shown.goals) == energy_mirror.CARS_MAX
    assert len(shown.modes) == len(shown.needs) == energy_mirror.STATIONS_MAX
    assert len(shown.notes) == len(change.notes) == energy_mirror.NOTES_MAX
    assert len(msgspec.json.encode(shown)) < 80_000


def test_a_note_that_comes_again_is_counted_not_repeated() -> None:
    mirror = EnergyMirror(is_there=True)
    for _ in range(3):
        mirror.take_note(DAY.note("the meter stopped"))
        mirror.take_note(DAY.note("prices\nare late"))
    assert [(one.text, one.times) for one in mirror.shown().notes] == [
        ("the meter stopped", 3),
        ("prices are late", 3),
    ]


@given(st.lists(st.sampled_from(["goal", "site", "note", "bill", "plan", "mode"]), max_size=12))
def test_joined_changes_of_energy_have_the_effect_of_all(kinds: list[str]) -> None:
    mirror, changes = EnergyMirror(is_there=True), []
    for step, kind in enumerate(kinds):
        {
            "goal": lambda at: mirror.take_goal(DAY.goal(soc=at / 20)),
            "site": lambda at: mirror.take_site(DAY.site(car_w=float(at))),
            "note": lambda at: mirror.take_note(DAY.note(f"note {at % 2}")),
            "bill": lambda _: mirror.take_bill(),
            "plan": lambda at: mirror.take_plan(DAY.plan(cost=float(at))),
            "mode": lambda at: mirror.take_mode(DAY.mode("sun" if at % 2 else "off")),
        }[kind](step)
        change = mirror.pending()
        changes += [Change(energy=change)] if change else []
    total = merged(changes).energy
    shown = mirror.shown()
    if total is None:
        assert not changes
        return
    assert total.site in (None, shown.site)
    assert total.plan in (None, shown.plan)
    assert total.goals == shown.goals
    assert total.modes == shown.modes
    assert total.notes == [] or total.notes[-1] == shown.notes[-1]
    assert total.bills in {None, shown.bills}


def test_each_charge_is_read_once_and_months_add_up() -> None:
    bills = DAY.bills(34)
    again = msgspec.structs.replace(bills[3], cost=99.0)
    once = read_once([*bills, *bills, again])
    assert [one.id for one in once] == [one.id for one in bills]
    assert once[3].cost == 99.0
    months = by_month(bills, ROME)
    assert [one.month for one in months] == sorted({one.month for one in months}, reverse=True)
    assert sum(one.charges for one in months) == 34
    assert sum(one.cost for one in months) == pytest.approx(sum(one.cost for one in bills))


def test_a_month_is_the_homes_own_and_currencies_are_not_added() -> None:
    end = datetime(2026, 3, 31, 23, 30, tzinfo=ROME)
    bill = msgspec.structs.replace(DAY.bill(0), end_ns=int(end.timestamp()) * NS_PER_S)
    assert by_month([bill], ROME)[0].month == "2026-03"
    assert by_month([bill], ZoneInfo("Asia/Tokyo"))[0].month == "2026-04"
    other = msgspec.structs.replace(bill, id="b", currency="CHF")
    assert [one.currency for one in by_month([bill, other], ROME)] == ["EUR", "CHF"]


def test_the_file_is_csv_with_units_zones_and_plain_numbers() -> None:
    text = written(DAY.bills(3), ROME)
    assert text.endswith("\r\n")
    assert text.count("\r\n") == text.count("\n") == 4
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    bill, row = DAY.bills(3)[0], rows[0]
    assert float(row["energy (kWh)"]) * 1000 == pytest.approx(bill.energy_wh)
    assert float(row["cost (EUR)"]) == pytest.approx(bill.cost, abs=1e-4)
    end = datetime.fromisoformat(row["end (ISO 8601)"])
    assert end.utcoffset() is not None
    assert int(end.timestamp()) == bill.end_ns // NS_PER_S


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_no_cell_is_a_formula_and_every_text_comes_back(text: str) -> None:
    bill = msgspec.structs.replace(DAY.bill(0), note=text, station=text)
    (_, row) = csv.reader(io.StringIO(written([bill], ROME), newline=""))
    assert row[13] == row[1]
    assert row[13] in {text, f"'{text}"}
    assert not row[13].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_cost_below_zero_stays_a_number() -> None:
    bill = msgspec.structs.replace(DAY.bill(0), cost=-1.25)
    row = next(csv.DictReader(io.StringIO(written([bill], ROME))))
    assert float(row["cost (EUR)"]) == -1.25


@pytest.mark.parametrize(
    ("now", "time_of_day", "then"),
    [
        ("2026-03-10T18:25:00+01:00", "07:00", "2026-03-11T07:00:00+01:00"),
        ("2026-03-10T06:59:59+01:00", "07:00", "2026-03-10T07:00:00+01:00"),
        ("2026-03-10T07:00:00+01:00", "07:00", "2026-03-11T07:00:00+01:00"),
        # Clocks go forward: half past two is left out, and comes an hour later.
        ("2026-03-29T01:00:00+01:00", "02:30", "2026-03-29T03:30:00+02:00"),
        # Clocks go back: half past two comes twice.
        ("2026-10-25T02:15:00+02:00", "02:30", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:45:00+02:00", "02:30", "2026-10-25T02:30:00+01:00"),
    ],
)
def test_a_time_of_day_is_the_next_one_on_the_homes_clock(now, time_of_day, then) -> None:
    now_ns = int(datetime.fromisoformat(now).timestamp()) * NS_PER_S
    found = datetime.fromtimestamp(next_ns(time_of_day, now_ns, ROME) // NS_PER_S, UTC)
    assert found == datetime.fromisoformat(then)


async def test_a_home_without_energy_says_how_to_begin() -> None:
    async with household() as home:
        assert (await home.client.get("/api/state")).json()["energy"]["is_there"] is False
        mode = {"station": "wallbox", "mode": "sun"}
        for response in (
            await home.client.get("/api/energy/plan"),
            await home.client.post("/api/energy/goal", json={"vin": VIN}),
            await home.client.post("/api/energy/mode", json=mode),
        ):
            assert response.status_code == 404
            assert "docs/energy.md" in response.json()["reason"]


async def test_what_is_told_about_energy_is_in_the_state_and_in_the_stream() -> None:
    async with household() as home, home.client.stream("GET", "/api/events") as response:
        events = read_events(response)
        await anext(events)
        await home.bus.publish(subjects.site_meter(HOME), encode(DAY.site()))
        await home.bus.publish(subjects.plan(HOME), encode(DAY.plan()))
        seen: dict[str, object] = {}
        async for _, _, data in events:
            seen |= msgspec.json.decode(data).get("energy", {})
            if {"site", "plan", "is_there"} <= set(seen):
                break
        state = (await home.client.get("/api/state")).json()["energy"]
        assert state["site"]["load_w"] == DAY.site().load_w
        assert state["plan"]["storages"][0]["id"] == VIN
        answer = await home.client.get("/api/energy/plan")
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.json()["time_ns"] == state["plan"]["time_ns"]


async def test_what_is_kept_about_energy_is_read_when_the_page_starts() -> None:
    kept = {
        subjects.prices(HOME): DAY.prices(),
        subjects.forecast(HOME, "sun"): DAY.forecast("sun"),
        subjects.goal(HOME, VIN): DAY.goal(),
        subjects.mode(HOME, "wallbox"): DAY.mode("sun"),
        subjects.charging_needs(HOME, "wallbox"): DAY.needs(),
        subjects.saved(HOME): DAY.saved(),
        subjects.plan(HOME): DAY.plan(),
        subjects.goal("elsewhere", VIN): DAY.goal(soc=0.1),
    }
    data = {key: encode(message) for key, message in kept.items()}
    data[subjects.goal(HOME, "BROKEN")] = b"\xff no goal"
    async with household(kept=data, has_energy=True) as home:
        energy: dict = {}
        while not energy.get("plan"):
            energy = (await home.client.get("/api/state")).json()["energy"]
        assert energy["goals"][VIN]["soc"] == DAY.goal().soc
        assert energy["modes"]["wallbox"]["mode"] == "sun"
        assert energy["saved"]["charges"] == 34
        outlook = (await home.client.get("/api/energy/outlook")).json()
        assert outlook["prices"]["known"] == DAY.prices().known
        assert list(outlook["forecasts"]) == ["sun"]
        assert (await home.client.get("/health")).json()["rejected"] == 1


async def test_bills_are_listed_summed_and_downloaded() -> None:
    async with household(has_energy=True) as home:
        stream = await home.bus.stream(subjects.ENERGY_STREAM, subjects.ENERGY_STREAM_SUBJECTS)
        for bill in [*DAY.bills(), DAY.bill(4)]:
            await stream.publish(subjects.bill(HOME), encode(bill))
        await stream.publish(subjects.bill(HOME), b"\xff no bill")
        shown = (await home.client.get("/api/energy/bills")).json()
        assert shown["count"] == len(shown["bills"]) == 34
        assert shown["bills"][0]["id"] == "wallbox:33"
        month = shown["months"][0]
        response = await home.client.get("/api/energy/bills.csv", params={"month": month["month"]})
        assert response.headers["content-type"].startswith("text/csv")
        assert f"charges-casa-{month['month']}.csv" in response.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(response.text)))
        assert len(rows) == month["charges"]
        assert sum(float(row["cost (EUR)"]) for row in rows) == pytest.approx(
            month["cost"], abs=0.01
        )
        everything = await home.client.get("/api/energy/bills.csv")
        assert everything.text.count("\r\n") == 35
        odd = await home.client.get("/api/energy/bills.csv", params={"month": '"x\r\ny'})
        assert odd.headers["content-disposition"] == 'attachment; filename="charges-casa.csv"'


async def test_goals_and_modes_reach_who_plans_and_its_answer_comes_back() -> None:
    async with household(has_energy=True) as home, asyncio.TaskGroup() as tasks:
        wishes: list[EnergyWish] = []
        ear = await home.bus.subscribe(subjects.energy_do(HOME))
        no = Answer(ok=False, reason="the cable gives 40 kWh by then", state="refused")

        async def obey() -> None:
            async for message in ear:
                wishes.append(decode(message.data, EnergyWish, where="test"))
                answer = no if len(wishes) == 3 else Answer(ok=True, state="reached")
                await home.bus.respond(message, encode(answer))

        task = tasks.create_task(obey())
        goal = {"vin": VIN, "soc": 0.8, "by": "07:00", "floor_soc": 0.25}
        assert (await home.client.post("/api/energy/goal", json=goal)).json()["ok"] is True
        mode = {"station": "wallbox", "mode": "sun"}
        assert (await home.client.post("/api/energy/mode", json=mode)).status_code == 200
        refused = await home.client.post("/api/energy/goal", json={"vin": VIN})
        assert (refused.status_code, refused.json()["reason"]) == (409, no.reason)
        first, second, third = wishes
        by_ns = next_ns("07:00", START_NS, ROME)
        assert first.verb == SetGoal(vin=VIN, soc=0.8, by_ns=by_ns, floor_soc=0.25)
        assert second.verb == SetMode(station="wallbox", mode="sun")
        assert third.verb == SetGoal(vin=VIN)
        assert {(one.who, one.role) for one in wishes} == {("page", "owner")}
        assert len({one.id for one in wishes}) == 3
        task.cancel()


BAD_WISHES = [
    ("goal", b'{"vin": "NOBODY"}', 404, "no car"),
    ("goal", b'{"soc": 0.5}', 400, "vin"),
    ("goal", b'{"vin": "LVTTESTCAR0000001", "soc": 1.2}', 400, "soc"),
    ("goal", b'{"vin": "LVTTESTCAR0000001", "by": "07:00"}', 400, "soc"),
    ("goal", b'{"vin": "LVTTESTCAR0000001", "soc": 0.8, "by": "25:00"}', 400, "by"),
    ("goal", b'{"vin": "LVTTESTCAR0000001", "colour": 1}', 400, "colour"),
    ("goal", b"[" * 60_000, 400, "goal"),
    ("mode", b'{"station": "wallbox", "mode": "later"}', 400, "mode"),
    ("mode", b'{"station": "moon", "mode": "sun"}', 404, "wallbox"),
    ("mode", b"\xff", 400, "mode"),
    ("mode", b"", 400, "mode"),
]


async def test_a_bad_wish_is_refused_with_one_clear_line() -> None:
    async with household(has_energy=True, patience_s=0.1) as home:
        for path, body, status, words in BAD_WISHES:
            response = await home.client.post(f"/api/energy/{path}", content=body)
            reason = response.json()["reason"]
            assert (response.status_code, words in reason) == (status, True), reason
            assert "\n" not in reason


async def test_a_wish_that_nobody_hears_and_one_from_elsewhere_fail() -> None:
    async with household(has_energy=True, patience_s=0.1) as home:
        wish = {"station": "wallbox", "mode": "sun"}
        response = await home.client.post("/api/energy/mode", json=wish)
        assert response.status_code == 503
        foreign = {"origin": "https://evil.example"}
        response = await home.client.post("/api/energy/mode", json=wish, headers=foreign)
        assert response.status_code == 403


async def test_the_api_of_energy_describes_itself() -> None:
    async with household() as home:
        described = (await home.client.get("/api/schema/openapi.json")).json()
        names = ("plan", "outlook", "bills", "bills.csv", "goal", "mode")
        assert {f"/api/energy/{name}" for name in names} <= set(described["paths"])
        assert "storages" in described["components"]["schemas"]["PlanColumns"]["properties"]
