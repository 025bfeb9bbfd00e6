"""Who uses the car: people, their days and trips, weather and places. Pure, from a seed."""

from vettura.life.day import plan_day as plan_day
from vettura.life.household import Household as Household
from vettura.life.household import Person as Person
from vettura.life.places import Place as Place
from vettura.life.road import make_trip as make_trip
from vettura.life.station import StationConfig as StationConfig
from vettura.life.weather import weather_at as weather_at
