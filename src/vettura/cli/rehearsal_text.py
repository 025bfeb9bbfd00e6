"""The report of a rehearsal for people at a terminal."""

from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vettura.home.findings.clock_words import local_words
from vettura.home.findings.finding import Finding
from vettura.home.findings.fired import SceneRow
from vettura.home.findings.report import Report
from vettura.home.findings.words import count_words, life_words, verdict_words
from vettura.units import WH_PER_KWH

LOUD = ("promise", "conflict", "loop", "failure")
_TONES = {"promise": "bold red", "conflict": "bold yellow", "loop": "bold magenta"}
_QUIET_MAX = 12


def print_report(report: Report) -> None:
    """Print what was lived, what was found, what each scene did, and what went wrong."""
    console = Console(highlight=False)
    for part in _parts(report):
        console.print(part)


def _parts(report: Report) -> Iterator[RenderableType]:
    yield Text(report.facts.title, style="bold")
    yield Text(life_words(report.facts), style="dim")
    yield Text(f"\n{verdict_words(report)}\n", style="bold")
    loud = [one for one in report.findings if one.seen == "happened" and one.kind in LOUD]
    quiet = [one for one in report.findings if one not in loud]
    for one in loud:
        yield _finding(one, report)
    if report.scenes:
        yield _scenes(report.scenes, report.facts.timezone)
    yield from _section("Worth a look, though nothing went wrong", quiet, report)
    if report.mishaps:
        yield _mishaps(report)
    yield Text(f"log {report.facts.log_sha256}", style="dim")


def _section(title: str, found: list[Finding], report: Report) -> Iterator[RenderableType]:
    if not found:
        return
    yield Text(f"\n{title}\n", style="bold")
    for one in found[:_QUIET_MAX]:
        yield _finding(one, report)
    if len(found) > _QUIET_MAX:
        yield Text(f"and {len(found) - _QUIET_MAX} more; --json and --page show all\n")


def _finding(one: Finding, report: Report) -> RenderableType:
    head = Text.assemble(
        (one.kind, _TONES.get(one.kind, "bold")), f" {one.title} ", (f"({count_words(one)})", "dim")
    )
    lines = [*(f"{step}" for step in one.why)]
    if one.moments_ns:
        lines.append(f"first {local_words(one.first_ns, report.facts.timezone)}")
    lines += [", ".join(one.where)] if one.where else []
    lines += [one.replay] if one.replay else []
    return Group(head, Padding(Text("\n".join(lines), style="dim"), (0, 0, 1, 2)))


def _scenes(rows: Iterable[SceneRow], timezone: str) -> RenderableType:
    table = Table(box=None, header_style="bold", pad_edge=False, title_justify="left")
    has_energy = any(row.energy_wh for row in rows)
    table.add_column("scene", overflow="fold", ratio=3)
    for name in ("fired", "refused", "idle", *(["kWh"] if has_energy else [])):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("last, and why", overflow="fold", ratio=6)
    for row in rows:
        cells = [f"{row.fired}", f"{row.refused}", f"{row.idle}"]
        cells += [f"{row.energy_wh / WH_PER_KWH:.2f}"] if has_energy else []
        style = "" if row.fired else "dim"
        table.add_row(Text(row.name), *cells, _last(row, timezone), style=style)
    return table


def _last(row: SceneRow, timezone: str) -> Text:
    if not row.fired:
        return Text(f"never: {row.nearest}" if row.nearest else "never")
    return Text(f"{local_words(row.last_ns, timezone)}: {row.why}")


def _mishaps(report: Report) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    timezone = report.facts.timezone
    for one in report.mishaps:
        until = local_words(one.until_ns, timezone).rpartition(" ")[2]
        table.add_row(local_words(one.from_ns, timezone), f"to {until}", one.text)
    return Group(Text("\nWhat was made to go wrong\n", style="bold"), table)
