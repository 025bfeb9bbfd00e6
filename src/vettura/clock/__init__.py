"""The clock: real (or real times a factor) and rehearsed, with named random streams and ids."""

from vettura.clock.interface import Clock as Clock
from vettura.clock.loop import RehearsalLoop as RehearsalLoop
from vettura.clock.rehearsal import RehearsalClock as RehearsalClock
from vettura.clock.rehearsal import rehearse as rehearse
from vettura.clock.wall import WallClock as WallClock
