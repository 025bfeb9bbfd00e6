"""The people of `month_of_life`: where they go, their phone, and their car."""

import math
from datetime import timedelta

from peers.month_of_things import HOME, PLACES, WHO, where


def people(life):
    """Who goes where, by car or not."""
    chance = life.chance("people")
    for _, day in life.each_day():
        weekday = day.weekday()
        if weekday < 5:
            leaves = day + timedelta(hours=7, minutes=chance.uniform(20, 70))
            back = day + timedelta(hours=17, minutes=chance.uniform(0, 90))
            _go(life, "person.giulia", leaves, 3, back, "Work")
            _go(life, "device_tracker.su7", leaves, 4, back, "Work")
            _drive(life, chance, leaves, back)
        if weekday in (0, 1, 3, 4):
            leaves = day + timedelta(hours=8, minutes=chance.uniform(0, 120))
            back = leaves + timedelta(hours=chance.uniform(6, 9))
            _go(life, "person.marco", leaves, 2, back, chance.choice(["Work", "Work", "Market"]))
        if weekday < 6:
            leaves = day + timedelta(hours=7, minutes=chance.uniform(30, 50))
            back = day + timedelta(hours=13, minutes=chance.uniform(25, 80))
            _go(life, "person.luca", leaves, 2, back, "School")
        if weekday == 6 and chance.random() < 0.7:
            for number, who in enumerate(WHO):
                leaves = day + timedelta(hours=10, minutes=number)
                back = day + timedelta(hours=15, minutes=2 * number)
                _go(life, f"person.{who}", leaves, 2, back, "Market")
    _phone(life, chance)


def _phone(life, chance):
    for _, day in life.each_day():
        battery = 95
        for half_hour in range(48):
            is_home = half_hour < 15 or half_hour > 35
            battery -= chance.choice([1, 2, 2])
            life.at(
                day + timedelta(minutes=30 * half_hour + chance.uniform(0, 5)),
                entity="device_tracker.phone_giulia",
                state="home" if is_home else "not_home",
                attributes={
                    "source_type": "router" if is_home else "gps",
                    "battery": max(5, battery),
                },
            )


def _go(life, entity, leaves, away_h, back, goal):
    """Leave for a place, be there, and come home again, with a few positions on the way."""
    who, there = entity.split(".")[1], PLACES[goal]
    away = leaves + timedelta(hours=away_h)
    plan = [(leaves, "not_home", 0.2), (leaves + timedelta(minutes=9), "not_home", 0.6)]
    plan += [(leaves + timedelta(minutes=20), goal, 1.0)]
    plan += [(away + timedelta(minutes=k), goal, 1.0 - 1e-4 * k) for k in (0, 3, 6)]
    plan += [(back - timedelta(minutes=18), "not_home", 0.7), (back, "home", 0.0)]
    for when, state, part in plan:
        spot = where(who, _between(HOME, there, part))["attributes"]
        life.at(when, entity=entity, state=state, attributes=spot)


def _between(one, other, part):
    return tuple(a + (b - a) * part for a, b in zip(one, other, strict=True))


def _drive(life, chance, leaves, back):
    for moment, speeds in (
        (leaves, (14, 52, 88, 31, 0)),
        (back - timedelta(minutes=18), (22, 95, 61, 25, 12)),
    ):
        for number, speed in enumerate(speeds):
            life.state(moment + timedelta(minutes=4 * number), "sensor.su7_speed", str(speed))
    life.state(back + timedelta(seconds=chance.uniform(20, 420)), "sensor.su7_speed", "0")
    if chance.random() < 0.5:
        life.state(back + timedelta(seconds=10), "lock.su7", "unlocked")
        if chance.random() < 0.6:
            life.state(back + timedelta(minutes=chance.uniform(2, 8)), "lock.su7", "locked")


def car(life):
    """Its charge, its plug, the price of electricity, and the scooter's charge."""
    chance = life.chance("car")
    charge = 71.0
    for _, day in life.each_day():
        for hour in range(24):
            moment = day + timedelta(hours=hour, minutes=chance.uniform(0, 59))
            charge -= chance.uniform(0.2, 1.6) if 7 <= hour <= 19 else -chance.uniform(0, 1.7)
            charge = min(100.0, max(4.0, charge))
            life.state(moment, "sensor.su7_battery", f"{charge:.0f}")
            life.state(moment + timedelta(seconds=1), "sensor.su7_range", f"{5.7 * charge:.1f}")
        life.state(
            day + timedelta(hours=7, minutes=chance.uniform(0, 9)),
            "binary_sensor.su7_plugged",
            "off",
        )
        if chance.random() < 0.8:
            plugged = day + timedelta(hours=chance.uniform(18.5, 23))
            life.state(plugged, "binary_sensor.su7_plugged", "on")
            life.state(plugged + timedelta(minutes=2), "binary_sensor.su7_charging", "on")
            life.state(plugged + timedelta(hours=5), "binary_sensor.su7_charging", "off")
        for hour in range(0, 24, 4):
            life.state(
                day + timedelta(hours=hour, minutes=chance.uniform(0, 99)),
                "sensor.scooter_battery",
                f"{chance.uniform(40, 100):.0f}",
            )
        for hour in range(24):
            price = (
                0.24 - 0.1 * math.cos((hour - 3.0) / 24.0 * math.tau) + chance.uniform(-0.04, 0.04)
            )
            life.state(
                day + timedelta(hours=hour, seconds=chance.uniform(1, 30)),
                "sensor.electricity_price",
                f"{price:.3f}",
            )
