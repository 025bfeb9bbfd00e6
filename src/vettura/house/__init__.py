"""The one place that joins config, clock, bus and services, and runs them live or rehearsed."""

from vettura.house.file import HomeFile as HomeFile
from vettura.house.file import load_home as load_home
from vettura.house.live import Running as Running
from vettura.house.live import Wishes as Wishes
from vettura.house.live import run_live as run_live
from vettura.house.rehearsal import Rehearsed as Rehearsed
from vettura.house.rehearsal import rehearse_home as rehearse_home
