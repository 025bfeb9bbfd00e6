"""The inputs on a rehearsed bus: what comes out, what is ignored, and what a restart remembers."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Weather, decode, encode
from vettura.bus.messages_energy import (
    AirForecast,
    CalendarDrives,
    EnergyNote,
    Forecast,
    Prices,
    SiteMeter,
)
from vettura.bus.messages_home import TopicMessage, TopicsWanted
from vettura.bus.subjects import (
    HOME_BUCKET,
    energy_calendar,
    energy_learned,
    energy_note,
    forecast,
    prices,
    site_meter,
    topic_in,
    topics_wanted,
    weather,
)
from vettura.clock import rehearse
from vettura.energy import sun
from vettura.energy.config import (
    CalendarConfig,
    DynamicTariff,
    EnergyConfig,
    FixedTariff,
    GridConfig,
    LoadConfig,
    PanelConfig,
    SunForecastConfig,
)
from vettura.energy.forecast_truth import panels_clear_w
from vettura.energy.inputs_service import InputsService
from vettura.energy.panels import Where
from vettura.energy.slots import slots_from
from vettura.life.household import Household
from vettura.life.local_time import day_start_ns, local_ns
from vettura.life.places import Place
from vettura.units import NS_PER_S

ROME = "Europe/Rome"
HOME = Place(name="home", kind="home", latitude_deg=45.07, longitude_deg=7.69, elevation_m=240.0)
CASA = Household(id="casa", timezone=ROME, places=(HOME,))
HOUR_NS = 3_600 * NS_PER_S
NOON = datetime(2024, 5, 14, 10, 0, tzinfo=UTC)
CONFIG = EnergyConfig(panels=(PanelConfig(peak_w=6_000.0),), load=LoadConfig(kwh_per_year=3_500.0))


def dynamic(**source):
    return EnergyConfig(
        tariff=DynamicTariff(factor=1.0, plus_per_kwh=0.1, **source),
        panels=CONFIG.panels,
    )


def market_rows(days, *, first=datetime(2024, 5, 1, tzinfo=UTC)):
    start_ns = day_start_ns(first.date(), ROME)
    return [
        {
            "start": datetime.fromtimestamp((start_ns + k * HOUR_NS) / 1e9, UTC).isoformat(),
            "value": round(0.08 + 0.03 * np.sin(k / 4.0) + 0.001 * (k % 7), 5),
        }
        for k in range(24 * days)
    ]


class World:
    def __init__(self, clock, config, folder="."):
        self.clock, self.bus = clock, MemoryBus(clock)
        self.config, self.folder = config, folder
        self.heard = []
        self.bus.tap(lambda time_ns, subject, data: self.heard.append((time_ns, subject, data)))
        self.task = None

    async def start(self, *, seed=5):
        await self.bus.bucket(HOME_BUCKET)
        service = InputsService(
            self.bus, self.clock, CASA, self.config, seed=seed, folder=self.folder
        )
        self.task = asyncio.create_task(service.run())
        await self.clock.sleep(1.0)

    async def stop(self):
        self.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.task

    def told(self, subject, kind):
        return [decode(data, kind, where=s) for _, s, data in self.heard if s == subject]

    def prices(self):
        return self.told(prices("casa"), Prices)

    def notes(self):
        return [note.text for note in self.told(energy_note("casa"), EnergyNote)]

    async def site(self, hours, *, sun_w=0.0, load_w=500.0, every_s=300.0):
        for _ in range(int(hours * 3600 / every_s)):
            told = SiteMeter(time_ns=self.clock.now_ns(), grid_w=0.0, sun_w=sun_w, load_w=load_w)
            await self.bus.publish(site_meter("casa"), encode(told))
            await self.clock.sleep(every_s)


def rehearsed(config, play, *, folder=".", start=NOON):
    async def scene(clock):
        world = World(clock, config, folder)
        await world.start()
        await play(world)
        await world.stop()
        return world

    return rehearse(scene, start_ns=int(start.timestamp()) * NS_PER_S, seed=3)


def test_prices_and_forecasts_appear_at_once_and_each_hour_and_are_kept():
    async def play(world):
        await world.clock.sleep(3 * 3600.0)
        bucket = await world.bus.bucket(HOME_BUCKET)
        for subject in (prices("casa"), forecast("casa", "sun"), forecast("casa", "load")):
            assert (await bucket.get(subject)).value

    world = rehearsed(CONFIG, play)
    assert len(world.prices()) == 4
    first = world.prices()[0]
    assert first.known == 192
    assert first.import_per_wh == [0.0003] * 192
    assert first.low_per_wh == []
    sunny = world.told(forecast("casa", "sun"), Forecast)[0]
    load = world.told(forecast("casa", "load"), Forecast)[0]
    air = world.told(forecast("casa", "air"), AirForecast)[0]
    assert len(sunny.middle_w) == len(load.mean_w) == len(air.high_degc) == 192
    for told in (sunny, load):
        lows, middles, highs = np.array(told.low_w), np.array(told.middle_w), np.array(told.high_w)
        assert (lows <= middles).all()
        assert (middles <= highs).all()
        assert (lows >= 0.0).all()
    assert max(sunny.high_w) > 1_500.0
    assert min(sunny.high_w) == 0.0
    assert 100.0 < np.mean(load.mean_w) < 800.0


def test_a_file_that_holds_a_whole_year_does_not_tell_tomorrow_early(tmp_path):
    (tmp_path / "prices.json").write_text(json.dumps(market_rows(40)))

    async def play(world):
        await world.clock.sleep(2 * 3600.0)

    world = rehearsed(dynamic(file="prices.json"), play, folder=tmp_path)
    known = [(told.time_ns, told.known) for told in world.prices()]
    # Noon in Rome; prices are out at 13:00.
    assert known[0][1] == 48
    out_ns = local_ns(NOON.date(), 13 * 3600, ROME)
    assert [count for time_ns, count in known if time_ns == out_ns] == [44 + 96]
    assert len(world.prices()[0].low_per_wh) == 192
    assert world.notes() == []


def test_a_file_that_changes_is_read_again_and_a_missing_one_is_said(tmp_path):
    path = tmp_path / "prices.json"

    async def play(world):
        await world.clock.sleep(1800.0)
        path.write_text(json.dumps(market_rows(15)))
        await world.clock.sleep(3600.0)

    world = rehearsed(dynamic(file="prices.json"), play, folder=tmp_path)
    assert "prices.json: no such file or directory" in world.notes()[0]
    assert "no prices were ever heard" in world.notes()[0]
    assert world.prices()[0].known == 0
    assert world.prices()[-1].known > 100
    # It was found within ten minutes, not at the next hour.
    first = next(told for told in world.prices() if told.known)
    assert first.time_ns - world.prices()[0].time_ns <= 1800 * NS_PER_S + 600 * NS_PER_S


def test_prices_come_by_mqtt_and_the_topic_is_asked_for():
    async def play(world):
        bucket = await world.bus.bucket(HOME_BUCKET)
        entry = await bucket.get(topics_wanted("casa", "energy"))
        assert decode(entry.value, TopicsWanted, where="x").filters == ["evcc/tariff"]
        for topic, rows in (("other", market_rows(9)), ("evcc/tariff", market_rows(14))):
            message = TopicMessage(topic=topic, payload=json.dumps({"rates": rows}))
            await world.bus.publish(topic_in("casa"), encode(message))
            await world.clock.sleep(60.0)

    world = rehearsed(dynamic(topic="evcc/tariff"), play)
    assert [told.known for told in world.prices()] == [0, 48]
    assert world.prices()[-1].source == "evcc/tariff"


def test_hostile_prices_leave_the_plan_what_it_had():
    async def play(world):
        for payload in (json.dumps(market_rows(14)), "{" * 5000, '{"rates": "none"}', "\0\0"):
            message = TopicMessage(topic="t", payload=payload)
            await world.bus.publish(topic_in("casa"), encode(message))
            await world.clock.sleep(1.0)
        await world.bus.publish(topic_in("casa"), b"\xc1 not msgpack")
        await world.clock.sleep(3600.0)

    world = rehearsed(dynamic(topic="t"), play)
    assert world.prices()[-1].known == 44
    assert any("binary" in note for note in world.notes())
    assert len(world.notes()) <= 4


def test_a_rehearsal_asks_nobody_on_the_net():
    async def play(world):
        await world.clock.sleep(2 * 3600.0)

    world = rehearsed(dynamic(url="https://example.org/prices?day={today}"), play)
    assert "https://example.org/prices: a rehearsal asks nobody" in world.notes()[0]
    assert world.prices()[-1].known == 0
    assert len(world.prices()) == 3


def test_late_prices_are_expected_and_a_line_says_so(tmp_path):
    (tmp_path / "prices.json").write_text(json.dumps(market_rows(13)))

    async def play(world):
        await world.clock.sleep(60.0)

    world = rehearsed(dynamic(file="prices.json"), play, folder=tmp_path)
    told = world.prices()[0]
    assert told.known == 0
    assert told.note == "no prices are published for these hours: expected ones stand in"
    assert world.notes() == [told.note]


def test_a_meter_that_jumps_stops_or_goes_negative_teaches_nothing():
    config = EnergyConfig(load=LoadConfig(kwh_per_year=3_500.0), grid=GridConfig(fuse_a=25.0))

    async def play(world):
        await world.site(3.0, load_w=400.0)
        await world.site(1.0, load_w=1e7)
        await world.site(1.0, load_w=-3_000.0)
        await world.site(1.0, load_w=float("nan"))
        await world.site(20.0, load_w=400.0)

    world = rehearsed(config, play)
    assert any("values of the meter cannot be" in note for note in world.notes())
    load = world.told(forecast("casa", "load"), Forecast)[-1]
    assert max(load.high_w) < 3_000.0


def test_a_real_house_learns_its_own_week_and_sky(monkeypatch):
    """Without a virtual world nothing is known but the standard profile and the clear sky."""
    monkeypatch.setattr(sun, "has_pvlib", lambda: False)
    config = EnergyConfig(
        panels=(PanelConfig(peak_w=6_000.0),),
        load=LoadConfig(kwh_per_year=3_500.0),
        virtual=False,
    )

    async def play(world):
        where = Where(HOME.latitude_deg, HOME.longitude_deg)
        for _ in range(12 * 72):
            now_ns = world.clock.now_ns()
            slots = slots_from(now_ns, slot_s=900, count=1)
            clear_w = float(panels_clear_w(config.panels, where, slots)[0])
            hour = datetime.fromtimestamp(now_ns / 1e9, UTC).hour
            told = SiteMeter(
                time_ns=now_ns,
                grid_w=0.0,
                sun_w=0.4 * clear_w,
                load_w=2_000.0 if hour == 18 else 150.0,
            )
            await world.bus.publish(site_meter("casa"), encode(told))
            air = Weather(
                time_ns=now_ns, ambient_degc=18.0, wind_mps=1.0, sun_w_per_m2=0.0, condition="sunny"
            )
            await world.bus.publish(weather("casa"), encode(air))
            await world.clock.sleep(1_200.0)

    world = rehearsed(config, play)
    assert "pvlib is not installed" in world.notes()[0]
    suns = world.told(forecast("casa", "sun"), Forecast)
    first, last = sum(suns[0].mean_w), sum(suns[-1].mean_w)
    assert last < 0.8 * first
    load = world.told(forecast("casa", "load"), Forecast)[-1]
    begin = datetime.fromtimestamp(load.start_ns / 1e9, UTC)
    at_18 = (18 - begin.hour) % 24 * 4 - begin.minute // 15
    assert load.middle_w[at_18 + 1] > 1_000.0
    assert load.middle_w[at_18 + 16] < 300.0
    air = world.told(forecast("casa", "air"), AirForecast)[-1]
    assert np.mean(air.middle_degc) == pytest.approx(18.0, abs=1.5)


def test_panels_without_a_meter_are_not_taken_for_dark_ones(monkeypatch):
    monkeypatch.setattr(sun, "has_pvlib", lambda: False)
    config = EnergyConfig(panels=CONFIG.panels, virtual=False)

    async def play(world):
        await world.site(50.0, sun_w=0.0, load_w=400.0, every_s=900.0)

    suns = rehearsed(config, play).told(forecast("casa", "sun"), Forecast)
    assert sum(suns[48].mean_w) == pytest.approx(sum(suns[0].mean_w), rel=0.05)


def test_what_was_learned_outlives_a_restart(tmp_path):
    rows = market_rows(14)

    async def scene(clock):
        world = World(clock, dynamic(topic="t"))
        await world.start()
        message = TopicMessage(topic="t", payload=json.dumps(rows))
        await world.bus.publish(topic_in("casa"), encode(message))
        await world.site(7.0)
        await world.stop()
        bucket = await world.bus.bucket(HOME_BUCKET)
        assert (await bucket.get(energy_learned("casa"))).value
        before = world.prices()[-1]
        world.heard.clear()
        await world.start()
        after = world.prices()[0]
        await world.stop()
        # Whatever was kept there, it is no reason to die.
        await bucket.put(energy_learned("casa"), b"\x81\xa1")
        await world.start()
        await world.stop()
        return before, after

    before, after = rehearse(scene, start_ns=int(NOON.timestamp()) * NS_PER_S, seed=3)
    assert after.known > 0
    index = (after.start_ns - before.start_ns) // (900 * NS_PER_S)
    kept = before.import_per_wh[index : index + 8]
    assert after.import_per_wh[:8] == pytest.approx(kept, rel=1e-5)


@pytest.mark.parametrize(
    "night", [datetime(2024, 3, 30, 20, tzinfo=UTC), datetime(2024, 10, 26, 20, tzinfo=UTC)]
)
def test_both_nights_pass_without_a_gap(night, tmp_path):
    rows = market_rows(12, first=datetime(night.year, night.month, 22, tzinfo=UTC))
    (tmp_path / "prices.json").write_text(json.dumps(rows))

    async def play(world):
        await world.clock.sleep(14 * 3600.0)

    world = rehearsed(dynamic(file="prices.json"), play, folder=tmp_path, start=night)
    told = world.prices()
    assert len({each.start_ns for each in told}) >= 14
    assert all(len(each.import_per_wh) == 192 for each in told)
    # The same instant has the same price whoever tells it, before the change and after.
    seen = {}
    for each in told:
        for k in range(each.known):
            price = seen.setdefault(each.start_ns + k * 900 * NS_PER_S, each.import_per_wh[k])
            assert price == each.import_per_wh[k]
    assert world.notes() == []


def test_the_same_seed_tells_the_same(tmp_path):
    async def play(world):
        await world.clock.sleep(3600.0)

    one, two = (rehearsed(CONFIG, play).heard for _ in range(2))
    assert one == two


def test_a_fixed_tariff_and_a_dynamic_feed_in_have_their_own_sources(tmp_path):
    (tmp_path / "feed.json").write_text(json.dumps(market_rows(20)))
    config = EnergyConfig(
        tariff=FixedTariff(per_kwh=0.3), feed_in=DynamicTariff(file="feed.json", factor=0.9)
    )

    async def play(world):
        await world.clock.sleep(10.0)

    told = rehearsed(config, play, folder=tmp_path).prices()[0]
    assert told.import_per_wh[0] == 0.0003
    assert told.known == 48
    assert len(set(told.export_per_wh)) > 5


def test_a_calendar_becomes_drives_on_the_bus(tmp_path):
    (tmp_path / "family.ics").write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Fair 200 km\nDTSTART:20240515T070000Z\n"
        "DURATION:PT8H\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Odd\nLOCATION:somewhere\nEND:VEVENT\n"
        "END:VCALENDAR\n"
    )
    config = EnergyConfig(calendar=CalendarConfig(file="family.ics"))

    async def play(world):
        await world.clock.sleep(3600.0)
        (tmp_path / "family.ics").unlink()
        await world.clock.sleep(3600.0)

    world = rehearsed(config, play, folder=tmp_path)
    told = world.told(energy_calendar("casa"), CalendarDrives)
    assert [[drive.distance_m for drive in each.drives] for each in told] == [[200_000.0]] * 3
    assert world.notes()[0] == "family.ics: 'Odd' ignored: it has no DTSTART"
    # What was heard last stands when the file is gone.
    assert world.notes()[1].startswith("family.ics: no such file or directory; ")


def test_a_given_forecast_of_the_sun_holds_where_it_says_something(tmp_path):
    start = NOON.replace(hour=0)
    entries = [
        {
            "start": (start + timedelta(hours=k)).isoformat(),
            "value": 1_234.0 if 6 <= k < 18 else 0.0,
        }
        for k in range(24)
    ]
    (tmp_path / "sun.json").write_text(json.dumps(entries))
    config = EnergyConfig(panels=CONFIG.panels, sun_forecast=SunForecastConfig(file="sun.json"))

    async def play(world):
        await world.clock.sleep(60.0)

    sunny = rehearsed(config, play, folder=tmp_path).told(forecast("casa", "sun"), Forecast)[0]
    plain = rehearsed(CONFIG, play).told(forecast("casa", "sun"), Forecast)[0]
    # NOON is 10:00 UTC: eight hours of it are given, the next day is the house's own.
    assert np.mean(sunny.mean_w[4:8]) == pytest.approx(1_234.0, rel=0.7)
    assert sunny.mean_w[60:192] == plain.mean_w[60:192]
    assert sunny.mean_w[4:32] != plain.mean_w[4:32]
    assert sunny.source.startswith("given forecast")


def test_a_dead_forecast_leaves_the_houses_own(tmp_path):
    (tmp_path / "sun.json").write_text("{}")
    config = EnergyConfig(panels=CONFIG.panels, sun_forecast=SunForecastConfig(file="sun.json"))

    async def play(world):
        await world.clock.sleep(3 * 3600.0)

    world = rehearsed(config, play, folder=tmp_path)
    plain = rehearsed(CONFIG, play).told(forecast("casa", "sun"), Forecast)
    told = world.told(forecast("casa", "sun"), Forecast)
    assert [each.mean_w for each in told] == [each.mean_w for each in plain]
    assert world.notes() == ["sun.json: no forecast of the sun in it"]
