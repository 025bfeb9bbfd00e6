"""Side by side with FASTSim, small: the bench runs, both answer within reason."""

import json
import subprocess
import sys

import pytest

from make import ROOT

pytestmark = pytest.mark.peer


def test_the_bench_runs_and_is_within_ten_percent_of_the_published_tests():
    pytest.importorskip("fastsim", reason="FASTSim is not installed; `make test-peers` does it")
    done = subprocess.run(
        [sys.executable, "bench/fastsim_cycles.py", "--small", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    summary = json.loads(done.stdout.splitlines()[-1])
    assert [row["cycle"] for row in summary["cycles"]] == ["udds", "hwfet"]
    for row in summary["cycles"]:
        assert abs(row["vettura_error_pct"]) < 10.0
        assert abs(row["fastsim_error_pct"]) < 15.0
    # Plain Python beside compiled Rust: the same order of time for a simulated second.
    assert summary["fastsim_over_vettura_time"] > 0.2
    assert len(summary["result_sha256"]) == 64
