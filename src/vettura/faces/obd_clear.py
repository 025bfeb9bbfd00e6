"""Clearing trouble codes: a tester's wish becomes a command to the car, which decides."""

import structlog

from vettura.bus.ask import ask
from vettura.bus.interface import Bus
from vettura.bus.messages import Command, Inject
from vettura.bus.subjects import car_do
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError

log = structlog.get_logger()

CLEAR_S = 2.0
"""No new try after so long [s of pace]; a try takes 2 s, and P2* of ISO 14229-2 is 5 s."""


async def clear_codes(bus: Bus, pace: Clock, vin: str, codes: tuple[str, ...], *, who: str) -> bool:
    """Ask the car to mend what these codes stand for, as a workshop at its socket; whether it did.

    A code in the car is a fault that is there: forgotten alone it would be back at once.
    """
    deadline_s = pace.monotonic() + CLEAR_S
    for code in codes:
        verb = Inject(fault=code, active=False)
        command = Command(id=pace.new_id(who), verb=verb, who=who, role="local")
        subject = car_do(vin, str(Inject.__struct_config__.tag))
        try:
            left_s = deadline_s - pace.monotonic()
            answer = await ask(bus, pace, subject, command, patience_s=left_s)
        except (BusError, InputError) as error:
            log.warning("clear_unanswered", car=vin, code=code, error=error.message)
            return False
        if not answer.ok:
            log.info("clear_refused", car=vin, code=code, reason=answer.reason)
            return False
    return True
