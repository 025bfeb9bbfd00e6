"""Side by side with FASTSim, small: the bench runs, both answer within reason."""

import json
import subprocess
import sys

import pytest

from make import ROOT

pytestmark = pytest.mark.peer


def bench(name):
    pytest.importorskip("fastsim", reason="FASTSim is not installed; `make test-peers` does it")
    done = subprocess.run(
        [sys.executable, f"bench/{name}.py", "--small"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_batch_of_cars_is_many_times_faster_than_fastsim():
    summary = bench("batch")
    assert summary["fastsim_ratio_one_core"] > 200.0
    assert summary["ns_per_car_second_all_cores"] > 0.0


def test_the_bench_runs_and_is_within_ten_percent_of_the_published_tests():
    summary = bench("fastsim_cycles")
    assert [row["cycle"] for row in summary["cycles"]] == ["udds", "hwfet"]
    for row in summary["cycles"]:
        assert abs(row["vettura_error_pct"]) < 10.0
        assert abs(row["fastsim_error_pct"]) < 15.0
    # Plain Python beside compiled Rust: the same order of time for a simulated second.
    assert summary["fastsim_over_vettura_time"] > 0.2
    assert len(summary["result_sha256"]) == 64
