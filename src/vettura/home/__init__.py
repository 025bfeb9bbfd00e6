"""The household: who leaves, who comes home, what they do to the car, and their devices."""

from vettura.home.device.kinds import models_of as models_of
from vettura.home.device.service import DevicesService as DevicesService
from vettura.home.device.world import World as World
from vettura.home.habits_service import HabitsService as HabitsService
from vettura.home.service import HouseholdService as HouseholdService
