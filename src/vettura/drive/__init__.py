"""Driving: the living car on the bus, cycles, and measured trips driven again."""

from vettura.drive.service import CarConfig as CarConfig
from vettura.drive.service import CarService as CarService
