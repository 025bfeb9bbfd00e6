"""The `vettura` command: which commands there are, and what every failure looks like.

Exit codes: 0 done, 1 a check or a run failed, 2 usage or bad input, 3 the machine lacks something.
Standard output carries data only; messages go to standard error.
"""

import sys
from collections.abc import Sequence

from cyclopts import App
from cyclopts.exceptions import CycloptsError

from vettura import __version__
from vettura.cli.output import complain
from vettura.errors import VetturaError

INTERRUPTED = 130
USAGE = 2

app = App(
    name="vettura",
    help="A smart electric car as software, and the home it lives in.",
    version=__version__,
    help_format="plaintext",
)
# Loaded only when asked for: what a command needs is nobody else's waiting time.
app.command("vettura.cli.run:run", help="Run a home live, with a page to watch and command it.")
app.command("vettura.cli.drive:drive", help="Drive a car over a cycle.")
app.command(
    "vettura.cli.replay:replay_command",
    name="replay",
    help="Drive a car along measured trips, or play a recorded session.",
)
app.command("vettura.cli.export:export", help="Write a recorded session as JSON or CSV.")
app.command("vettura.cli.record:record", help="Record a running house's signals into a file.")
validate = App(
    name="validate",
    help="Hold the model against measurements; each kind takes --json.",
    help_format="plaintext",
)
validate.command(
    "vettura.cli.validate:certification", help="Energy at the wall of dynamometer tests."
)
validate.command(
    "vettura.cli.validate:cars", help="The cars we ship, beside what was published of them."
)
validate.command("vettura.cli.validate:trips", help="Measured trips, second by second and in all.")
validate.command("vettura.cli.validate:charging", help="Minutes from 10 to 80 % of real curves.")
validate.command("vettura.cli.validate:cell", help="Voltage of a cell in pulses and discharges.")
app.command(validate)
app.command("vettura.cli.age:age", help="Live years with a car and see its battery age.")
app.command(
    "vettura.cli.calibrate:calibrate_command",
    name="calibrate",
    help="Fit a car to its measured trips.",
)
app.command("vettura.cli.canlog:canlog", help="Turn a recorded CAN log into a trip to replay.")
app.command("vettura.cli.canlog:dbc", help="Print the DBC file of our CAN frames.")
app.command("vettura.cli.car:get", help="Print a running car's signals.")
app.command("vettura.cli.car:set_value", name="set", help="Bring one actuator to a value.")
app.command("vettura.cli.car:do", help="Give a running car one command.")
app.command("vettura.cli.car:audit", help="Who told a car what, and what became of it.")
app.command("vettura.cli.miio:miio", help="Where devices answer Xiaomi's clients; their tokens.")
app.command("vettura.cli.rehearse:rehearse", help="Rehearse a home, faster than life.")
app.command("vettura.cli.cars:cars", help="List the cars, or show one with its sources.")
token = App(
    name="token",
    help="Make keys, and tokens that let an app in at a car's KUKSA port; each takes --json.",
    help_format="plaintext",
)
token.command("vettura.cli.token:new_key", help="Write a new private key, and its public half.")
token.command("vettura.cli.token:mint_command", name="mint", help="Print a token for an app.")
token.command("vettura.cli.token:show", help="Print what a token says, and whether it is good.")
app.command(token)
energy = App(
    name="energy",
    help="Plan what a home charges, and what it costs; each takes --json.",
    help_format="plaintext",
)
energy.command("vettura.cli.energy_plan:plan", help="Answer a request to evcc's optimiser.")
energy.command(
    "vettura.cli.energy_live:show", help="What a running house means to charge, and why."
)
energy.command("vettura.cli.energy_live:goal", help="What a car shall hold, and by when.")
energy.command("vettura.cli.energy_live:mode", help="How a station charges: plan, sun, now, off.")
energy.command(
    "vettura.cli.energy_rehearse:rehearse", help="A home's year of charging, strategy by strategy."
)
app.command(energy)
app.command("vettura.cli.doctor:doctor", help="Check what this machine has and lacks.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run_command(sys.argv[1:] if arguments is None else arguments))


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; every expected failure is one clear line."""
    try:
        code = app(
            list(arguments),
            result_action="return_value",
            exit_on_error=False,
            print_error=False,
        )
    except CycloptsError as error:
        complain(f"{error}".strip(), hint="vettura --help")
        return USAGE
    except VetturaError as error:
        complain(error.message, hint=error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has enough of it; keep Python from complaining about that at its end.
        sys.stderr.close()
        return 0
    return code if isinstance(code, int) else 0
