"""What goes wrong in a face stays there; what a person must mend ends the house with one line."""

import asyncio

import pytest

from vettura.clock import rehearse
from vettura.errors import BusDownError, EnvironmentFault
from vettura.house.faces import NamedFace, keep_up


class Stumbling:
    """A face that fails with one error after the other, then lives."""

    def __init__(self, *errors, is_ready):
        self._errors = list(errors)
        self.ready = asyncio.Event()
        self.port = 0
        self.runs = 0
        if is_ready:
            self.ready.set()

    async def run(self):
        self.runs += 1
        if self._errors:
            raise self._errors.pop(0)
        await asyncio.Event().wait()


def kept_up(*errors, is_ready):
    async def main(clock):
        face = Stumbling(*errors, is_ready=is_ready)
        task = asyncio.create_task(keep_up(NamedFace("stumbling", face), clock))
        await clock.sleep(60.0)
        is_alive = not task.done()
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
        return face.runs, is_alive, ended[0]

    return rehearse(main, start_ns=0, seed=1)


def test_a_face_that_falls_over_is_started_again():
    errors = [ValueError("a bug"), BusDownError("away"), ExceptionGroup("g", [KeyError("k")])]
    runs, is_alive, _ = kept_up(*errors, is_ready=False)
    assert (runs, is_alive) == (4, True)


@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: ExceptionGroup("g", [e])])
def test_what_a_person_must_mend_ends_the_house_before_it_is_up(wrap):
    runs, is_alive, ended = kept_up(wrap(EnvironmentFault("no such port")), is_ready=False)
    assert (runs, is_alive) == (1, False)
    assert isinstance(ended, EnvironmentFault)


def test_a_face_that_was_up_is_kept_up_whatever_comes():
    runs, is_alive, _ = kept_up(EnvironmentFault("the adapter is gone"), is_ready=True)
    assert (runs, is_alive) == (2, True)
