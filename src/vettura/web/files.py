"""The page's files, read and compressed once, served from memory under fixed names."""

import gzip
import hashlib
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
PART = re.compile(
    r"^ *(?:<!-- part: (\w+\.(?:svg|html)) -->|/\* part: ([\w./]+\.(?:css|js)) \*/)\n", re.MULTILINE
)
"""Where a drawing, a style or a library is put in, so that the page arrives in few pieces."""
VIEWS = {"": "index.html", "home": "home.html", "energy": "energy.html"}
"""Each view's address, and its file."""


class File(NamedTuple):
    """One file as it is sent."""

    media_type: str
    body: bytes
    gzipped: bytes
    etag: str


def page_files() -> dict[str, File]:
    """Return every file of the page by its name in the address, `` being the page itself."""
    root = files("vettura.web").joinpath("page")
    whole = {
        name: PART.sub(lambda part: root.joinpath(part[1] or part[2]).read_text("utf-8"), text)
        for name, text in _read(root, "").items()
    }
    found = {name: _file(name, text.encode()) for name, text in whole.items() if _type(name)}
    views = {address: found[name] for address, name in VIEWS.items()}
    return {name: file for name, file in found.items() if not name.endswith(".html")} | views


def _read(folder: Traversable, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            found.update(_read(entry, f"{prefix}{entry.name}/"))
        else:
            found[prefix + entry.name] = entry.read_text("utf-8")
    return found


def _file(name: str, body: bytes) -> File:
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return File(_type(name), body, gzip.compress(body, mtime=0), etag)


def _type(name: str) -> str:
    return TYPES.get(name[name.rfind(".") :], "")
