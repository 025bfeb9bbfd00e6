"""What a station offers its car at a moment: lease, 6 A, phases, contactor, ramp. Pure.

IEC 61851-1: a car is offered nothing or at least 6 A on each phase, and follows a change within
5 s; a station whose car does not opens its contactor. To be offered less always holds at once; more
waits for the contactor's rest and rises on a ramp.
"""

import math
from dataclasses import replace

from vettura.bus.messages_energy import StationLimit
from vettura.energy.sharing import amps_of, lines_a, most
from vettura.energy.station import Station, Told, Word, number
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PHASE_A_MIN, PHASE_V

GRACE_S = 600.0
"""A station stays at the lower of its last offer and its safe power so long after a lease: longer
than any other station's lease and lag, so that all have given way before it may rise to safe."""
FOLLOWS_NS = 5 * NS_PER_S
"""In which a car obeys the pilot (IEC 61851-1, A.2.3)."""
REST_NS = 60 * NS_PER_S
"""Between opening a contactor and closing it: our judgement, 10^5 switchings last ten years of
one each hour."""
PHASE_REST_NS = 300 * NS_PER_S
"""Between two changes of phases."""
PHASE_PAUSE_NS = 10 * NS_PER_S
"""Without current before phases are switched."""
RAMP_A, RAMP_NS = 4.0, 2 * NS_PER_S
"""An offer rises by so much at once, then waits so long."""
FAULT_NS = 300 * NS_PER_S
"""A car that did not obey is left without current for so long."""
SLACK_A, SLACK_SHARE = 0.3, 1.03
"""A car may take that much more than its offer before it disobeys: accuracy of its own meter."""
NEVER_NS = 2**62


def refused_offer(config: StationConfig, power_w: object, phases: object = None) -> str:
    """Why the station cannot offer that power [W]; empty when it can."""
    value = number(power_w, math.nan)
    if phases is not None and phases not in _switchable(config):
        known = " or ".join(str(each) for each in _switchable(config))
        return f"phases must be {known}"
    if -config.discharge_power_w_max <= value <= config.power_w_max:
        return ""
    least_w = -config.discharge_power_w_max if config.discharge_power_w_max else 0.0
    return f"power_w must be a number from {least_w:g} to {config.power_w_max:g}"


def _switchable(config: StationConfig) -> tuple[int, ...]:
    return (config.phases_min,) if config.phases_min == config.phases else (1, config.phases)


def legal_w(config: StationConfig, power_w: float, phases: int) -> float:
    """What can be offered of that [W]: 0, or from 6 A on each phase up to the station's own."""
    if config.dc:
        return min(max(power_w, -config.discharge_power_w_max), config.power_w_max)
    top_a = amps_of(config.power_w_max, config.phases)
    amps = min(amps_of(power_w, phases), top_a)
    return amps * PHASE_V * phases if amps >= PHASE_A_MIN - 1e-9 else 0.0


def in_force(station: Station, config: StationConfig, now_ns: int) -> Word:
    """The word that holds at that time: the one given, or what is safe without one."""
    word = station.word
    if word is None:
        return Word(power_w=config.power_w_max)
    if word.until_ns == 0 or now_ns < word.until_ns:
        return word
    safe = Word(
        power_w=config.safe_w,
        phases=config.safe_phases,
        until_ns=word.until_ns,
        issued_ns=word.issued_ns,
    )
    if now_ns >= word.until_ns + round(GRACE_S * NS_PER_S):
        return safe
    return replace(safe, power_w=min(max(word.power_w, 0.0), config.safe_w))


def offered(station: Station, config: StationConfig, now_ns: int) -> Station:
    """The station with its offer of now."""
    word = in_force(station, config, now_ns)
    if word.is_plain:
        return replace(station, offered_w=word.power_w, phases=config.phases)
    if station.fault and now_ns >= station.fault_until_ns:
        station = replace(station, fault="", fault_until_ns=0)
    wanted_w = 0.0 if station.fault else word.power_w
    phases = word.phases or station.phases
    if phases != station.phases and wanted_w:
        station = _phased(station, phases, now_ns)
    if phases < station.phases:
        return _opened(station, now_ns)
    if phases > station.phases:
        # Until it may switch it goes on with the same current on the phases that it has.
        waits = now_ns < station.phased_ns + PHASE_REST_NS
        wanted_w = wanted_w * station.phases / phases if waits else 0.0
    target_w = legal_w(config, wanted_w, station.phases)
    if target_w == 0.0:
        return _opened(station, now_ns)
    if station.offered_w == 0.0:
        return _closed(station, target_w, now_ns)
    return _ramped(station, target_w, now_ns)


def _phased(station: Station, phases: int, now_ns: int) -> Station:
    """Phases are switched without current, after a pause, and not often."""
    rested = now_ns >= station.phased_ns + PHASE_REST_NS
    is_off = station.offered_w == 0.0 and now_ns >= station.opened_ns + PHASE_PAUSE_NS
    if rested and is_off:
        return replace(station, phases=phases, phased_ns=now_ns)
    return station


