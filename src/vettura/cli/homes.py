"""Which home file a command means when it names none."""

from importlib.resources import files
from pathlib import Path

LIVE = "casa-energy.toml"
"""The same household as `casa.toml`, which also plans its energy: for who looks at it."""


def home_path(given: Path | None, example: str = "casa.toml") -> Path:
    """The file that was named; else the example household that ships with vettura."""
    if given is not None:
        return given
    packaged = Path(str(files("vettura"))) / example
    in_checkout = Path(__file__).parents[3] / "examples" / example
    return packaged if packaged.exists() else in_checkout
