"""How an app tells its test what it has seen: a line of JSON on standard output."""

import json
import sys


def say(**fields):
    """Print one line now."""
    sys.stdout.write(json.dumps(fields, default=str) + "\n")
    sys.stdout.flush()
