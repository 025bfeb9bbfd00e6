"""Run by velocitas-sdk's own Python: the SDK's own example app, as it was shipped."""

import runpy
import sys
from pathlib import Path

import velocitas_examples

SOURCES = Path(next(iter(velocitas_examples.__path__))) / "seat-adjuster" / "src"
sys.path.insert(0, str(SOURCES))
runpy.run_path(str(SOURCES / "main.py"), run_name="__main__")
