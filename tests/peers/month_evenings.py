"""What people of `month_of_life` do at home, what they press, and what goes wrong."""

from datetime import timedelta

from peers.month_of_things import ZONE


def evenings(life):
    """Sleep, television, alarms, the laundry."""
    chance = life.chance("evenings")
    for number, day in life.each_day():
        life.state(
            day + timedelta(hours=chance.uniform(6, 7.5)), "binary_sensor.band_asleep", "off"
        )
        life.state(
            day + timedelta(hours=chance.uniform(22.5, 23.9)), "binary_sensor.band_asleep", "on"
        )
        for state, hour in (
            ("on", 19.5),
            ("playing", 19.7),
            ("paused", 20.2),
            ("playing", 20.5),
            ("off", 22.4),
        ):
            life.state(
                day + timedelta(hours=hour + chance.uniform(0, 0.15)), "media_player.tv", state
            )
        rings = (day + timedelta(days=1, hours=6, minutes=chance.choice([0, 10, 30]))).replace(
            tzinfo=ZONE
        )
        life.state(
            day + timedelta(hours=21),
            "sensor.phone_next_alarm",
            rings.isoformat() if number % 4 else "unavailable",
        )
        life.at(
            day + timedelta(hours=chance.uniform(22.9, 23.6)),
            event="goodnight",
            data={"who": "giulia"},
        )
        if number % 2 == 0:
            _laundry(life, chance, day + timedelta(hours=chance.uniform(9, 19)))


def _laundry(life, chance, moment):
    life.at(moment, event="laundry", data={"state": "started"})
    for minute in range(0, 50, 5):
        life.state(
            moment + timedelta(minutes=minute),
            "sensor.washing_power",
            str(chance.choice([30, 120, 400, 1900])),
        )
    ends = moment + timedelta(minutes=chance.uniform(50, 70))
    if chance.random() < 0.5:
        life.at(moment + timedelta(minutes=20), event="laundry", data={"state": "paused"})
        life.at(ends, event="laundry", data={"state": "done"})
    life.state(ends + timedelta(minutes=1), "sensor.washing_power", "0")
    life.at(ends + timedelta(minutes=3), event="laundry", data={"state": "broken"})


def presses(life):
    """Bells, buttons, answers on the phone, topics, and what people set by hand."""
    chance = life.chance("presses")
    for number, day in life.each_day():

        def some_time():
            return day + timedelta(hours=chance.uniform(7, 22.5))  # noqa: B023  used at once

        for _ in range(chance.choice([0, 1, 3])):
            life.at(some_time(), event="doorbell", data={"camera": chance.choice(["gate", "door"])})
        for device in ("hall", "living", "kitchen", "garage"):
            for command in ("single", "double", "hold"):
                data = {
                    "device": device,
                    "command": command,
                    "level": chance.choice([1, 2, 2.0, "2"]),
                }
                life.at(
                    some_time(),
                    event=chance.choice(["zigbee_button", "zigbee_button", "other_button"]),
                    data=data,
                )
        life.at(some_time(), event="paint", data=chance.choice([{}, {"level": 1}, {"level": 7}]))
        life.at(some_time(), event="again", data={"left": chance.choice([0, 2, 6])})
        for action in chance.choice([["LATER"], ["LATER", "NEVER"], ["DRIVE_OUT"]]):
            life.at(some_time(), event="mobile_app_notification_action", data={"action": action})
        for topic, payload in (
            ("zigbee2mqtt/hall/action", chance.choice(["single", "double"])),
            (
                "garden/soil",
                f'{{"moisture": {chance.randint(5, 60)}, "wet": "{chance.choice(["yes", "no"])}"}}',
            ),
            ("garden/gate/bell", "rung"),
            ("house/2/ring", chance.choice(["", "5", "on"])),
            ("house/3/ring", "5"),
        ):
            life.at(some_time(), topic=topic, payload=payload)
        _helpers(life, chance, number, some_time)


def _helpers(life, chance, number, some_time):
    def call(action, entity, **data):
        life.at(some_time(), action=action, data={"entity_id": entity} | data)

    if number % 3 == 1:
        call("input_button.press", "input_button.panic")
    if number % 4 == 2:
        call("input_boolean.toggle", "input_boolean.guests")
        call(
            "input_number.set_value", "input_number.warm_limit", value=chance.choice([20, 22.5, 24])
        )
    if number % 6 == 3:
        call("automation.toggle", "automation.guests_keep_the_lights_alive")
        call("automation.turn_off", "automation.single", stop_actions=True)
        call("automation.turn_on", "automation.switches_itself_off")
        call("automation.trigger", "automation.parallel")
    if number % 15 == 1:
        soon = (life.start + timedelta(days=number + 1)).strftime("%Y-%m-%d 20:00:00")
        call("input_datetime.set_datetime", "input_datetime.party", datetime=soon)
    if number % 6 == 5:
        call("automation.turn_on", "automation.single")


def oddities(life):
    """A sensor that comes and goes, one that is lost, smoke, and lights switched by hand."""
    chance = life.chance("oddities")
    for number, day in life.each_day():
        comes = day + timedelta(hours=chance.uniform(9, 18))
        for step, state in enumerate(["3", "7", "unknown", "7.5", "x", "6", "1", None]):
            life.state(
                comes + timedelta(minutes=step * chance.uniform(0.5, 4)), "sensor.visitor", state
            )
        if number % 3 == 0:
            lost = day + timedelta(hours=chance.uniform(1, 21))
            life.state(lost, "sensor.outside_temperature", "unavailable")
            life.state(lost + timedelta(seconds=40), "sensor.outside_temperature", "unknown")
            life.state(lost + timedelta(seconds=70), "sensor.outside_temperature", "unavailable")
        if number % 9 == 4:
            smoke = day + timedelta(hours=chance.uniform(18, 21))
            life.state(smoke, "binary_sensor.smoke_kitchen", "on")
            if number % 2:
                life.at(
                    smoke + timedelta(seconds=50),
                    event="mobile_app_notification_action",
                    data={"action": "DRIVE_OUT"},
                )
            life.state(
                smoke + timedelta(minutes=chance.uniform(1, 4)),
                "binary_sensor.smoke_kitchen",
                "off",
            )
        for room in ("garage", "bedroom", "kitchen"):
            lit = day + timedelta(hours=chance.uniform(8, 20))
            life.state(lit, f"light.{room}", "on")
            life.state(
                lit + timedelta(minutes=chance.uniform(10, 80)),
                f"light.{room}",
                chance.choice(["off", "off", "unavailable"]),
            )
            life.state(lit + timedelta(minutes=85), f"light.{room}", "off")
        kettle = day + timedelta(hours=chance.uniform(7, 22))
        life.state(kettle, "switch.kettle", "on")
        life.state(kettle + timedelta(seconds=10), "switch.kettle", "on")
