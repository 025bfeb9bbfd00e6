"""What each room shows to the others: a name is added here on purpose or not at all."""

import importlib

import pytest

PUBLIC = {
    "car": "CarSpec Flows Inputs Params State Step Trip car_ids load_car params_of resting_state",
    "clock": "Clock RehearsalClock RehearsalLoop WallClock rehearse",
    "bus": "Bucket Bus Entry Message Stream StreamMessage Subscription",
    "life": "Household Person Place StationConfig make_trip plan_day weather_at",
    "drive": "CarConfig CarService TwinConfig TwinService",
    "home": "DevicesService HabitsService HouseholdService World models_of",
    "energy": "WallboxService",
    "validation": (
        "CertificationReport CertificationRow ChargingReport Summary TripsReport certify "
        "rewrite_section summarise_errors validate_charging validate_trips"
    ),
    "house": "HomeFile Rehearsed Running Wishes load_home rehearse_home run_live",
    "cli": "main",
}


@pytest.mark.parametrize(("room", "names"), PUBLIC.items())
def test_a_room_shows_these_names_and_no_others(room, names):
    module = importlib.import_module(f"vettura.{room}")
    shown = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and type(value).__name__ != "module"
    }
    assert shown == set(names.split())
