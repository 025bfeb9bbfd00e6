"""Measured trips in groups: summer and winter apart, by speed, with and without doubtful ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from vettura.validation.summary import Summary, summarise_errors
from vettura.validation.trips import TripScore, TripsReport

WINTER_DEGC = 10.0
"""Mean air temperature that parts summer from winter."""
SLOW_KMH, FAST_KMH = 35.0, 55.0
"""Mean speeds that part town, mixed and fast trips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some of the trips, and how well their energy was predicted."""

    name: str
    given: Summary
    """Heating as measured."""
    modelled: Summary
    """Heating modelled."""
    held: float
    """Share of the trips whose truth fell in the interval, heating as measured."""
    held_modelled: float


CHOICES: dict[str, Callable[[TripScore], bool]] = {
    "all": lambda score: score.distance_m > 0.0,
    "without doubtful heating": lambda score: not score.fault and not score.over_reads,
    "summer": lambda score: score.ambient_degc is None or score.ambient_degc >= WINTER_DEGC,
    "winter": lambda score: score.ambient_degc is not None and score.ambient_degc < WINTER_DEGC,
    f"below {SLOW_KMH:g} km/h": lambda score: score.mean_kmh < SLOW_KMH,
    f"{SLOW_KMH:g} to {FAST_KMH:g} km/h": lambda score: SLOW_KMH <= score.mean_kmh < FAST_KMH,
    f"from {FAST_KMH:g} km/h": lambda score: score.mean_kmh >= FAST_KMH,
}


def group_trips(report: TripsReport) -> list[Group]:
    """The groups that hold a judged trip."""
    found = []
    for name, chosen in CHOICES.items():
        scores = [score for score in report.judged() if chosen(score)]
        given = summarise_errors(_errors(scores, modelled=False), stream=f"trips {name}")
        modelled = summarise_errors(_errors(scores, modelled=True), stream=f"trips {name}")
        if given is not None and modelled is not None:
            found.append(
                Group(
                    name=name,
                    given=given,
                    modelled=modelled,
                    held=_held(scores, modelled=False),
                    held_modelled=_held(scores, modelled=True),
                )
            )
    return found


def _errors(scores: Sequence[TripScore], *, modelled: bool) -> list[tuple[str, float]]:
    found = ((score.trip, score.error(modelled=modelled)) for score in scores)
    return [(trip, error) for trip, error in found if error is not None]


def _held(scores: Sequence[TripScore], *, modelled: bool) -> float:
    chosen = [(s.modelled if modelled else s.given, s.measured_wh) for s in scores]
    return fmean(p.holds(wh) for p, wh in chosen if wh is not None)
