"""The bench of wallboxes runs, small, so that it cannot rot."""

import json
import subprocess
import sys

import pytest

from make import ROOT


@pytest.mark.live
def test_the_bench_of_wallboxes_measures_both_servers():
    done = subprocess.run(
        [sys.executable, "bench/wallboxes.py", "--small"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert [row[0] for row in rows[:3]] == ["plain", "ours", "wallboxes"]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["stations"] == 8
    assert result["messages_per_s"] > 0
    assert result["wallboxes_messages_per_s"] > 0
