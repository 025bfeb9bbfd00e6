"""How a report is put into words, the same for the terminal and the page."""

from vettura.home.findings.clock_words import local
from vettura.home.findings.finding import Finding
from vettura.home.findings.report import Facts, Report
from vettura.units import NS_PER_S, SECONDS_PER_HOUR


def life_words(facts: Facts) -> str:
    """Which life was lived: from when until when, by whom, from which seed."""
    begin, end = local(facts.start_ns, facts.timezone), local(facts.end_ns, facts.timezone)
    is_one_day = begin.date() == end.date()
    first = "" if is_one_day else f"{begin.day} {begin:%B} to "
    parts = [
        f"{first}{end.day} {end:%B %Y}",
        _many(facts.people, "person", "people"),
        _many(facts.devices, "device"),
        _many(facts.cars, "car"),
        f"seed {facts.seed}",
    ]
    if facts.faults is not None:
        parts.append(f"faults {facts.faults}")
    return " · ".join(part for part in parts if part)


def verdict_words(report: Report) -> str:
    """What it came to, in one sentence."""
    days = (report.facts.end_ns - report.facts.start_ns) / NS_PER_S / SECONDS_PER_HOUR / 24.0
    lived = f"{days:.3g} {'day' if days == 1 else 'days'} lived"
    found = [
        _many(len(report.found("promise")), "broken promise"),
        _many(len(report.found("conflict")), "conflict"),
        _many(len(report.found("loop")), "loop"),
        _many(len(report.found("failure")), "kind of action refused", "kinds of actions refused"),
    ]
    said = [part for part in found if part]
    if not said and not report.scenes:
        return f"{lived}, without scenes."
    if not said:
        return f"{lived}: nothing fought, nothing looped, every promise was kept."
    return f"{lived}: {', '.join(said)}."


def count_words(finding: Finding) -> str:
    """How often: `once`, `12 times`, or that it is only possible."""
    if finding.seen == "possible":
        return "possible, as the scenes stand"
    return "once" if finding.count == 1 else f"{finding.count} times"


def _many(count: int, one: str, many: str = "") -> str:
    if not count:
        return ""
    return f"{count} {one if count == 1 else many or one + 's'}"
