"""Providers from outside: a real control unit, a test bench, an app that stands in for a part.

A provider claims actuators and signals. Wishes for such an actuator are handed on to it, and what
it says a signal is stands in the car's frames in place of the model's value. One provider for each
path. A claim is repeated while it holds; the lease is 15 s of real time, and with it goes all that
the provider held, as when it hands back: the model takes over.

Real time is the car's time over the clock's speed, so a lease lasts as long for the provider
however fast the house lives. In a rehearsal no real time passes: there a lease ends by `Release`
alone. Claims are not kept: after a restart of the car a provider's next claim restores them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vettura.bus.messages import Claim, Provided, Refusal, Release, Role, SignalValue
from vettura.bus.signals import signal_of
from vettura.drive.asked import rank
from vettura.drive.legal import checked, span_of
from vettura.units import NS_PER_S

LEASE_S = 15.0
"""Three times the five seconds after which a provider repeats its claim [s of real time]."""
PROVIDERS_MAX = 32
_NAME = re.compile(r"[-_a-zA-Z0-9]{1,64}")
"""A provider's name is one word of a subject."""


@dataclass(slots=True, kw_only=True)
class _Provider:
    lease_s: float = LEASE_S
    paths: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What a claim or a release came to."""

    changed: tuple[str, ...] = ()
    """Paths that have changed hands."""
    reason: str = ""
    code: Refusal = ""


class Providers:
    """Who holds what of one car, and what they say."""

    def __init__(self) -> None:
        self._providers: dict[str, _Provider] = {}
        self._holders: dict[str, str] = {}
        self.wish_holders: dict[str, str] = {}
        """Who is given the wishes for an actuator, by path."""
        self.values: dict[str, SignalValue] = {}
        """What providers said last, by path."""
        self.refused = 0
        """Values that were no provider's to give or did not fit, since the process started."""

    def __bool__(self) -> bool:
        return bool(self._providers)

    @property
    def held(self) -> Mapping[str, str]:
        """Who holds which path."""
        return self._holders

    def claim(self, wish: Claim, *, role: Role, granted: bool) -> Handed:
        """Hand over all the paths, or none; what the provider held before it keeps."""
        refusal = self._refusal(wish, role=role, granted=granted)
        if refusal.reason:
            return refusal
        provider = self._providers.setdefault(wish.provider, _Provider())
        provider.lease_s = LEASE_S
        new = dict.fromkeys([*wish.actuators, *wish.signals])
        changed = tuple(
            path
            for path in new
            if path not in self._holders
            or (path in wish.actuators and path not in self.wish_holders)
        )
        provider.paths.update(new)
        self._holders.update(dict.fromkeys(new, wish.provider))
        self.wish_holders.update(dict.fromkeys(wish.actuators, wish.provider))
        return Handed(changed=changed)

    def release(self, wish: Release) -> Handed:
        """Take back these paths, or all of the provider's."""
        provider = self._providers.get(wish.provider)
        if provider is None:
            return Handed()
        gone = tuple(sorted(provider.paths.intersection(wish.paths or provider.paths)))
        provider.paths.difference_update(gone)
        for path in gone:
            del self._holders[path]
            self.wish_holders.pop(path, None)
            self.values.pop(path, None)
        if not provider.paths:
            del self._providers[wish.provider]
        return Handed(changed=gone)

    def expired(self, real_s: float) -> list[str]:
        """Let so much real time pass [s]; who has not renewed its claim since is named."""
        for provider in self._providers.values():
            provider.lease_s -= real_s
        return [name for name, each in self._providers.items() if each.lease_s <= 0.0]

    def lease_ns(self, speed: float) -> int | None:
        """How long the shortest lease lasts in the car's time; None when none ends by itself."""
        if not self._providers or speed == float("inf"):
            return None
        left_s = min(each.lease_s for each in self._providers.values())
        return max(round(left_s * speed * NS_PER_S), 0)

    def hear(self, told: Provided) -> dict[str, SignalValue]:
        """Take over what a provider says of what it holds; return what is new."""
        news: dict[str, SignalValue] = {}
        values, holders, provider = self.values, self._holders, told.provider
        for path, given in told.values.items():
            value = _fitting(path, given) if holders.get(path) == provider else None
            if value is None:
                self.refused += 1
            elif path not in values or values[path] != value:
                values[path] = news[path] = value
        return news

    def _refusal(self, wish: Claim, *, role: Role, granted: bool) -> Handed:
        if not _NAME.fullmatch(wish.provider):
            reason = "a provider's name is 1 to 64 letters, digits, - and _"
            return Handed(reason=reason, code="range")
        if wish.provider not in self._providers and len(self._providers) >= PROVIDERS_MAX:
            return Handed(reason=f"{PROVIDERS_MAX} providers are at work", code="busy")
        if not wish.actuators and not wish.signals:
            return Handed(reason="the claim names no path", code="range")
        for path in (*wish.actuators, *wish.signals):
            holder = self._holders.get(path, wish.provider)
            if holder != wish.provider:
                return Handed(reason=f"{holder} holds {path}", code="unavailable")
        return _unfit(wish.actuators, role, granted=granted) or _unknown(wish.signals) or Handed()


def _fitting(path: str, value: SignalValue) -> SignalValue | None:
    """The value as the signal takes it; None when it does not."""
    span = span_of(path)
    # Most are plain numbers, and a provider may send hundreds of thousands in a second.
    if span is not None and isinstance(value, int | float) and type(value) is span.kind:
        if span.lowest <= value <= span.highest:
            return value
        return None
    signal = signal_of(path)
    if signal is None:
        return None
    fit = checked(signal, value)
    return None if fit.reason else fit.value


def _unfit(actuators: Iterable[str], role: Role, *, granted: bool) -> Handed | None:
    """Who may not command an actuator may not stand in for it either."""
    for path in actuators:
        signal = signal_of(path)
        if signal is None or signal.kind != "actuator":
            return Handed(reason=f"{path[:80]!r} is no actuator", code="unknown")
        if not granted and rank(role) < rank(signal.role):
            return Handed(reason=f"{path} is not for the role {role}", code="scope")
    return None


def _unknown(signals: Iterable[str]) -> Handed | None:
    for path in signals:
        if signal_of(path) is None:
            return Handed(reason=f"there is no signal {path[:80]!r}", code="unknown")
    return None
