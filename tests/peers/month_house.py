"""The house of `month_of_life`: motion, doors, what sensors measure, and the weather."""

import math
from datetime import timedelta

from peers.month_of_things import ZONE


def motion(life):
    """Who moves where, also in the nights when the clock changes; and how light it is."""
    chance = life.chance("motion")
    often = {"hall": 24, "kitchen": 36, "garage": 7, "bedroom": 9}
    for day_number, day in life.each_day():
        for room, count in often.items():
            entity = f"binary_sensor.{room}_motion"
            moments = sorted(chance.uniform(6.0, 23.9) for _ in range(count))
            moments += [chance.uniform(0.0, 5.0) for _ in range(2)]
            for hour in moments:
                moment = day + timedelta(hours=hour)
                life.state(moment, entity, "on")
                for _ in range(chance.choice([0, 0, 0, 2])):
                    life.state(moment + timedelta(seconds=chance.uniform(1, 9)), entity, "off")
                    life.state(moment + timedelta(seconds=chance.uniform(9, 18)), entity, "on")
                life.state(moment + timedelta(seconds=chance.uniform(20, 150)), entity, "off")
        if day_number % 5 == 2:
            lost = day + timedelta(hours=chance.uniform(9, 20))
            life.state(lost, "binary_sensor.garage_motion", "unavailable")
            life.state(lost + timedelta(minutes=30), "binary_sensor.garage_motion", "off")
        lux = day
        while lux < day + timedelta(days=1):
            hour = lux.hour + lux.minute / 60.0
            light = max(0.0, 320.0 * math.sin((hour - 6.5) / 12.0 * math.pi)) + chance.uniform(
                0, 60
            )
            life.state(lux, "sensor.hall_illuminance", f"{light:.0f}")
            lux += timedelta(minutes=chance.uniform(6, 14))
    for moment in nights(life):
        life.state(moment + timedelta(hours=1, minutes=20), "binary_sensor.garage_motion", "on")
        life.state(moment + timedelta(hours=1, minutes=21), "binary_sensor.garage_motion", "off")


def nights(life):
    """Midnights before the clock is put forward or back."""
    for _, day in life.each_day():
        next_day = (day + timedelta(days=1)).replace(tzinfo=ZONE)
        if next_day.utcoffset() != day.replace(tzinfo=ZONE).utcoffset():
            yield day


def doors(life):
    """Doors, a window, and a lock; one door flaps."""
    chance = life.chance("doors")
    for _, day in life.each_day():
        for door, count in (("front_door", 9), ("back_door", 4), ("garage_door", 4)):
            for _ in range(count):
                moment = day + timedelta(hours=chance.uniform(6, 23.5))
                life.state(moment, f"binary_sensor.{door}", "on")
                life.state(
                    moment + timedelta(seconds=chance.uniform(5, 130)),
                    f"binary_sensor.{door}",
                    "off",
                )
        moment = day + timedelta(hours=chance.uniform(7, 9))
        for flap in range(12):
            life.state(
                moment + timedelta(seconds=3 * flap),
                "binary_sensor.garage_door",
                ["on", "off"][flap % 2],
            )
        window = day + timedelta(hours=chance.uniform(7, 20))
        life.state(window, "binary_sensor.bedroom_window", "on")
        life.state(
            window + timedelta(minutes=chance.uniform(2, 130)),
            "binary_sensor.bedroom_window",
            "off",
        )
        for hour in (chance.uniform(8, 12), chance.uniform(18, 23)):
            lock = day + timedelta(hours=hour)
            life.state(lock, "lock.front_door", chance.choice(["locking", "unlocked"]))
            life.state(lock + timedelta(seconds=chance.uniform(2, 60)), "lock.front_door", "locked")


def numbers(life):
    """What is measured around the clock."""
    chance = life.chance("numbers")

    def wave(mean, size, noise, digits, phase=9.0):
        def value(hour):
            middle = mean + size * math.sin((hour - phase) / 24 * math.tau)
            return f"{middle + chance.gauss(0, noise):.{digits}f}"

        return value

    _walk(life, chance, "sensor.living_temperature", every_min=8, value=wave(20.8, 2.2, 0.4, 1))
    _walk(life, chance, "sensor.outside_temperature", every_min=9, value=wave(9.0, 7.5, 1.2, 1))
    _walk(life, chance, "sensor.living_humidity", every_min=14, value=wave(58.0, 5.0, 3.0, 0))
    _walk(life, chance, "sensor.kitchen_co2", every_min=6, value=wave(850.0, 260.0, 90.0, 0))
    _walk(life, chance, "sensor.house_power", every_min=7, value=wave(700.0, 300.0, 250.0, 0))
    sun = wave(0.0, 2600.0, 300.0, 0, phase=7.0)
    _walk(
        life, chance, "sensor.pv_power", every_min=6, value=lambda hour: str(max(0, int(sun(hour))))
    )


def _walk(life, chance, entity, *, every_min, value):
    moment, last = life.start, life.start + timedelta(days=life.days)
    while moment < last:
        life.state(moment, entity, value(moment.hour + moment.minute / 60.0))
        moment += timedelta(minutes=every_min * chance.uniform(0.5, 1.5))


def weather(life):
    """The weather of each hour."""
    chance = life.chance("weather")
    for _, day in life.each_day():
        for hour in range(24):
            attributes = {
                "temperature": round(chance.uniform(2, 19), 1),
                "humidity": chance.choice([40, 41, 60, 75]),
                "wind_bearing": chance.choice([0, 90, 180, 225]),
            }
            if chance.random() < 0.9:
                attributes["wind_speed"] = round(chance.uniform(0, 45), 1)
            state = chance.choice(["sunny", "cloudy", "rainy"])
            life.at(
                day + timedelta(hours=hour, minutes=chance.uniform(1, 50)),
                entity="weather.home",
                state=state,
                attributes=attributes,
            )
