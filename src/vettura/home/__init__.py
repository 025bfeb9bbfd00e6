"""The household: who leaves, who comes home, and what they do to the car."""

from vettura.home.service import HouseholdService as HouseholdService
