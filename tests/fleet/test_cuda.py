"""A GPU's threads are the living car too: the same bits as plain Python and the other batches."""

import ast
import os
import pickle
import subprocess
import sys
from importlib import import_module

import pytest
from numba import cuda

from make import ALL_CARS
from vettura.car import Trip, load_car, params_of
from vettura.car.relations import warmed_up
from vettura.drive.cycles import load_cycle
from vettura.drive.simulate import drive_trip
from vettura.fleet.batch import Batch
from vettura.fleet.compiled import KERNELS, own_functions
from vettura.fleet.rounded import rewritten_tree

COLD_DEGC = -10.0
CARS = [params_of(load_car(car)) for car in ALL_CARS]
# More than the lanes of a block.
MANY = (CARS * 3)[:70]
BEGINS = [warmed_up(params, ambient_degc=COLD_DEGC, displayed_soc=0.7) for params in MANY]
WISHED = load_cycle("udds").speed_mps[20:56]
# At the end a start that no car can follow, so that misses are counted as well.
TRIP = Trip(id="cut", origin="a", destination="b", speed_mps=[*WISHED, 60.0, 60.0, 0.0, 0.0])
DRIVE_TWICE = """
import pickle, sys
from vettura.fleet.cuda import CudaBatch
cars, begins, trip, ambient_degc = pickle.load(sys.stdin.buffer)
batch = CudaBatch(cars, begins)
batch.drive(trip, ambient_degc=ambient_degc)
batch.drive(trip, ambient_degc=ambient_degc)
pickle.dump(tuple(batch.result()), sys.stdout.buffer)
"""


def start(script, sent=b"", **environment):
    # The simulator is chosen before numba is imported, hence in a process of its own.
    return subprocess.run(
        [sys.executable, "-c", script],
        input=sent,
        capture_output=True,
        env=os.environ | environment,
        check=False,
    )


def drive_twice(**environment):
    done = start(DRIVE_TWICE, pickle.dumps((MANY, BEGINS, TRIP, COLD_DEGC)), **environment)
    assert done.returncode == 0, done.stderr.decode()
    return pickle.loads(done.stdout)


@pytest.fixture(scope="module")
def on_processor():
    batch = Batch(MANY, BEGINS)
    batch.drive(TRIP, ambient_degc=COLD_DEGC)
    batch.drive(TRIP, ambient_degc=COLD_DEGC)
    return tuple(batch.result())


def test_threads_of_a_simulated_gpu_give_the_bits_of_the_batch_and_of_plain_python(on_processor):
    simulated = drive_twice(NUMBA_ENABLE_CUDASIM="1")
    assert simulated == on_processor
    for params, begin, state, missed_s in zip(MANY[:5], BEGINS, *simulated, strict=False):
        once = drive_trip(params, TRIP, state=begin, ambient_degc=COLD_DEGC)
        twice = drive_trip(params, TRIP, state=once.state, ambient_degc=COLD_DEGC)
        assert state == twice.state
        assert missed_s == once.missed_s + twice.missed_s > 0.0


@pytest.mark.skipif(not cuda.is_available(), reason="no GPU")
def test_threads_of_a_gpu_give_the_bits_of_the_batch(on_processor):
    assert drive_twice(NUMBA_ENABLE_CUDASIM="0") == on_processor


def test_without_a_gpu_the_import_says_what_is_missing():
    script = (
        "from vettura.errors import EnvironmentFault\n"
        "try:\n    import vettura.fleet.cuda\n"
        "except EnvironmentFault as fault:\n    print(fault)\n"
    )
    done = start(script, NUMBA_ENABLE_CUDASIM="0", CUDA_VISIBLE_DEVICES="")
    assert done.stdout.decode().startswith("no GPU to drive cars on\n  hint: "), done.stderr


@pytest.mark.parametrize("name", KERNELS)
def test_rewritten_functions_leave_no_product_to_the_compiler(name):
    functions = own_functions(import_module(f"vettura.car.{name}"))
    trees = [rewritten_tree(function) for function in functions]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    assert nodes
    assert not [node for node in nodes if isinstance(node, ast.Mult | ast.Pow)]
    assert not {node.id for node in nodes if isinstance(node, ast.Name)} & {"min", "max"}
