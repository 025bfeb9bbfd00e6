"""Home Assistant's own template engine beside ours: the stored answers, and templates by chance."""

import json
from pathlib import Path

import pytest

from make import ROOT
from peers.environment import run_to_end
from vettura.clock.chance import random_stream
from words import template_world

pytestmark = pytest.mark.peer
ANSWERS = ROOT / "tests" / "words" / "template_answers.json"
BY_CHANCE = 1_500


def asked(folder: Path, request: dict) -> dict:
    """What Home Assistant answers."""
    file = folder / "request.json"
    file.write_text(json.dumps(request), "utf-8")
    return json.loads(run_to_end("homeassistant", "apps/homeassistant_templates.py", file))


def written(answers: dict) -> str:
    """The answers as a file that shows a change line by line."""
    parts = []
    for kind, items in answers.items():
        rows = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
        parts.append(f"{json.dumps(kind)}: [\n{rows}\n]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def test_the_stored_answers_are_those_of_home_assistant(tmp_path):
    """A file that is not there is made anew: delete it after a change of the corpus."""
    request = template_world.request()
    answers = asked(tmp_path, request)
    if not ANSWERS.exists():
        ANSWERS.write_text(written(answers), "utf-8")
    stored = json.loads(ANSWERS.read_text("utf-8"))
    for kind, theirs in answers.items():
        for question, fresh, kept in zip(request[kind], theirs, stored[kind], strict=True):
            assert fresh == kept, question


LEAVES = (
    *("0", "1", "-3", "2.5", "1e2", "'5'", "'x'", "'on'", "''", "none", "true", "false"),
    *("[1, 2, 3]", "['b', 'a']", "[]", "{'a': 1}", "(1, 2)", "brightness", "names", "trigger.id"),
    *("states('sensor.outside')", "states('light.hall')", "states('sensor.broken')", "word"),
    *("state_attr('light.hall', 'brightness')", "now()", "nothing", "repeat.index"),
    *("states.light", "states.sensor.outside.state", "expand('group.lights') | list | length"),
)
FILTERS = (
    *("int(0)", "float(0)", "round(1)", "string", "list", "length", "first", "last", "sort"),
    *("upper", "lower", "title", "trim", "join('-')", "default('d')", "default(1, true)"),
    *("abs", "sum", "max", "min", "is_number", "bool(false)", "iif('y', 'n')", "to_json"),
    *(
        "replace('a', 'b')",
        "slugify",
        "average(0)",
        "median(0)",
        "multiply(2, 0)",
        "reverse | list",
    ),
    *("ordinal", "regex_findall('[0-9]')", "regex_replace('[a-z]', '#')", "unique | list"),
    *("timestamp_custom('%H', true, 0)", "as_datetime(0)", "as_timestamp(0)", "from_json"),
    *("map('string') | list", "select('string') | list", "base64_encode", "float | int"),
)
OPERATORS = ("+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", ">", "in", "and", "or")
TESTS = ("defined", "none", "string", "number", "iterable", "mapping", "is_number", "list")


class Grower:
    """Grows templates by chance."""

    def __init__(self, chance):
        self._chance = chance

    def expression(self, depth=3):
        kind = self._chance.randrange(7) if depth else 0
        inner = [self.expression(depth - 1) for _ in range(3)] if depth and kind else []
        pick = self._chance.choice
        if not kind:
            return pick(LEAVES)
        return (
            f"({inner[0]} {pick(OPERATORS)} {inner[1]})",
            f"({inner[0]} | {pick(FILTERS)})",
            f"({inner[0]} is {pick(TESTS)})",
            f"({inner[0]} if {inner[1]} else {inner[2]})",
            f"[{inner[0]}, {inner[1]}]",
            f"({inner[0]})[{pick(['0', '-1', chr(39) + 'a' + chr(39), '1:'])}]",
        )[kind - 1]

    def template(self):
        first, second = self.expression(), self.expression()
        return self._chance.choice(
            (
                f"{{{{ {first} }}}}",
                f"{{% if {first} %}}a{{% else %}}{{{{ {second} }}}}{{% endif %}}",
                f"{{% for x in {first} %}}{{{{ x }}}},{{% endfor %}}",
                f"{{% set x = {first} %}}{{{{ x }}}} {{{{ {second} }}}}",
            )
        )


def test_templates_made_by_chance_say_the_same(tmp_path):
    grower = Grower(random_stream(1, "templates"))
    texts = [grower.template() for _ in range(BY_CHANCE)]
    theirs = asked(tmp_path, template_world.request(texts))["templates"]
    ours = template_world.templates()
    different = [
        (text, answer, mine)
        for text, answer in zip(texts, theirs, strict=True)
        for mine in [json.loads(json.dumps(template_world.rendered(ours, text)))]
        if answer != mine and not ("error" in answer and "error" in mine)
    ]
    # What has no text of its own writes its address.
    different = [case for case in different if " at 0x" not in str(case) and "<" not in str(case)]
    assert not different, "\n".join(map(str, different[:20]))
    assert sum("error" not in answer for answer in theirs) > BY_CHANCE / 3
