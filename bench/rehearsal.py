"""How long a month of the example household takes, and what a rehearsal finds in it.

Thirty days of three people, 25 devices, a car and their scenes, on one core: as the home is, where
nothing may be found, and with three planted mistakes, where exactly those are. The last line is a
JSON object with the processor's time and a hash of all that was said.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import structlog

from vettura.house import load_home
from vettura.house.rehearsed import Wanted, live

EXAMPLES = Path(__file__).parents[1] / "examples"
DAY_S = 86_400.0
PLANTED = ["conflict", "loop", "promise"]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="three days, for tests")
    days = 3.0 if parser.parse_args().small else 30.0
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    casa, planted = _month("casa.toml", days), _month("planted.toml", days)
    is_right = casa["found"] == [] and planted["found"] == PLANTED
    summary = {"days": days, "casa": casa, "planted": planted, "is_right": is_right}
    sys.stdout.write(json.dumps(summary) + "\n")
    return 0 if is_right else 1


def _month(name: str, days: float) -> dict[str, Any]:
    home = load_home(EXAMPLES / name)
    begin_s = time.process_time()
    lived = live(Wanted(home=home, seed=home.seed, duration_s=days * DAY_S))
    report = lived.report()
    spent_s = time.process_time() - begin_s
    return {
        "processor_s": round(spent_s, 1),
        "times_as_fast_as_life": round(days * DAY_S / spent_s),
        "messages": report.facts.messages,
        "fired": sum(row.fired for row in report.scenes),
        "found": sorted(one.kind for one in report.findings),
        "log_sha256": report.facts.log_sha256,
    }


if __name__ == "__main__":
    sys.exit(main())
