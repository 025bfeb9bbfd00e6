"""The things and places of `month_of_life`: how they begin, and what else is told of them."""

from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Rome")
HOME, WORK = (45.0246, 7.7612), (45.0955, 7.6538)
SCHOOL, MARKET = (45.0312, 7.7455), (45.0489, 7.6861)
PLACES = {"home": HOME, "Work": WORK, "School": SCHOOL, "Market": MARKET}
WHO = ("giulia", "marco", "luca")

ATTRIBUTES = {
    "sensor.living_temperature": {"unit_of_measurement": "°C", "device_class": "temperature"},
    "sensor.outside_temperature": {"unit_of_measurement": "°C", "device_class": "temperature"},
    "sensor.living_humidity": {"unit_of_measurement": "%"},
    "sensor.kitchen_co2": {"unit_of_measurement": "ppm"},
    "sensor.hall_illuminance": {"unit_of_measurement": "lx"},
    "sensor.pv_power": {"unit_of_measurement": "W"},
    "sensor.house_power": {"unit_of_measurement": "W"},
    "sensor.washing_power": {"unit_of_measurement": "W"},
    "sensor.electricity_price": {"unit_of_measurement": "EUR/kWh"},
    "sensor.su7_battery": {"unit_of_measurement": "%", "device_class": "battery"},
    "sensor.su7_range": {"unit_of_measurement": "km"},
    "sensor.su7_speed": {"unit_of_measurement": "km/h"},
    "sensor.scooter_battery": {"unit_of_measurement": "%"},
    "sensor.phone_next_alarm": {"device_class": "timestamp"},
    "light.living": {"brightness": 120, "friendly_name": "Living room"},
    "light.hall": {"friendly_name": "Hall"},
    "light.bedroom": {"brightness": 10},
    "climate.living": {"temperature": 20, "preset_mode": "home"},
    "cover.blind_living": {"position": 80},
    "media_player.tv": {"friendly_name": "Television"},
    "person.giulia": {"friendly_name": "Giulia"},
    "person.marco": {"friendly_name": "Marco"},
    "person.luca": {"friendly_name": "Luca"},
}
STATES = {
    "binary_sensor.hall_motion": "off",
    "binary_sensor.kitchen_motion": "off",
    "binary_sensor.garage_motion": "off",
    "binary_sensor.bedroom_motion": "off",
    "binary_sensor.front_door": "off",
    "binary_sensor.back_door": "off",
    "binary_sensor.garage_door": "off",
    "binary_sensor.bedroom_window": "off",
    "binary_sensor.smoke_kitchen": "off",
    "binary_sensor.band_asleep": "on",
    "binary_sensor.su7_plugged": "on",
    "binary_sensor.su7_charging": "off",
    "sensor.living_temperature": "20.0",
    "sensor.outside_temperature": "8.0",
    "sensor.living_humidity": "51",
    "sensor.kitchen_co2": "600",
    "sensor.hall_illuminance": "0",
    "sensor.pv_power": "0",
    "sensor.house_power": "240",
    "sensor.washing_power": "0",
    "sensor.electricity_price": "0.22",
    "sensor.su7_battery": "71",
    "sensor.su7_range": "410",
    "sensor.su7_speed": "0",
    "sensor.scooter_battery": "80",
    "sensor.phone_next_alarm": "unknown",
    "light.hall": "off",
    "light.kitchen": "off",
    "light.living": "off",
    "light.bedroom": "off",
    "light.porch": "off",
    "light.garage": "off",
    "switch.pump": "off",
    "switch.kettle": "off",
    "switch.dehumidifier": "off",
    "switch.socket_scooter": "on",
    "switch.su7_charge": "off",
    "switch.su7_preconditioning": "off",
    "fan.bath": "off",
    "siren.hall": "off",
    "lock.front_door": "locked",
    "lock.su7": "locked",
    "cover.garage": "closed",
    "cover.blind_living": "open",
    "climate.living": "heat",
    "media_player.tv": "off",
    "vacuum.robot": "docked",
    "number.su7_charge_limit": "80",
    "select.su7_mode": "grid",
    "alarm_control_panel.home": "disarmed",
    "weather.home": "cloudy",
}


def where(who, place):
    base = ATTRIBUTES.get(f"person.{who}", {})
    spot = {"latitude": place[0], "longitude": place[1], "gps_accuracy": 10}
    return {"attributes": base | spot}
