"""A home's story told in a few words, by the messages that a bus would have carried."""

from typing import Any

from vettura.bus.messages import encode
from vettura.bus.messages_home import (
    Called,
    Cause,
    DeviceAbout,
    DeviceState,
    EntityAbout,
    EntityState,
    HomeEvent,
    Trace,
)
from vettura.bus.subjects import called, device_about, device_state, home_event, trace
from vettura.home.findings.story import Story, Witness
from vettura.units import NS_PER_S

HOME = "casa"
START_NS = 1_772_434_800 * NS_PER_S
"""2026-03-02 08:00 in Rome, a Monday."""


class Teller:
    """Tells a witness what happened; times are seconds from the start."""

    def __init__(self) -> None:
        self.witness = Witness(HOME, start_ns=START_NS)
        self._runs = 0

    @property
    def story(self) -> Story:
        return self.witness.story

    def about(self, entity: str, *, area: str = "", device: str = "", **more: Any) -> None:
        device = device or entity.replace(".", "-")
        about = EntityAbout(name=entity.partition(".")[2].title(), **more)
        message = DeviceAbout(name=device, area=area, entities={entity: about}, origin="virtual")
        self._hear(0, device_about(HOME, device), message)

    def state(self, at_s: float, entity: str, state: str, cause: Cause | None = None, **more: Any):
        device = entity.replace(".", "-")
        told = EntityState(state=state, attributes=more)
        message = DeviceState(time_ns=_ns(at_s), entities={entity: told}, cause=cause)
        self._hear(at_s, device_state(HOME, device), message)

    def run(
        self,
        at_s: float,
        scene: str,
        *calls: tuple[str, str],
        state: str = "finished",
        chain: tuple[str, ...] = (),
        reason: str = "",
        ok: bool = True,
        **data: Any,
    ) -> Cause:
        """One run of a scene with its calls (action, entity)."""
        self._runs += 1
        run = f"run-{self._runs}"
        cause = Cause(id=run, who=scene, hops=len(chain), chain=list(chain))
        for action, entity in calls:
            message = Called(
                time_ns=_ns(at_s),
                scene=scene,
                run=run,
                action=action,
                entities=[entity] if entity else [],
                data=data,
                ok=ok,
                reason=reason if not ok else "",
                cause=cause,
            )
            self._hear(at_s, called(HOME), message)
        ended = Trace(
            run=run,
            scene=scene,
            trigger="state of something",
            start_ns=_ns(at_s),
            end_ns=_ns(at_s),
            state=state,
            reason=reason,
            cause=cause,
        )
        self._hear(at_s, trace(HOME), ended)
        return cause

    def event(self, at_s: float, event_type: str, **data: Any) -> None:
        message = HomeEvent(time_ns=_ns(at_s), event_type=event_type, data=data)
        self._hear(at_s, home_event(HOME), message)

    def until(self, at_s: float) -> None:
        self.witness.hear(_ns(at_s), "house.casa.clock", b"")

    def _hear(self, at_s: float, subject: str, message: Any) -> None:
        self.witness.hear(_ns(at_s), subject, encode(message))


def _ns(at_s: float) -> int:
    return START_NS + round(at_s * NS_PER_S)
