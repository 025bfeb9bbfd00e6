"""The wallbox between house and car."""

from vettura.energy.wallbox import WallboxService as WallboxService
