"""Listeners change nothing: the same seed says the same, with all faces on and with none."""

from datetime import datetime

from make import ROOT
from vettura.house import load_home, rehearse_home

START = datetime(2026, 3, 2, 7, 10)  # noqa: DTZ001  local to the home
MINUTES = 20.0
"""Five before the commute, and the drive."""


def rehearsed(*, faces):
    home = load_home(ROOT / "examples" / "casa.toml")
    return rehearse_home(home, seed=3, start=START, duration_s=60.0 * MINUTES, faces=faces)


def test_the_signal_log_is_the_same_with_all_faces_on_and_with_none():
    alone, watched = rehearsed(faces=False), rehearsed(faces=True)
    assert alone.signals_sha256 == watched.signals_sha256
    assert alone.messages > 1_000
    assert alone.log_sha256 == watched.log_sha256
