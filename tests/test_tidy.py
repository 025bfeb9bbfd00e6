"""The limits of the style guide, held by a machine."""

import ast
import subprocess

import pytest

from make import ROOT

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
LINE_LENGTH_MAX = 100
BANNED_NAMES = {"utils", "util", "common", "core", "manager", "helper", "helpers", "base", "misc"}
TEXT_ENDINGS = {".py", ".toml", ".css", ".js", ".html", ".sh"}
VENDORED = "vendor"


def tracked(*endings):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    paths = [ROOT / name for name in listed]
    return [p for p in paths if p.suffix in endings and VENDORED not in p.parts and p.exists()]


SOURCES = tracked(".py")


@pytest.mark.parametrize("path", tracked(*TEXT_ENDINGS), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_stays_readable(path):
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= FILE_LINES_MAX
    if path.suffix != ".toml":
        assert max(map(len, lines), default=0) <= LINE_LENGTH_MAX
    assert not [line for line in lines if line != line.rstrip()]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_function_fits_on_a_screen(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, f"{node.name} has {length} lines"


def test_no_file_has_a_name_that_says_nothing():
    assert not [p for p in SOURCES if p.stem.lower() in BANNED_NAMES]


def test_nothing_is_left_to_fix_later():
    words = ("FIX" + "ME", "TO" + "DO", "X" + "XX")
    left = [
        f"{p.relative_to(ROOT)}: {word}"
        for p in tracked(*TEXT_ENDINGS, ".md")
        for word in words
        if word in p.read_text("utf-8")
    ]
    assert not left
