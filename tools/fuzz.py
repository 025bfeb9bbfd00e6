"""Malformed inputs at every door, by the million: none may get out, and memory stays flat.

    python tools/fuzz.py --inputs 1000000            every door, a fifth of them by atheris
    python tools/fuzz.py --inputs 1000000 --face mqtt
    python tools/fuzz.py --face mqtt --only 4711     that very input of the generator again

Each door runs in a process of its own. The generator breaks valid inputs and is a function of seed
and index; atheris follows the coverage of our sources (where it is installed, else the generator
takes all). A hash of what became of every input stands in the line. Exit code 1 when something got
out, hung for 30 s, or grew by more than 16 MB after the warm-up; the reproducer is printed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# In place of this folder, where a module of the same name as the tests' room lies: this one.
sys.path[:1] = [str(ROOT / "tests"), str(ROOT / "src")]

TIMEOUT_S = 600
"""What atheris gives an input by the wall: the door looks at the processor's time."""
COLUMNS = ("face", "by", "inputs", "accepted", "refused", "warm_mb", "end_mb", "peak_mb", "sha256")
ATHERIS_PART = 5
"""One input in so many is made by atheris, where that is installed."""
INPUT_BYTES_MAX = 4096
"""Longest input that atheris makes; the generator goes to a megabyte."""


def main() -> int:
    """Run what was asked for; 1 when something broke."""
    options = _options()
    if options.only is not None:
        return _again(options)
    if options.child:
        return _child(options)
    faces = options.face or sorted(_names())
    _say(dict(zip(COLUMNS, COLUMNS, strict=True)))
    return max(
        _run(face, one, count, options.seed)
        for face in faces
        for one, count in shares(options.inputs).items()
    )


def shares(inputs: int) -> dict[str, int]:
    """How many inputs come from whom: following coverage takes several times as long for each."""
    guided = inputs // ATHERIS_PART if find_spec("atheris") else 0
    return {"generator": inputs - guided} | ({"atheris": guided} if guided else {})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000, help="for each face")
    parser.add_argument("--face", action="append", choices=_names(), help="only this one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="one input of the generator, by its number")
    parser.add_argument("--child", choices=("generator", "atheris"), help=argparse.SUPPRESS)
    return parser.parse_args()


def _names() -> list[str]:
    from fuzz.entries import DOORS

    return sorted(DOORS)


def _run(face: str, by: str, count: int, seed: int) -> int:
    """One door in a process of its own; its exit code."""
    command = [sys.executable, __file__, "--child", by, "--face", face]
    command += ["--inputs", str(count), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    told = next((line for line in done.stdout.splitlines() if line.startswith("{")), "")
    if not told:
        _say({"face": face, "by": by, "inputs": "died"})
        lines = [line for line in done.stderr.splitlines() if not line.startswith("INFO: Instr")]
        sys.stdout.write("\n".join([done.stdout[-2000:], *lines[-40:], ""]))
        return 1
    row = json.loads(told)
    _say({**row, "face": face, "by": by})
    if row["broken"]:
        sys.stdout.write(f"--- {face} by {by}, seed {seed}: {row['broken']}\n")
    return 1 if row["broken"] else 0


def _say(row: dict[str, object]) -> None:
    cells = (f"{row.get(name, ''):>10}" for name in COLUMNS[2:])
    sys.stdout.write(f"{row['face']:<16}{row['by']:<10}{' '.join(cells)}\n")
    sys.stdout.flush()


def _child(options: argparse.Namespace) -> int:
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    face = options.face[0]
    if options.child == "atheris":
        return _by_atheris(face, options)
    from fuzz.entries import build
    from fuzz.running import inputs_of, run

    door = build(face)
    outcome = run(
        door, inputs_of(door, seed=options.seed, count=options.inputs), count=options.inputs
    )
    return _told(outcome)


def _told(outcome: tuple) -> int:
    row = outcome._asdict()
    row = {k: round(v, 1) if isinstance(v, float) else v for k, v in row.items()}
    row["broken"] = str(outcome.broken) if outcome.broken else ""
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()
    return 1 if outcome.broken else 0


def _by_atheris(face: str, options: argparse.Namespace) -> int:
    import atheris

    from fuzz.running import Tally

    with atheris.instrument_imports(include=["vettura"], enable_loader_override=False):
        from fuzz.entries import build

        door = build(face)
    tally = Tally(door, options.inputs)

    def take(data: bytes) -> None:
        if tally.take(data):
            os._exit(_told(tally.outcome()))

    with tempfile.TemporaryDirectory() as folder:
        for number, sample in enumerate(door.samples):
            (Path(folder) / str(number)).write_bytes(sample)
        # One more than it stops at by itself; RSS is ours to judge.
        limits = ["-rss_limit_mb=0", f"-max_len={INPUT_BYTES_MAX}", f"-timeout={TIMEOUT_S}"]
        runs = [f"-runs={options.inputs + 10_000_000}", f"-seed={options.seed}", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *limits, *runs, folder], take)
        atheris.Fuzz()
    return 0


def _again(options: argparse.Namespace) -> int:
    from fuzz.entries import build
    from fuzz.malformed import malformed
    from fuzz.running import feed

    door = build(options.face[0])
    data = malformed(options.seed, options.only, door.samples)
    broken, is_accepted = feed(door, data, options.only)
    sys.stdout.write(f"{data[:2000]!r}\n{broken or ('accepted' if is_accepted else 'refused')}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
