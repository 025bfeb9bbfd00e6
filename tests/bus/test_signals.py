"""The table of signals is whole, described, and its page in the documents is current."""

import subprocess
import sys

from make import ROOT
from vettura.bus.signals import rest_of_vss, signal_table

PAGE = ROOT / "docs" / "signals.md"


def test_the_page_of_signals_is_what_the_table_says():
    tool = ROOT / "tools" / "signals_page.py"
    done = subprocess.run([sys.executable, tool, "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, "run: python tools/signals_page.py"


def test_every_signal_stands_on_the_page_with_the_licence_of_its_facts():
    text = PAGE.read_text("utf-8")
    assert all(f"| `{path}` |" in text for path in signal_table())
    assert "Mozilla Public" in text
    assert "COVESA" in text


def test_every_signal_has_a_line_of_its_own():
    lines = [signal.description for signal in signal_table().values()]
    assert all(len(line) <= 140 for line in lines)
    assert all(line and line == line.strip() and not line.endswith(".") for line in lines)
    assert len(set(lines)) > 0.97 * len(lines)


def test_no_signal_is_both_ours_and_missing():
    assert not set(signal_table()) & set(rest_of_vss())
    assert len(signal_table()) == 260
