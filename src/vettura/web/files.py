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
    r"^ *(?:<!-- part: ([a-z]+\.svg) -->|/\* part: ([\w./]+\.css) \*/)\n", re.MULTILINE
)
"""Where a drawing or a style is put into the page, so that the page arrives in few pieces."""


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
    found[""] = found.pop("index.html")
    return found


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
