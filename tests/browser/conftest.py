"""The page in Chromium: a server in a thread of its own, a scripted car, and no network."""

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from browser.scripted_car import PAGE, VIN, ScriptedCar
from browser.scripted_energy import ScriptedEnergy
from browser.scripted_home import ScriptedHome
from vettura.bus.memory import MemoryBus
from vettura.clock import WallClock
from vettura.units import NS_PER_S
from vettura.web import claim_port, create_app, serve

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Away:
    """A bus that can be switched off: what the page is told while the server restarts."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus
        self.is_up = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)


class ServedPage:
    """The page and its car, running in a thread for as long as the block lasts."""

    def __init__(
        self,
        scene: str,
        when: str = "2026-03-10T18:25:00+01:00",
        *,
        plans: bool = False,
        car_w: float | None = None,
    ) -> None:
        self._scene, self._when, self._plans, self._car_w = scene, when, plans, car_w
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._port = 0
        self._only_stopped = False
        self.url = ""

    def __enter__(self) -> "ServedPage":
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._everything.cancel)
        self._thread.join(20)

    def set_bus(self, *, up: bool) -> None:
        """Take the bus away, or bring it back."""
        self.bus.is_up = up

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the web server for as long as the block lasts; it comes back on the same port."""
        self._ready.clear()
        self._only_stopped = True
        self._loop.call_soon_threadsafe(self._may_serve.clear)
        self._loop.call_soon_threadsafe(self._serving.cancel)
        yield
        self._loop.call_soon_threadsafe(self._may_serve.set)
        assert self._ready.wait(20)

    def do(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Have something happen in the home."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _run(self) -> None:
        pace = WallClock()
        start_ns = int(datetime.fromisoformat(self._when).timestamp()) * NS_PER_S
        self._clock, self._pace = WallClock(start_ns=start_ns), pace
        self._loop = asyncio.get_running_loop()
        self._may_serve = asyncio.Event()
        self._may_serve.set()
        memory = MemoryBus(pace)
        self.bus = Away(memory)
        self.car = ScriptedCar(memory, self._clock, pace, scene=self._scene)
        self.home = ScriptedHome(memory, self._clock)
        self.energy = ScriptedEnergy(memory, self._clock, pace, vin=VIN, car_w=self._car_w)
        self._everything = asyncio.create_task(self._live())
        await asyncio.wait([self._everything])
        await memory.close()

    async def _live(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.car.run())
            tasks.create_task(self.home.run())
            if self._plans:
                tasks.create_task(self.energy.run())
            tasks.create_task(self._serve())

    async def _serve(self) -> None:
        """Serve, and serve again after only the server was stopped."""
        while True:
            await self._may_serve.wait()
            bus: Any = self.bus
            page = msgspec.structs.replace(PAGE, has_energy=self._plans)
            app = create_app(bus=bus, clock=self._clock, pace=self._pace, page=page)
            claimed = claim_port("127.0.0.1", self._port)
            self._port = claimed.getsockname()[1]
            self._serving = asyncio.create_task(
                serve(app, host="127.0.0.1", port=0, claimed=claimed, on_ready=self._is_ready)
            )
            try:
                await self._serving
            except asyncio.CancelledError:
                if not self._only_stopped:
                    raise
                self._only_stopped = False

    def _is_ready(self, url: str) -> None:
        self.url = url
        self._ready.set()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file: Playwright's loop must be gone before an async test runs."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Open an address; afterwards nothing outside may have been asked for, nothing have failed."""
    outside: list[str] = []
    faults: list[str] = []

    def check(route: Route) -> None:
        if urlsplit(route.request.url).hostname in {"127.0.0.1", "localhost"}:
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    with ExitStack() as stack:

        def open_at(url: str, *, width: int = 1440, dark: bool = False, **options: Any) -> Page:
            context = chromium.new_context(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if dark else "light",
                **options,
            )
            stack.callback(context.close)
            context.route("**/*", check)
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.goto(url)
            page.wait_for_selector("body:not([data-waiting])")
            is_car = url.endswith("/")
            first = page.locator("#soc" if is_car else "#outside")
            expect(first).not_to_have_text(re.compile("–"))
            return page

        yield open_at
    assert outside == []
    assert faults == []


@pytest.fixture(scope="module")
def parked() -> Iterator[ServedPage]:
    with ServedPage("parked") as served:
        yield served


@pytest.fixture(scope="module")
def planned() -> Iterator[ServedPage]:
    """A home that plans its energy."""
    with ServedPage("parked", plans=True) as served:
        yield served


@pytest.fixture(scope="module")
def driving() -> Iterator[ServedPage]:
    with ServedPage("driving", "2026-03-10T08:10:00+01:00") as served:
        yield served


@pytest.fixture(scope="module")
def charging() -> Iterator[ServedPage]:
    with ServedPage("charging", "2026-03-10T23:10:00+01:00") as served:
        yield served
