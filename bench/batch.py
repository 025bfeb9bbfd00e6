"""How long a second of a car's life takes in a batch, beside FASTSim in the same process.

The full model over UDDS, 64 cars of each model there is, on one core and on all; on both sides the
drive alone, without building the car. Prints a hash of every
bit of the result; the last line is a JSON object.
"""

import argparse
import hashlib
import json
import statistics
import struct
import sys
import time
from typing import Any

import numba

from vettura.car import car_ids, load_car, params_of
from vettura.car.relations import warmed_up
from vettura.drive.cycles import load_cycle
from vettura.fleet.batch import Batch, Driven, drive_many

CYCLE = "udds"
AMBIENT_DEGC = 22.0
PEER_CAR = "2022 Tesla Model 3 RWD thrml.yaml"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="few cars and repetitions, for tests")
    options = parser.parse_args()
    copies, repetitions = (4, 3) if options.small else (64, 9)
    one_ns, driven = _ours(copies, repetitions, threads=1)
    all_ns, _ = _ours(copies, repetitions, threads=numba.get_num_threads())
    fastsim_ns = _theirs(repetitions)
    summary: dict[str, Any] = {
        "cars": copies * len(car_ids()),
        "cores": numba.get_num_threads(),
        "ns_per_car_second_one_core": round(one_ns, 1),
        "ns_per_car_second_all_cores": round(all_ns, 1),
        "fastsim_ns_per_second": round(fastsim_ns),
        "fastsim_ratio_one_core": round(fastsim_ns / one_ns, 1),
        "result_sha256": _digest(driven),
    }
    sys.stdout.write(json.dumps(summary) + "\n")
    return 0


def _ours(copies: int, repetitions: int, *, threads: int) -> tuple[float, Driven]:
    """Median time of a car's second [ns], and what the drive came to."""
    trip = load_cycle(CYCLE)
    cars = [params_of(load_car(car)) for car in car_ids()] * copies
    begins = [warmed_up(params, ambient_degc=AMBIENT_DEGC) for params in cars]
    driven = drive_many(cars, trip, begins, ambient_degc=AMBIENT_DEGC, threads=threads)
    spent = []
    for _ in range(repetitions):
        batch = Batch(cars, begins)
        begin = time.perf_counter_ns()
        batch.drive(trip, ambient_degc=AMBIENT_DEGC, threads=threads)
        spent.append(time.perf_counter_ns() - begin)
    return statistics.median(spent) / (len(cars) * trip.duration_s), driven


def _theirs(repetitions: int) -> float:
    """Median time of a second of FASTSim's own Tesla [ns]."""
    import fastsim

    vehicle = fastsim.Vehicle.from_resource(PEER_CAR)
    cycle = fastsim.Cycle.from_resource(f"{CYCLE}.csv")
    spent = []
    for _ in range(repetitions + 1):
        drive = fastsim.SimDrive(vehicle, cycle)
        begin = time.perf_counter_ns()
        drive.run()
        spent.append(time.perf_counter_ns() - begin)
    return statistics.median(spent[1:]) / load_cycle(CYCLE).duration_s


def _digest(driven: Driven) -> str:
    digest = hashlib.sha256()
    for state in driven.states:
        digest.update(struct.pack(f">{len(state)}d", *state))
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
