"""Buckets, as every bus keeps them."""

import asyncio
from contextlib import aclosing

import pytest

from contract.suite import (
    scenario,
)
from vettura.bus.interface import (
    MAX_PAYLOAD_BYTES,
    Bus,
    Entry,
)
from vettura.clock import Clock
from vettura.errors import (
    ConflictError,
    InputError,
)


@scenario
async def a_bucket_keeps_values(bus: Bus, clock: Clock) -> None:
    bucket = await bus.bucket("home")
    assert await bucket.get("a.b") is None
    assert await bucket.keys() == []
    first = await bucket.put("a.b", b"1")
    second = await bucket.put("a/c=_-", b"")
    assert 0 < first < second
    assert await bucket.get("a.b") == Entry("a.b", b"1", first)
    assert await bucket.get("a/c=_-") == Entry("a/c=_-", b"", second)
    third = await bucket.put("a.b", b"3")
    assert await (await bus.bucket("home")).get("a.b") == Entry("a.b", b"3", third)
    assert await bucket.keys() == ["a.b", "a/c=_-"]
    assert await (await bus.bucket("other")).keys() == []


@scenario
async def a_deleted_key_is_gone(bus: Bus, clock: Clock) -> None:
    bucket = await bus.bucket("home", history=3)
    await bucket.delete("never")
    for key in ("b", "a", "c"):
        await bucket.put(key, key.encode())
    await bucket.delete("a")
    await bucket.delete("a")
    assert await bucket.get("a") is None
    assert await bucket.get("never") is None
    assert await bucket.keys() == ["b", "c"]
    await bucket.put("a", b"again")
    assert await bucket.keys() == ["a", "b", "c"]


@scenario
async def an_update_of_an_old_revision_is_refused(bus: Bus, clock: Clock) -> None:
    bucket = await bus.bucket("home")
    first = await bucket.update("a", b"1", revision=0)
    with pytest.raises(ConflictError):
        await bucket.update("a", b"x", revision=0)
    second = await bucket.update("a", b"2", revision=first)
    with pytest.raises(ConflictError):
        await bucket.update("a", b"x", revision=first)
    with pytest.raises(ConflictError):
        await bucket.update("b", b"x", revision=second)
    assert await bucket.get("a") == Entry("a", b"2", second)
    await bucket.delete("a")
    with pytest.raises(ConflictError):
        await bucket.update("a", b"x", revision=second)
    assert await bucket.update("a", b"3", revision=0) > second


@scenario
async def what_no_bucket_can_have_is_refused(bus: Bus, clock: Clock) -> None:
    bucket = await bus.bucket("home")
    for key in ("", ".a", "a.", "a..b", "a b", "a*", ">", "ä", "x" * 600):
        with pytest.raises(InputError, match="cannot have the key"):
            await bucket.put(key, b"")
        with pytest.raises(InputError, match="cannot have the key"):
            await bucket.get(key)
    with pytest.raises(InputError):
        await bus.bucket("two words")
    with pytest.raises(InputError):
        await bus.bucket("home", history=65)
    with pytest.raises(InputError, match="too large"):
        await bucket.put("a", bytes(MAX_PAYLOAD_BYTES + 1))


@scenario
async def a_watch_shows_what_is_then_what_changes(bus: Bus, clock: Clock) -> None:
    bucket = await bus.bucket("home")
    await bucket.put("lamp.kitchen", b"on")
    await bucket.put("lamp.hall", b"off")
    await bucket.put("car", b"parked")
    await bucket.put("lamp.kitchen", b"off")
    await bucket.put("lamp.attic", b"on")
    await bucket.delete("lamp.attic")
    async with aclosing(bucket.watch("lamp.*")) as lamps, aclosing(bucket.watch()) as everything:
        assert [await anext(lamps) for _ in range(2)] == [
            Entry("lamp.hall", b"off", 2),
            Entry("lamp.kitchen", b"off", 4),
        ]
        assert [(await anext(everything)).key for _ in range(3)] == [
            "lamp.hall",
            "car",
            "lamp.kitchen",
        ]
        revision = await bucket.put("lamp.hall", b"on")
        assert await anext(lamps) == Entry("lamp.hall", b"on", revision)
        await bucket.put("car", b"driving")
        await bucket.delete("lamp.hall")
        assert await anext(lamps) == Entry("lamp.hall", None, revision + 2)
        assert [(await anext(everything)).value for _ in range(3)] == [b"on", b"driving", None]


@scenario
async def a_watch_of_an_empty_bucket_waits_for_the_first(bus: Bus, clock: Clock) -> None:
    bucket = await bus.bucket("home")
    async with aclosing(bucket.watch()) as entries:
        first = asyncio.ensure_future(anext(entries))
        await clock.sleep(0.05)
        await bucket.put("a", b"1")
        assert await first == Entry("a", b"1", 1)
