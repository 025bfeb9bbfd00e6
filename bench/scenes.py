"""A month of scenes in Home Assistant's core and in vettura, side by side.

Both live through the same month, 137 automations and 56,000 things that happen: Home Assistant
2024.3.3 in a process of its own, on a loop that jumps from timer to timer, and our scenes here.
Told are seconds for making ready (its setup, our reading), for living, and the processor's time
for both; a digest says whether both did the same. `make peers` makes Home Assistant's environment;
without it only ours is told. The last line is a JSON object.
"""

import argparse
import gc
import importlib
import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from vettura.home.scene.read import read_scenes

ROOT = Path(__file__).parents[1]
PEER = ROOT / ".peers" / "homeassistant" / "bin" / "python"
SCRIPT = ROOT / "tests" / "peers" / "apps" / "homeassistant_month.py"
sys.path.insert(0, str(ROOT / "tests"))


class Lived(NamedTuple):
    """One side."""

    ready_s: float
    lived_s: float
    cpu_s: float
    actions: int
    digest: str


def main() -> int:
    """Print the comparison; the last line is a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="one day, for tests")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args()
    days = 1 if options.small else 31
    told = importlib.import_module("peers.scenario").scenario(days=days)
    ours, theirs = _ours(told), _theirs(told)
    result: dict[str, Any] = {"days": days, "happenings": len(told["happens"])}
    result |= {"vettura": ours._asdict()}
    if theirs is not None:
        result |= {
            "homeassistant": theirs._asdict(),
            "homeassistant_over_vettura_lived": round(theirs.lived_s / ours.lived_s, 2),
            "homeassistant_over_vettura_cpu": round(theirs.cpu_s / ours.cpu_s, 2),
            "same": ours.digest == theirs.digest,
        }
    if not options.json:
        _print(timedelta(days=days), ours, theirs)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


def _ours(told: dict[str, Any]) -> Lived:
    scenario = importlib.import_module("peers.scenario")
    our_month = importlib.import_module("peers.our_month")
    gc.collect()
    began_s, cpu_s = time.perf_counter(), time.process_time()
    scenes = read_scenes(sorted(scenario.AUTOMATIONS.glob("*.yaml")), root=scenario.AUTOMATIONS)
    ready_s = time.perf_counter() - began_s
    lines = our_month.OurMonth(told, scenes).live()
    lived_s = time.perf_counter() - began_s - ready_s
    return _lived(lines, ready_s, lived_s, time.process_time() - cpu_s)


def _theirs(told: dict[str, Any]) -> Lived | None:
    if not PEER.exists():
        sys.stderr.write("bench: no Home Assistant here; `make peers` makes it\n")
        return None
    done = subprocess.run(
        [str(PEER), str(SCRIPT)],
        input=json.dumps(told).encode(),
        env=_clean_environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    *lines, about = map(json.loads, done.stdout.splitlines())
    return _lived(lines, about["ready_s"], about["lived_s"], about["cpu_s"])


def _clean_environment() -> dict[str, str]:
    """Without what would make it import our packages; its sets keep one order."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return ours | {"PYTHONHASHSEED": "0"}


def _lived(lines: list[dict[str, Any]], ready_s: float, lived_s: float, cpu_s: float) -> Lived:
    sameness = importlib.import_module("peers.sameness")
    return Lived(
        ready_s=round(ready_s, 3),
        lived_s=round(lived_s, 3),
        cpu_s=round(cpu_s, 3),
        actions=len(sameness.actions(lines)),
        digest=sameness.digest(lines),
    )


def _print(span: timedelta, ours: Lived, theirs: Lived | None) -> None:
    table = Table(title=f"{span.days} days of scenes")
    for name in ("", "ready s", "lived s", "times life", "CPU s", "actions", "digest"):
        table.add_column(name, justify="left" if not name else "right")
    for who, lived in (("Home Assistant 2024.3.3", theirs), ("vettura", ours)):
        if lived is not None:
            table.add_row(
                who,
                f"{lived.ready_s:.2f}",
                f"{lived.lived_s:.2f}",
                f"{span.total_seconds() / lived.lived_s:,.0f}",
                f"{lived.cpu_s:.2f}",
                f"{lived.actions:,}",
                lived.digest[:12],
            )
    console = Console(width=100)
    console.print(table)
    if theirs is not None:
        console.print(
            f"Home Assistant over vettura: {theirs.lived_s / ours.lived_s:.2f} in time, "
            f"{theirs.cpu_s / ours.cpu_s:.2f} in the processor's"
        )


if __name__ == "__main__":
    raise SystemExit(main())
