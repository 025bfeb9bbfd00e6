"""What docs/energy-inputs.md says of a home file can be written into one."""

import tomllib

import pytest

from make import ROOT
from vettura.config import convert_tree
from vettura.energy.config import EnergyConfig

PAGE = (ROOT / "docs" / "energy-inputs.md").read_text("utf-8")
BLOCKS = [block.split("```")[0] for block in PAGE.split("```toml\n")[1:]]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_the_page_is_a_sound_part_of_a_home_file(block):
    tree = tomllib.loads(block)
    assert list(tree) == ["energy"]
    assert convert_tree(tree["energy"], EnergyConfig, where="page") != EnergyConfig()


def test_the_page_has_a_block_for_each_part():
    for part in ("tariff", "feed_in", "grid", "panels", "sun_forecast", "load", "calendar"):
        assert any(f"energy.{part}]" in block for block in BLOCKS), part
