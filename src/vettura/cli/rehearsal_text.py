"""The report of a rehearsal for people at a terminal."""

from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from vettura.home.findings.against import Against
from vettura.home.findings.clock_words import local_words
from vettura.home.findings.energy import EnergyRow
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
        # A long line stays one, so that a command in it can be copied.
        console.print(part, soft_wrap=isinstance(part, Text))


def print_against(compared: Against, timezone: str) -> None:
    """Print what would have changed, scene by scene, with the first differences."""
    console = Console(highlight=False)
    own, other = compared.own, compared.other
    if not compared.scenes and not compared.findings:
        console.print(f"{other} would have changed nothing of what {own} did")
        return
    console.print(Text(f"{own} against {other}\n", style="bold"))
    for change in compared.scenes:
        console.print(Text(f"{change.scene}", style="bold"), end=" ")
        console.print(
            f"fired {change.own_fired} → {change.other_fired} times, "
            f"{change.own_actions} → {change.other_actions} actions, "
            f"{change.differences} differences"
        )
        for one in change.first:
            sign = "−" if one.only_in == "own" else "+"
            console.print(Text(f"  {sign} {local_words(one.time_ns, timezone)}  {one.what}"))
    for found in compared.findings:
        console.print(Text(f"{found.kind}: {found.title}", style=_TONES.get(found.kind, "bold")))
        console.print(f"  {found.own} → {found.other} times")


def _parts(report: Report) -> Iterator[RenderableType]:
    yield Text(report.facts.title, style="bold")
    yield Text(life_words(report.facts), style="dim")
    yield Text(f"\n{verdict_words(report)}\n", style="bold")
    loud = [one for one in report.findings if one.seen == "happened" and one.kind in LOUD]
    quiet = [one for one in report.findings if one not in loud]
    for one in loud:
        yield from _finding(one, report)
    if report.scenes:
        yield _scenes(report.scenes, report.facts.timezone)
    if report.energy:
        yield _energy(report.energy)
    yield from _section("Worth a look, though nothing went wrong", quiet, report)
    if report.mishaps:
        yield _mishaps(report)
    yield Text(f"log {report.facts.log_sha256}", style="dim")


def _section(title: str, found: list[Finding], report: Report) -> Iterator[RenderableType]:
    if not found:
        return
    yield Text(f"\n{title}\n", style="bold")
    for one in found[:_QUIET_MAX]:
        yield from _finding(one, report)
    if len(found) > _QUIET_MAX:
        yield Text(f"and {len(found) - _QUIET_MAX} more; --json and --page show all\n")


def _finding(one: Finding, report: Report) -> Iterator[Text]:
    tone = _TONES.get(one.kind, "bold")
    yield Text.assemble((one.kind, tone), f" {one.title} ", (f"({count_words(one)})", "dim"))
    lines = [*one.why]
    if one.moments_ns:
        lines.append(f"first {local_words(one.first_ns, report.facts.timezone)}")
    lines += [", ".join(one.where)] if one.where else []
    lines += [one.replay] if one.replay else []
    yield Text("".join(f"  {line}\n" for line in lines), style="dim")


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


def _energy(rows: Iterable[EnergyRow]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("what it used", overflow="fold")
    table.add_column("kWh", justify="right")
    table.add_column("of which while a scene's wish stood", overflow="fold")
    for row in rows:
        shares = sorted(row.by_scene.items(), key=lambda share: -share[1])
        said = ", ".join(f"{scene} {wh / WH_PER_KWH:.2f}" for scene, wh in shares)
        table.add_row(Text(row.name), f"{row.energy_wh / WH_PER_KWH:.2f}", Text(said))
    return Group(Text(), table)


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
