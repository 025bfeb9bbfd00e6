"""The entity `sun.sun` at the moments at which Home Assistant tells it anew, from our own sky.

It follows the phases of the day: the lower the sun, the less often; see Home Assistant's
integration `sun` and its table of phases.
"""

from datetime import UTC, datetime, timedelta

from vettura.life.sky import (
    DISC_DEG,
    SkyPlace,
    local_day,
    midnight_ns,
    next_pass_ns,
    noon_ns,
    position_deg,
)

MINUTE_NS = 60_000_000_000
EVERY_MIN = {"night": 20, "astronomical": 8, "nautical": 8, "civil": 4, "small_day": 2, "day": 4}
PHASES = (
    (18.0, "dawn", True, "night"),
    (12.0, "nautical_dawn", True, "astronomical"),
    (6.0, "next_dawn", True, "nautical"),
    (DISC_DEG, "next_rising", True, "civil"),
    (-10.0, "high", True, "small_day"),
    (-10.0, "low", False, "day"),
    (DISC_DEG, "next_setting", False, "small_day"),
    (6.0, "next_dusk", False, "civil"),
    (12.0, "nautical_dusk", False, "nautical"),
    (18.0, "dusk", False, "astronomical"),
)
"""Depth of the sun's centre, name of the moment, whether it rises then, and the phase before."""
HEIGHTS = ((10.0, "day"), (0.0, "small_day"), (-6.0, "civil"), (-12.0, "nautical"))
HORIZON_DEG = -0.833


class OurSun:
    """The sun over a place; `told` is called with each state and its attributes."""

    def __init__(self, agenda, place, timezone, told):
        self._agenda, self._told, self._timezone = agenda, told, timezone
        self._place = SkyPlace(place.latitude_deg, place.longitude_deg, place.elevation_m)
        self._later = None
        self._phase = None

    def shine(self, now_ns):
        """A phase begins: what comes next is worked out anew."""
        self._next = {}
        self._change_ns = now_ns + 400 * 24 * 60 * MINUTE_NS
        for depth, name, rising, before in PHASES[:5]:
            self._expect(name, self._passes(now_ns, depth, rising), before)
        self._expect("next_noon", self._culminates(now_ns, noon_ns), None)
        for depth, name, rising, before in PHASES[5:]:
            self._expect(name, self._passes(now_ns, depth, rising), before)
        self._expect("next_midnight", self._culminates(now_ns, midnight_ns), None)
        if self._phase is None:
            height = position_deg(self._change_ns, self._place)[0]
            found = [phase for limit, phase in HEIGHTS if height >= limit]
            self._phase = found[0] if found else "astronomical" if height >= -18.0 else "night"
        if self._later is not None:
            self._later.cancel()
        self._stand(now_ns)
        change_ns = self._change_ns
        self._agenda.at(change_ns, lambda: self.shine(change_ns))

    def _expect(self, name, when_ns, before):
        self._next[name] = when_ns
        if when_ns < self._change_ns:
            self._change_ns, self._phase = when_ns, before

    def _passes(self, now_ns, depth, rising):
        return next_pass_ns(
            now_ns, self._place, depth_deg=depth, rising=rising, timezone=self._timezone
        )

    def _culminates(self, now_ns, when):
        day = local_day(now_ns, self._timezone)
        days = [day + timedelta(days=k) for k in (-1, 0, 1, 2)]
        return next(at for at in (when(each, self._place) for each in days) if at > now_ns)

    def _stand(self, now_ns):
        height, azimuth = position_deg(now_ns, self._place)
        shown = {name: _iso(at) for name, at in self._next.items() if name.startswith("next_")}
        shown |= {"elevation": round(height, 2), "azimuth": round(azimuth, 2)}
        shown["rising"] = self._next["next_noon"] < self._next["next_midnight"]
        is_up = round(height, 2) > HORIZON_DEG
        self._told("above_horizon" if is_up else "below_horizon", shown | {"friendly_name": "Sun"})
        step_ns = EVERY_MIN[self._phase] * MINUTE_NS
        if now_ns + 1.25 * step_ns > self._change_ns:
            self._later = None
            return
        self._later = self._agenda.at(now_ns + step_ns, lambda: self._stand(now_ns + step_ns))


def _iso(time_ns):
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return moment.replace(microsecond=time_ns // 1_000 % 1_000_000).isoformat()