def _opened(station: Station, now_ns: int) -> Station:
    if station.offered_w == 0.0:
        return station
    return replace(station, offered_w=0.0, opened_ns=now_ns, ramped_ns=now_ns)


def _closed(station: Station, target_w: float, now_ns: int) -> Station:
    if now_ns < rested_ns(station):
        return station
    first_w = math.copysign(min(abs(target_w), _step_w(station)), target_w)
    return replace(station, offered_w=first_w, switches=station.switches + 1, ramped_ns=now_ns)


def rested_ns(station: Station) -> int:
    """When the contactor may close again; after a change of phases there is nothing to wait for."""
    if station.phased_ns >= station.opened_ns:
        return station.opened_ns
    return station.opened_ns + REST_NS


def _ramped(station: Station, target_w: float, now_ns: int) -> Station:
    """Less at once; more, or the other way round, by steps."""
    now_w = station.offered_w
    if now_w * target_w < 0.0:
        return replace(station, offered_w=0.0, opened_ns=now_ns - REST_NS, ramped_ns=now_ns)
    if abs(target_w) <= abs(now_w):
        return replace(station, offered_w=target_w)
    if now_ns < station.ramped_ns + RAMP_NS:
        return station
    risen_w = min(abs(target_w), abs(now_w) + RAMP_A * PHASE_V * station.phases)
    return replace(station, offered_w=math.copysign(risen_w, target_w), ramped_ns=now_ns)


def _step_w(station: Station) -> float:
    return PHASE_A_MIN * PHASE_V * station.phases


def next_ns(station: Station, config: StationConfig, now_ns: int) -> int:
    """When the offer changes by itself if nothing happens [ns since the epoch]."""
    word = in_force(station, config, now_ns)
    if word.is_plain:
        return NEVER_NS
    moments = [station.fault_until_ns, rested_ns(station), station.ramped_ns + RAMP_NS]
    if station.word is not None:
        moments += [station.word.until_ns, station.word.until_ns + round(GRACE_S * NS_PER_S)]
    if word.phases not in (None, station.phases):
        moments += [station.phased_ns + PHASE_REST_NS, station.opened_ns + PHASE_PAUSE_NS]
    return min((each for each in moments if each > now_ns), default=NEVER_NS)


def told(
    station: Station, config: StationConfig, power_w: float, phases: int, now_ns: int
) -> Station:
    """The car has answered that it was told so much [W]; an open contactor lets nothing through."""
    lines = lines_a(power_w, phases, config.line)
    bound = lines if power_w <= 0.0 else most(station.bound_a, lines)
    mark = Told(power_w=power_w, phases=phases, time_ns=now_ns)
    return replace(station, told=mark, bound_a=bound)


def is_obeyed(station: Station) -> bool:
    """Whether what was measured since shows that the car keeps to what it was told."""
    if station.told is None:
        return False
    limit_a = SLACK_SHARE * amps_of(max(station.told.power_w, 0.0), station.told.phases) + SLACK_A
    return _measured_a(station) <= limit_a and station.heard_ns > station.told.time_ns


def _measured_a(station: Station) -> float:
    """Current on the phase that carries most [A]."""
    if station.phase_a is not None:
        return max(station.phase_a)
    return amps_of(station.power_w, station.told.phases if station.told else station.phases)


def watched(station: Station, config: StationConfig, now_ns: int) -> Station:
    """The station after a look at its meter: less is guaranteed, or the contactor opens."""
    if station.told is None:
        return station
    if is_obeyed(station):
        # What it takes within the slack is counted as taken, until it takes less.
        taken_w = _measured_a(station) * PHASE_V * station.told.phases
        most_w = max(station.told.power_w, taken_w if station.told.power_w > 0.0 else 0.0)
        lines = lines_a(most_w, station.told.phases, config.line)
        return replace(station, bound_a=lines) if station.bound_a != lines else station
    is_late = station.heard_ns >= station.told.time_ns + FOLLOWS_NS
    is_plain = in_force(station, config, now_ns).is_plain
    if not is_late or is_plain or station.told.power_w <= 0.0:
        return station
    fault = f"the car takes {station.power_w:.0f} W of {station.told.power_w:.0f} W offered"
    return replace(_opened(station, now_ns), fault=fault, fault_until_ns=now_ns + FAULT_NS)


def limit_of(station: Station, config: StationConfig, now_ns: int) -> StationLimit:
    """What the station guarantees, as it is answered and told."""
    word = in_force(station, config, now_ns)
    phases = word.phases or (config.phases if word.is_plain else station.phases)
    aim_w = word.power_w if word.is_plain else legal_w(config, word.power_w, phases)
    lines = most(lines_a(aim_w, phases, config.line), station.bound_a)
    given = station.word or word
    return StationLimit(
        limit_w=round(max(aim_w, PHASE_V * sum(station.bound_a)), 3),
        phases=phases,
        lines_a=[round(amps, 6) for amps in lines],
        until_ns=given.until_ns,
        issued_ns=given.issued_ns,
        safe_w=config.safe_w,
        safe_phases=config.safe_phases,
        grace_s=GRACE_S,
    )
