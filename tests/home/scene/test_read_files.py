"""Files of scenes that are made of several: includes, secrets, blueprints."""

import pytest

from vettura.errors import InputError
from vettura.home.scene.read import read_scenes


def test_files_include_each_other_and_keep_secrets(tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "secrets.yaml").write_text("lamp: light.secret\n")
    (tmp_path / "scenes.yaml").write_text(
        "automation: !include_dir_merge_list more\nscript: !include scripts.yaml\n"
        "homeassistant: {packages: !include_dir_named packages}\n"
    )
    (tmp_path / "more" / "a.yaml").write_text(
        "- alias: a\n  trigger: []\n  action: {service: light.turn_on, entity_id: !secret lamp}\n"
    )
    (tmp_path / "more" / ".hidden.yaml").write_text("- nonsense\n")
    (tmp_path / "scripts.yaml").write_text("go: {sequence: []}\n")
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "p.yaml").write_text("input_boolean: {x: }\n")
    scenes = read_scenes([tmp_path / "scenes.yaml"])
    assert scenes.automations[0].actions[0].target == {"entity_id": ["light.secret"]}
    assert str(scenes.automations[0].where).endswith("more/a.yaml:1")
    assert scenes.scripts[0].entity_id == "script.go"
    assert scenes.helpers[0].entity_id == "input_boolean.x"


def test_what_cannot_be_included_is_named(tmp_path):
    file = tmp_path / "scenes.yaml"
    file.write_text(
        "automation: !include nowhere.yaml\nscript: !include scenes.yaml\n"
        "scene: !secret none\ngroup: !include_dir_named gone\n"
    )
    with pytest.raises(InputError) as caught:
        read_scenes([file])
    for text in (
        "there is no such file",
        "includes itself",
        "a secret called 'none'",
        "such folder",
    ):
        assert text in caught.value.message
    file.write_bytes(b"- alias: \xff\n")
    with pytest.raises(InputError, match="not UTF-8 at byte 9"):
        read_scenes([file])
    with pytest.raises(InputError, match="there is no such file"):
        read_scenes([tmp_path / "none.yaml"])


BLUEPRINT = """
blueprint:
  name: Motion
  domain: automation
  input:
    motion: {selector: {entity: {}}}
    more:
      input:
        wait: {default: 120}
        lamp: {default: light.hall}
mode: restart
variables: {w: !input wait}
trigger: {platform: state, entity_id: !input motion, to: 'on'}
action:
- {service: light.turn_on, entity_id: !input lamp}
- delay: !input wait
"""


def blueprint_home(tmp_path, use: str, blueprint: str = BLUEPRINT):
    folder = tmp_path / "blueprints" / "automation" / "me"
    folder.mkdir(parents=True)
    (folder / "motion.yaml").write_text(blueprint)
    file = tmp_path / "scenes.yaml"
    file.write_text(f"- alias: hall\n  use_blueprint: {use}\n")
    return [file]


def test_a_blueprint_is_filled_in(tmp_path):
    use = "{path: me/motion.yaml, input: {motion: binary_sensor.hall, lamp: light.stairs}}"
    found = read_scenes(blueprint_home(tmp_path, use)).automations[0]
    assert (found.alias, found.mode, found.variables) == ("hall", "restart", {"w": 120})
    assert found.triggers[0].entity_ids == ("binary_sensor.hall",)
    assert found.actions[0].target == {"entity_id": ["light.stairs"]}
    assert found.actions[1].delay == 120.0


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("{path: me/motion.yaml}", "input 'motion' is missing"),
        ("{path: me/motion.yaml, input: {motion: a.b, lmap: x.y}}", "did you mean 'lamp'?"),
        ("{path: me/motion.yaml, input: {motion: nonsense}}", "scenes.yaml:2: 'nonsense' is no"),
        ("{path: other.yaml}", "there is no blueprint 'other.yaml'"),
        ("{path: ../../etc/passwd.yaml}", "is no path of a blueprint"),
        ("{input: {}}", "'path' is missing"),
    ],
)
def test_a_blueprint_that_cannot_be_filled_is_named(tmp_path, use, expected):
    with pytest.raises(InputError) as caught:
        read_scenes(blueprint_home(tmp_path, use))
    assert expected in caught.value.message


def test_inputs_that_unfold_are_counted(tmp_path):
    holes = ", ".join(["!input big"] * 300)
    bomb = (
        "blueprint: {name: x, domain: automation, input: {big: }}\n"
        f"trigger: []\naction: []\nvariables: {{a: [{holes}]}}\n"
    )
    use = f"{{path: me/motion.yaml, input: {{big: {[1] * 1000}}}}}"
    with pytest.raises(InputError, match="aliases written out"):
        read_scenes(blueprint_home(tmp_path, use, bomb))


def test_a_blueprint_of_something_else_is_named(tmp_path):
    use = "{path: me/motion.yaml, input: {}}"
    other = "blueprint: {name: x, domain: script}\nsequence: [!input nowhere]\n"
    with pytest.raises(InputError, match="no blueprint of an automation"):
        read_scenes(blueprint_home(tmp_path, use, other))
