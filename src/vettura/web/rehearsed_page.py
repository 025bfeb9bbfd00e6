"""One self-contained page about a rehearsal: findings, a timeline to look into, and the scenes."""

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from string import Formatter

import msgspec

from vettura.home.findings.clock_words import local_words
from vettura.home.findings.energy import EnergyRow
from vettura.home.findings.finding import Finding
from vettura.home.findings.fired import SceneRow
from vettura.home.findings.report import Report
from vettura.home.findings.timeline import Day, Timeline
from vettura.home.findings.words import count_words, life_words, verdict_words
from vettura.units import NS_PER_S, WH_PER_KWH

LOUD = ("promise", "conflict", "loop", "failure")
"""Kinds of findings that stand at the top when they happened."""
_BAR_W, _BAR_H = 7, 22


def rehearsed_page(report: Report, timeline: Timeline) -> str:
    """The whole page as text; it needs nothing from anywhere."""
    loud, quiet = _split(report.findings)
    ids = {id(one): f"finding-{number}" for number, one in enumerate([*loud, *quiet], 1)}
    parts = {
        "title": escape(report.facts.title),
        "style": _asset("page.css") + _asset("timeline.css"),
        "script": _asset("page.js"),
        "life": escape(life_words(report.facts)),
        "good": "false" if loud else "true",
        "verdict": escape(verdict_words(report)),
        "figures": _figures(report),
        "findings": "\n".join(_finding(one, ids[id(one)]) for one in loud),
        "scenes": _scenes(report, timeline),
        "more": _more(quiet, ids, report),
        "footer": escape(f"log {report.facts.log_sha256}"),
        "story": _story(report, timeline, ids),
    }
    return _filled(_asset("page.html"), parts)


def _asset(name: str) -> str:
    return files("vettura.web").joinpath("rehearsed", name).read_text("utf-8")


def _filled(template: str, parts: dict[str, str]) -> str:
    """The template with its {names} filled in; what is filled in may hold braces."""
    pieces = (
        text + (parts[name] if name else "") for text, name, _, _ in Formatter().parse(template)
    )
    return "".join(pieces)


def _split(findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    loud: list[Finding] = []
    quiet: list[Finding] = []
    for one in findings:
        is_loud = one.kind in LOUD and one.seen == "happened"
        (loud if is_loud else quiet).append(one)
    return loud, quiet


def _figures(report: Report) -> str:
    fired = sum(row.fired for row in report.scenes)
    kept = report.promises - len({one.title for one in report.found("promise")})
    figures = [
        ("scenes", f"{len(report.scenes)}"),
        ("times fired", f"{fired:,}"),
        ("actions", f"{sum(row.actions for row in report.scenes):,}"),
    ]
    if report.promises:
        figures.append(("promises kept", f"{kept} of {report.promises}"))
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)


def _finding(one: Finding, key: str) -> str:
    seen = count_words(one)
    steps = "".join(f"<li>{escape(step)}</li>" for step in one.why)
    where = f'<p class="where">{escape(" · ".join(one.where))}</p>' if one.where else ""
    replay = f"<pre>{escape(one.replay)}</pre>" if one.replay else ""
    moments = '<p class="moments"></p>' if one.moments_ns else ""
    return (
        f'<article class="finding" id="{key}" data-kind="{one.kind}">'
        f'<p class="kind">{one.kind} <span>{escape(seen)}</span></p>'
        f"<h3>{escape(one.title)}</h3><ol>{steps}</ol>{where}{replay}{moments}</article>"
    )


def _more(quiet: list[Finding], ids: dict[int, str], report: Report) -> str:
    parts = [_folded("Worth a look, though nothing went wrong", quiet, ids) if quiet else ""]
    if report.energy:
        parts.append(_energy(report))
    if report.mishaps:
        rows = "".join(
            f"<tr><td>{escape(local_words(one.from_ns, report.facts.timezone))}</td>"
            f"<td>{escape(local_words(one.until_ns, report.facts.timezone))}</td>"
            f"<td>{escape(one.text)}</td></tr>"
            for one in report.mishaps
        )
        parts.append(
            '<section class="card"><div class="head"><h2>What was made to go wrong</h2></div>'
            '<table class="stack"><thead><tr><th>from<th>until<th>what</thead>'
            f"{rows}</table></section>"
        )
    return "\n".join(parts)


