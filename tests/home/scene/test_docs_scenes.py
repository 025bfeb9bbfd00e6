"""What the document about scenes shows is read as it stands."""

import re

import pytest

from make import ROOT
from vettura.errors import InputError
from vettura.home.scene.read import read_scenes_text
from vettura.home.scene.read_triggers import UNSUPPORTED
from vettura.words.template_check import checking_sandbox

TEXT = (ROOT / "docs" / "scenes.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_is_read(block):
    scenes = read_scenes_text(block)
    assert scenes.automations or scenes.promises


def test_every_trigger_that_is_not_supported_is_named():
    assert all(name in TEXT for name in UNSUPPORTED)


def test_every_function_and_filter_of_a_template_is_there():
    section = TEXT.split("## Templates")[1].split("A function that is not there")[0]
    names = set(re.findall(r"`([a-z_0-9]+)`", section)) - {"this", "lipsum", "break", "continue"}
    sandbox = checking_sandbox()
    assert names <= {*sandbox.globals, *sandbox.filters, *sandbox.tests}
    assert len(names) > 60


def test_the_lines_that_name_what_is_wrong_are_those_that_are_printed():
    text = (
        "- alias: a\n  trigger:\n  - platform: state\n    entity_id: light.a\n    to: on\n"
        "  - platform: time\n    at: 7:30\n  - platform: sun\n    event: sunset\n    id: empty\n"
        "  condition:\n  - condition: trigger\n    id: low\n  action: []\n"
    )
    with pytest.raises(InputError) as caught:
        read_scenes_text(text)
    shown = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)[0]
    for line in shown.splitlines()[1:3]:
        what = line.split(": ", 1)[1]
        assert what in caught.value.message
