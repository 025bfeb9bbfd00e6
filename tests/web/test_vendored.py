"""The one library that the page brings along is what its note says."""

import hashlib
import re
from importlib.resources import files

VENDOR = files("vettura.web").joinpath("page", "vendor")


def test_vendored_files_have_the_noted_hashes() -> None:
    note = VENDOR.joinpath("VENDORED.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| .* \| ([0-9a-f]{64}) \|$", note, re.MULTILINE)
    assert len(rows) == 3
    for name, sha256 in rows:
        assert hashlib.sha256(VENDOR.joinpath(name).read_bytes()).hexdigest() == sha256


def test_modules_stay_small_and_ask_nobody_outside() -> None:
    page = files("vettura.web").joinpath("page")
    for entry in page.iterdir():
        if not entry.name.endswith((".js", ".css", ".svg", ".html")):
            continue
        text = entry.read_text("utf-8")
        if entry.name.endswith(".js"):
            assert len(text.splitlines()) < 300, entry.name
        outside = set(re.findall(r"https?://[\w./]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not outside, entry.name
