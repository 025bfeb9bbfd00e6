"""Check that every relative link and picture in the Markdown files leads somewhere."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
SKIPPED = {".venv", ".git", ".peers", "node_modules"}


def broken(page: Path) -> Iterator[str]:
    """Targets of `page` that do not exist, as one line each."""
    for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1):
        for match in LINK.finditer(line):
            target = match["target"].split("#")[0]
            if not target or "://" in target or target.startswith("mailto:"):
                continue
            if not (page.parent / target).exists():
                yield f"{page.relative_to(ROOT)}:{number}: no such file: {target}"


def main() -> int:
    """Print every broken link; 1 when there is one."""
    pages = [p for p in ROOT.rglob("*.md") if not SKIPPED & set(p.relative_to(ROOT).parts)]
    found = [line for page in sorted(pages) for line in broken(page)]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
