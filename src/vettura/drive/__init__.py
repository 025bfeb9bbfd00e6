"""Driving: the living car on the bus, cycles, and measured trips driven again."""

from vettura.drive.service import CarConfig as CarConfig
from vettura.drive.service import CarService as CarService
from vettura.drive.twin import TwinConfig as TwinConfig
from vettura.drive.twin import TwinService as TwinService
