"""evcc's requests answered beside its model solved by CBC: `python bench/evcc.py [FOLDER]`.

Prints for each case what the schedule is worth beside the expected answer's, by evcc's own
objective and by the value it reports, and how long each took.
"""

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from evcc_cbc import solve_with_cbc
from vettura.energy.evcc import BatteryAnswer, Request, read_request
from vettura.energy.evcc_answer import answer
from vettura.energy.evcc_value import flows_of, full_value, reported_value, terms_of

CASES = Path(__file__).parents[2] / "shared" / "data" / "evcc_optimizer_cases"
CENT = 0.01


def main(folder: Path) -> int:
    paths = sorted(folder.glob("*.json"))
    ours_s = cbc_s = 0.0
    dearer, lines = 0, []
    answer(read_request(json.dumps(json.loads(paths[0].read_text())["request"]).encode()))
    print(f"{'case':42} {'ours ms':>8} {'CBC ms':>8} {'full - exp':>11} {'reported - exp':>14}")
    for path in paths:
        case = json.loads(path.read_text("utf-8"))
        text = json.dumps(case["request"]).encode()
        began = time.perf_counter()
        given = answer(read_request(text))
        took = time.perf_counter() - began
        request = read_request(text)
        began = time.perf_counter()
        solve_with_cbc(request)
        other = time.perf_counter() - began
        ours_s, cbc_s = ours_s + took, cbc_s + other
        full, reported = beside(request, given.batteries, case["expected_response"])
        dearer += min(full, reported) < -CENT
        lines.append(f"{path.stem} {full:.4f} {reported:.4f}")
        print(f"{path.stem:42} {took * 1e3:8.1f} {other * 1e3:8.1f} {full:11.5f} {reported:14.5f}")
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    print(f"in all {ours_s:.3f} s, CBC {cbc_s:.3f} s: ratio {cbc_s / ours_s:.1f}")
    print(f"dearer than expected by more than {CENT}: {dearer} of {len(paths)}; hash {digest}")
    return 1 if dearer or ours_s > cbc_s else 0


def beside(
    request: Request, batteries: list[BatteryAnswer], expected: dict[str, Any]
) -> tuple[float, float]:
    """Our schedule's value less the expected one's: evcc's objective, and what it reports."""
    terms = terms_of(request)
    ours = flows_of(
        request,
        terms,
        tuple(np.array(b.charging_power) for b in batteries),
        tuple(np.array(b.discharging_power) for b in batteries),
    )
    theirs = flows_of(
        request,
        terms,
        tuple(np.array(b["charging_power"]) for b in expected["batteries"]),
        tuple(np.array(b["discharging_power"]) for b in expected["batteries"]),
    )
    full = full_value(request, terms, ours) - full_value(request, terms, theirs)
    reported = reported_value(request, terms, ours) - expected["objective_value"]
    return full, reported


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else CASES))
