"""The mailbox: no message is lost by a reader that is cancelled, and nobody starves."""

import asyncio

from vettura.bus.mailbox import Mailbox
from vettura.clock import rehearse


def play(main):
    return rehearse(main, start_ns=0, seed=1)


def test_a_reader_cancelled_in_its_turn_passes_it_on():
    async def main(clock):
        mailbox = Mailbox(limit=10)
        first, second = (asyncio.ensure_future(mailbox.next()) for _ in range(2))
        await clock.sleep(0)
        mailbox.put(1)
        first.cancel()
        assert await clock.wait_for(second, 1) == 1

    play(main)


def test_a_reader_that_gave_up_takes_nothing():
    async def main(clock):
        mailbox = Mailbox(limit=10)
        for _ in range(3):
            try:
                await clock.wait_for(mailbox.next(), 1)
            except TimeoutError:
                continue
        mailbox.put(1)
        mailbox.put(2)
        assert [await mailbox.next(), await mailbox.next()] == [1, 2]

    play(main)


def test_a_busy_reader_lets_others_run():
    async def main(clock):
        mailbox = Mailbox(limit=100_000)

        async def read():
            async for _ in mailbox:
                mailbox.put(None)

        mailbox.put(None)
        reader = asyncio.ensure_future(read())
        for _ in range(3):
            await clock.sleep(0)
        mailbox.shut()
        await reader

    play(main)


def test_all_who_wait_learn_that_it_is_shut():
    async def main(clock):
        mailbox = Mailbox(limit=1)

        async def read():
            return [message async for message in mailbox]

        readers = [asyncio.ensure_future(read()) for _ in range(3)]
        await clock.sleep(0)
        mailbox.put("unread")
        mailbox.shut()
        mailbox.put("too late")
        assert sorted(await asyncio.gather(*readers)) == [[], [], ["unread"]]

    play(main)