def _energy(report: Report) -> str:
    rows = "".join(
        f'<tr><td>{escape(row.name)}</td><td class="n">{row.energy_wh / WH_PER_KWH:.2f} kWh</td>'
        f"<td>{escape(_shares(row))}</td></tr>"
        for row in report.energy
    )
    return (
        '<section class="card"><div class="head"><h2>What it used</h2></div>'
        '<table class="stack"><thead>'
        f'<tr><th>device<th class="n">in all<th>while a scene’s wish stood</thead>{rows}'
        "</table></section>"
    )


def _shares(row: EnergyRow) -> str:
    shares = sorted(row.by_scene.items(), key=lambda share: -share[1])
    return ", ".join(f"{scene} {wh / WH_PER_KWH:.2f} kWh" for scene, wh in shares)


def _folded(title: str, found: list[Finding], ids: dict[int, str]) -> str:
    inside = "\n".join(_finding(one, ids[id(one)]) for one in found)
    return (
        f'<details class="card quiet"><summary>{title} ({len(found)})</summary>{inside}</details>'
    )


def _scenes(report: Report, timeline: Timeline) -> str:
    if not report.scenes:
        return "<p>This home has no scenes.</p>"
    fired = {
        lane.entity: [row[0] for row in lane.rows if lane.states[int(row[1])] != "refused"]
        for lane in timeline.lanes
        if lane.shape == "marks"
    }
    rows = "".join(_row(row, fired.get(row.scene, []), timeline, report) for row in report.scenes)
    head = (
        '<thead><tr><th>scene<th class="n">fired<th>by day<th class="n">refused'
        '<th>last, and why<th class="n">for nothing<th class="n">energy</thead>'
    )
    return f"<table>{head}<tbody>{rows}</tbody></table>"


def _row(row: SceneRow, fired_s: list[float], timeline: Timeline, report: Report) -> str:
    last = escape(local_words(row.last_ns, report.facts.timezone)) if row.last_ns else "never"
    why = escape(row.why if row.fired else row.nearest)
    energy = f"{row.energy_wh / WH_PER_KWH:.2f} kWh" if row.energy_wh else ""
    never = "" if row.fired else ' class="never"'
    return (
        f"<tr{never}><td>{escape(row.name)}<small>{escape(row.scene)}</small></td>"
        f'<td class="n" data-name="fired">{row.fired}</td><td>{_spark(fired_s, timeline.days)}</td>'
        f'<td class="n" data-name="refused">{row.refused}</td><td>{last}<small>{why}</small></td>'
        f'<td class="n" data-name="for nothing">{row.idle}</td><td class="n">{energy}</td></tr>'
    )


def _spark(fired_s: list[float], days: tuple[Day, ...]) -> str:
    """A bar for each day, as high as the scene fired often."""
    counts = [sum(day.begin_s <= at_s < day.end_s for at_s in fired_s) for day in days]
    most = max([*counts, 1])
    bars = []
    for number, count in enumerate(counts):
        height = 2 + (_BAR_H - 2) * count / most if count else 2
        kind = "" if count else ' class="none"'
        bars.append(
            f'<rect{kind} data-day="{number}" x="{number * _BAR_W}" y="{_BAR_H - height:.1f}" '
            f'width="{_BAR_W - 2}" height="{height:.1f}" rx="1"/>'
        )
    width = len(days) * _BAR_W
    return (
        f'<svg class="spark" width="{width}" viewBox="0 0 {width} {_BAR_H}" role="img" '
        f'aria-label="{escape(", ".join(map(str, counts)))} by day">{"".join(bars)}</svg>'
    )


def _story(report: Report, timeline: Timeline, ids: dict[int, str]) -> str:
    start_ns = timeline.start_ns
    story = {
        "timezone": timeline.timezone,
        "start_ms": start_ns // 1_000_000,
        "end_s": (timeline.end_ns - start_ns) / NS_PER_S,
        "days": timeline.days,
        "lanes": timeline.lanes,
        "causes": timeline.causes,
        "triggers": timeline.triggers,
        "findings": [
            {
                "id": ids[id(one)],
                "kind": one.kind,
                "title": one.title,
                "moments_s": [(time_ns - start_ns) / NS_PER_S for time_ns in one.moments_ns],
            }
            for one in report.findings
        ],
    }
    # Nothing in it may be read as the end of the script element.
    return msgspec.json.encode(story).decode().replace("<", "\\u003c")
