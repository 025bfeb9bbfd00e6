"""Side by side with FASTSim 3.1 in one process: same car, same cycles; consumption and time.

FASTSim drives its own 2022 Tesla Model 3 RWD; we drive ours, with EPA's road load at EPA's mass.
FASTSim's file weighs 1,752 kg, EPA's test 1,928 kg: part of why it stays below EPA's figures.
Both start warm at 22 °C with the climate off; energy is compared at the wall, where EPA measures,
each with its own charger. `make bench` sets up what this needs.
"""

import argparse
import hashlib
import json
import statistics
import struct
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from vettura.car import Params, Trip, load_car, params_of
from vettura.drive.cycles import load_cycle
from vettura.drive.simulate import Result, drive_trip
from vettura.validation.dyno import at_the_wall

CAR = "tesla-model-3-rwd"
PEER_CAR = "2022 Tesla Model 3 RWD thrml.yaml"
CYCLES = ("udds", "hwfet")
AMBIENT_DEGC = 22.0
FASTSIM_CHARGER = 0.86
"""From wall to battery by FASTSim; ours follows from the recharge that the model drives itself."""


class Measured(NamedTuple):
    """One system on one cycle."""

    wh_per_km: float
    ns_per_second: float


def main() -> int:
    """Print the comparison; the last line is a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="few repetitions, for tests")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args()
    repetitions = 3 if options.small else 25
    rows = [_compare(cycle, repetitions) for cycle in CYCLES]
    summary = {
        "cycles": rows,
        "fastsim_over_vettura_time": round(
            statistics.fmean(row["fastsim_ns_per_s"] / row["vettura_ns_per_s"] for row in rows), 3
        ),
        "result_sha256": _digest([load_cycle(cycle) for cycle in CYCLES]),
    }
    if not options.json:
        _print(rows)
    sys.stdout.write(json.dumps(summary) + "\n")
    return 0


def _compare(cycle: str, repetitions: int) -> dict[str, Any]:
    published = load_car(CAR).published[f"epa_{cycle}_wall_wh_per_km"].value
    ours, theirs = _ours(cycle, repetitions), _theirs(cycle, repetitions)
    theirs_wall = theirs.wh_per_km / FASTSIM_CHARGER
    ours_wall = at_the_wall(_params(), load_cycle(cycle))
    return {
        "cycle": cycle,
        "vettura_wh_per_km": round(ours.wh_per_km, 2),
        "fastsim_wh_per_km": round(theirs.wh_per_km, 2),
        "epa_wall_wh_per_km": published,
        "vettura_error_pct": round(100.0 * (ours_wall / published - 1.0), 2),
        "fastsim_error_pct": round(100.0 * (theirs_wall / published - 1.0), 2),
        "vettura_ns_per_s": round(ours.ns_per_second),
        "fastsim_ns_per_s": round(theirs.ns_per_second),
    }


def _ours(cycle: str, repetitions: int) -> Measured:
    trip = load_cycle(cycle)
    result, elapsed_ns = _median(lambda: _drive(trip), repetitions)
    return Measured(result.wh_per_km, elapsed_ns / trip.duration_s)


def _drive(trip: Trip) -> Result:
    return drive_trip(_params(), trip, ambient_degc=AMBIENT_DEGC)


def _params() -> Params:
    spec = load_car(CAR)
    assert spec.body.coast_down is not None
    return params_of(spec, mass_kg=spec.body.coast_down.test_mass_kg)


def _theirs(cycle: str, repetitions: int) -> Measured:
    import fastsim

    vehicle = fastsim.Vehicle.from_resource(PEER_CAR)
    speeds = fastsim.Cycle.from_resource(f"{cycle}.csv")

    def drive() -> Any:  # noqa: ANN401  a class of FASTSim's
        driven = fastsim.SimDrive(vehicle, speeds)
        driven.run()
        return driven

    driven, elapsed_ns = _median(drive, repetitions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = driven.to_dict()["veh"]
    drawn_j = tree["pt_type"]["BEV"]["res"]["state"]["energy_out_electrical_joules"]
    distance_m = tree["state"]["dist_meters"]
    return Measured(drawn_j / 3.6 / distance_m, elapsed_ns / load_cycle(cycle).duration_s)


def _median(work: Callable[[], Any], repetitions: int) -> tuple[Any, float]:
    """The result of `work`, and the median time it took [ns], after one run that does not count."""
    result = work()
    spent = []
    for _ in range(repetitions):
        begin = time.perf_counter_ns()
        result = work()
        spent.append(time.perf_counter_ns() - begin)
    return result, statistics.median(spent)


def _digest(trips: list[Trip]) -> str:
    """A hash of every bit of our result, to see when it changes."""
    digest = hashlib.sha256()
    for trip in trips:
        digest.update(struct.pack(f">{len(_drive(trip).state)}d", *_drive(trip).state))
    return digest.hexdigest()


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    headings = {
        "cycle": "cycle",
        "vettura_wh_per_km": "vettura Wh/km",
        "fastsim_wh_per_km": "FASTSim Wh/km",
        "vettura_error_pct": "against EPA %",
        "fastsim_error_pct": "FASTSim %",
        "vettura_ns_per_s": "vettura ns/s",
        "fastsim_ns_per_s": "FASTSim ns/s",
    }
    for heading in headings.values():
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*(str(row[key]) for key in headings))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
