"""Each charge is billed once, whatever its station tells late, twice, out of order or never."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.bus.messages import MeterValue
from vettura.bus.messages_energy import Prices, SiteMeter, Transaction
from vettura.clock.chance import random_stream
from vettura.energy.bill_curve import BUCKET_NS
from vettura.energy.bills import Ledger
from vettura.energy.bills_saved import added, nothing_saved
from vettura.units import NS_PER_S

NOW_NS = 1_772_452_800 * NS_PER_S
HOUR_NS = 3_600 * NS_PER_S
DAY_NS = 24 * HOUR_NS
CAR = "LVXSU7CASA0000001"


def prices(*per_kwh, export=0.08, told_ns=NOW_NS, known=None):
    return Prices(
        time_ns=told_ns,
        start_ns=NOW_NS,
        slot_s=3600,
        currency="EUR",
        import_per_wh=[price / 1000 for price in per_kwh],
        export_per_wh=[export / 1000] * len(per_kwh),
        carbon_g_per_wh=[0.4] * len(per_kwh),
        known=len(per_kwh) if known is None else known,
        source="test",
    )


def event(kind, hours, sequence, meter_wh, *, name="t1", station="wallbox", **more):
    return Transaction(
        time_ns=NOW_NS + round(hours * HOUR_NS),
        station=station,
        transaction=name,
        sequence=sequence,
        kind=kind,
        meter_wh=meter_wh,
        vin=CAR,
        **more,
    )


def meter(hours, energy_wh, given_wh=0.0):
    time_ns = NOW_NS + round(hours * HOUR_NS)
    return MeterValue(time_ns=time_ns, power_w=0.0, energy_wh=energy_wh, given_wh=given_wh)


def site(hours, import_wh, export_wh=0.0):
    time_ns = NOW_NS + round(hours * HOUR_NS)
    return SiteMeter(time_ns=time_ns, grid_w=0.0, import_wh=import_wh, export_wh=export_wh)


def ledger_of(told, *, stations=("wallbox",)):
    ledger = Ledger(stations_w=dict.fromkeys(stations, 11_000.0), currency="EUR")
    for one in told:
        take(ledger, one)
    return ledger


def take(ledger, one, *, now_ns=NOW_NS):
    match one:
        case Transaction():
            ledger.take_transaction(one, now_ns=now_ns)
        case MeterValue():
            ledger.take_meter("wallbox", one)
        case SiteMeter():
            ledger.take_site(one)
        case Prices():
            ledger.take_prices(one)


def bills_of(told, **more):
    return ledger_of(told, **more).due(NOW_NS + 3 * DAY_NS)


def evening(*, sun_hours=(1, 2)):
    """Ten kilowatt-hours: 5 kWh in each of two hours, the second half of them from the roof."""
    told = [prices(0.40, 0.20, 0.10)]
    told += [event("started", 0, 0, 1_000.0), event("ended", 2.5, 2, 11_000.0)]
    told += [event("updated", 1, 1, 6_000.0)]
    told += [meter(k / 12, 1_000.0 + 5_000.0 * min(k / 12, 2)) for k in range(30)]
    first, end = sun_hours
    taken = 0.0
    for k in range(30):
        told.append(site(k / 12, taken))
        taken += 0.0 if first <= k / 12 < end else 6_000.0 / 12
    return told


def test_a_charge_is_billed_by_the_hour_and_by_where_it_came_from():
    (bill,) = bills_of(evening())
    assert (bill.id, bill.vin, bill.currency, bill.note) == ("wallbox-t1", CAR, "EUR", "")
    assert bill.energy_wh == pytest.approx(10_000.0)
    assert bill.sun_wh == pytest.approx(5_000.0)
    assert bill.cost == pytest.approx(5 * 0.40 + 5 * 0.08)
    assert bill.carbon_g == pytest.approx(5_000 * 0.4)
    # At 11 kW it had been over within the first, dear hour.
    assert bill.plugged_cost == pytest.approx(10 * 0.40)


def test_what_was_given_to_the_house_is_worth_what_the_house_had_paid():
    told = [prices(0.10, 0.40), event("started", 0, 0, 0.0)]
    told += [event("ended", 2, 1, 5_000.0, given_wh=2_000.0)]
    told += [
        meter(k / 12, 5_000.0 * min(k / 12, 1), 2_000.0 * max(k / 12 - 1, 0)) for k in range(25)
    ]
    told += [site(k / 12, 5_000.0 * min(k / 12, 1)) for k in range(25)]
    (bill,) = bills_of(told)
    assert bill.given_wh == pytest.approx(2_000.0)
    assert bill.cost == pytest.approx(5 * 0.10 - 2 * 0.40)
    assert bill.plugged_cost == pytest.approx((5 - 2 / 0.8) * 0.10)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), doubled=st.floats(0, 1))
def test_any_order_and_any_doubling_gives_the_same_single_bill(seed, doubled):
    chance = random_stream(seed, "order")
    told = evening()
    told += [one for one in told if chance.random() < doubled]
    chance.shuffle(told)
    assert bills_of(told) == bills_of(evening())


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), end=st.booleans(), begin=st.booleans(), middle=st.booleans())
def test_what_is_lost_changes_a_bill_but_never_its_number(seed, end, begin, middle):
    chance = random_stream(seed, "order")
    told = [prices(0.40, 0.20), event("started", 3, 0, 11_000.0, name="t2")]
    told += [event("started", 0, 0, 1_000.0)] if begin else []
    told += [event("updated", 1, 1, 6_000.0)] if middle else []
    told += [event("ended", 2, 2, 11_000.0)] if end else []
    chance.shuffle(told)
    bills = bills_of(told)
    assert len(bills) == (1 if begin or middle or end else 0)
    for bill in bills:
        assert bill.note
        assert 0.0 <= bill.energy_wh <= 10_000.0 + 1e-6
        assert bill.energy_wh == pytest.approx(10_000.0 if begin else 5_000.0 if middle else 0.0)


def test_a_charge_that_was_cut_off_waits_for_what_its_station_kept():
    ledger = ledger_of([prices(0.30), event("started", 0, 0, 0.0), event("ended", 2, 4, 9_000.0)])
    assert ledger.due(NOW_NS + 5 * 60 * NS_PER_S) == []
    for number in (1, 3, 2):
        take(ledger, event("updated", number / 2, number, 2_000.0 * number, is_late=True))
    (bill,) = ledger.due(NOW_NS + 6 * 60 * NS_PER_S)
    assert bill.energy_wh == pytest.approx(9_000.0)
    assert "never told" not in bill.note


def test_what_never_ended_is_closed_by_the_next_charge_and_its_late_end_bills_nothing():
    ledger = ledger_of([prices(0.30), event("started", 0, 0, 500.0)])
    assert ledger.due(NOW_NS + DAY_NS) == []
    begun_ns = NOW_NS + 30 * HOUR_NS
    take(ledger, event("started", 30, 0, 4_500.0, name="t2"), now_ns=begun_ns)
    assert ledger.due(begun_ns + 60 * NS_PER_S) == []
    (bill,) = ledger.due(begun_ns + 2 * HOUR_NS)
    assert bill.energy_wh == pytest.approx(4_000.0)
    assert "never told" in bill.note
    take(ledger, event("ended", 5, 1, 4_600.0, is_late=True))
    assert ledger.due(begun_ns + 9 * DAY_NS) == []
    assert any("changes nothing" in line for line in ledger.taken_notes())
    assert ledger.taken_notes() == []


def test_a_counter_that_jumps_or_is_set_back_counts_only_what_can_be():
    told = [prices(0.30), event("started", 0, 0, 1_000.0), event("ended", 1, 1, 500.0)]
    told += [meter(0.25, 3_000.0), meter(0.5, 9e9), meter(0.75, 0.0)]
    (bill,) = bills_of(told)
    assert bill.energy_wh == pytest.approx(2_000.0 + 500.0)
    assert "jumps" in bill.note
    told[2] = event("ended", 1, 1, 5_000.0)
    (bill,) = bills_of(told)
    assert bill.energy_wh == pytest.approx(4_000.0)
    assert "readings are left out" in bill.note


def test_a_published_price_stands_above_an_expected_one_whichever_came_first():
    expected = prices(0.90, told_ns=NOW_NS + HOUR_NS, known=0)
    charge = [event("started", 0, 0, 0.0), event("ended", 1, 1, 1_000.0)]
    for told in ([prices(0.30), expected], [expected, prices(0.30)]):
        (bill,) = bills_of([*told, *charge])
        assert bill.cost == pytest.approx(0.30)


def test_a_silent_meter_and_a_missing_tariff_are_said():
    (bill,) = bills_of([event("started", 0, 0, 0.0), event("ended", 1, 1, 1_000.0)])
    assert bill.cost == 0.0
    assert "no price" in bill.note
    assert "meter was silent" in bill.note


def test_a_station_that_nobody_has_is_ignored_with_a_line():
    ledger = ledger_of([event("started", 0, 0, 0.0, station="garage")])
    assert ledger.due(NOW_NS + 9 * DAY_NS) == []
    assert "garage" in ledger.taken_notes()[0]


def test_two_cars_share_the_sun_by_what_they_take():
    told = [prices(0.40)]
    for station in ("wallbox", "garage"):
        told += [event("started", 0, 0, 0.0, station=station)]
        told += [event("ended", 1, 1, 2_000.0, station=station)]
    told += [site(k / 12, 3_000.0 * k / 12) for k in range(13)]
    bills = bills_of(told, stations=("wallbox", "garage"))
    assert [bill.sun_wh for bill in bills] == pytest.approx([500.0, 500.0])


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.floats(0, 900), min_size=2, max_size=40),
    imports=st.lists(st.floats(0, 2_000), min_size=40, max_size=40),
)
def test_sun_and_grid_are_all_that_a_charge_took(steps, imports):
    count = len(steps)
    told = [prices(*[0.30] * 5), event("started", 0, 0, 0.0)]
    told += [event("ended", count / 12, 1, sum(steps))]
    told += [meter(k / 12, sum(steps[:k])) for k in range(count + 1)]
    told += [site(k / 12, sum(imports[:k])) for k in range(count + 1)]
    (bill,) = bills_of(told)
    assert bill.energy_wh == pytest.approx(sum(steps), abs=1e-6)
    assert -1e-6 <= bill.sun_wh <= bill.energy_wh + 1e-6
    paid = (bill.energy_wh - bill.sun_wh) * 0.30 / 1000 + bill.sun_wh * 0.08 / 1000
    assert bill.cost == pytest.approx(paid, abs=1e-9)


def test_meters_are_forgotten_once_no_charge_can_need_them():
    ledger = ledger_of(evening())
    ledger.due(NOW_NS + DAY_NS)
    assert ledger.site
    ledger.due(NOW_NS + 9 * DAY_NS)
    assert not ledger.site
    assert not any(ledger.meters.values())
    assert BUCKET_NS * 12 == HOUR_NS


def test_all_bills_together_are_what_was_saved():
    (bill,) = bills_of(evening())
    saved = added(added(nothing_saved("EUR"), bill), bill)
    assert (saved.charges, saved.since_ns) == (2, bill.start_ns)
    assert saved.cost == pytest.approx(2 * bill.cost)
    assert saved.sun_wh == pytest.approx(10_000.0)
