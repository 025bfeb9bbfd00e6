"""Every short name stands for a path or a branch of the one table."""

import pytest

from vettura.bus import paths
from vettura.bus.signals import signal_table

NAMES = {name: path for name, path in vars(paths).items() if name.isupper()}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_path_or_a_branch_of_the_table(name):
    path = NAMES[name]
    if path.endswith("."):
        assert any(signal.startswith(path) for signal in signal_table())
    else:
        assert path in signal_table()


def test_no_path_has_two_names():
    assert len(set(NAMES.values())) == len(NAMES)
