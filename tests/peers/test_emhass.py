"""EMHASS from PyPI on the same homes as our planner, in one process."""

import json
import subprocess
import sys

import pytest

from make import ROOT

pytestmark = pytest.mark.peer
EMHASS = ROOT / ".peers" / "emhass" / "bin" / "python"


@pytest.mark.skipif(not EMHASS.exists(), reason="no EMHASS environment: `make peers`")
def test_emhass_is_never_cheaper_and_thirty_times_slower():
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "emhass.py"), "--small"],
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    rows = {row["slots"]: row for row in json.loads(done.stdout.splitlines()[-1])}
    assert all(row["cost_ratio_worst"] <= 1.0 + 1e-6 for row in rows.values())
    assert rows[192]["ratio"] >= 30.0
