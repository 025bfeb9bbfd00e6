"""Our discovery face in a thread of its own, and a listener at the broker, for sync tests."""

import asyncio
import socket
import threading
from contextlib import suppress

import paho.mqtt.client as mqtt

from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import DeviceAbout, DeviceAction, DeviceState
from vettura.bus.subjects import HOME_BUCKET, device_do
from vettura.clock import WallClock
from vettura.faces.config import DiscoveryConfig, HomeFacts
from vettura.faces.discovery import DiscoveryFace

PATIENCE_S = 30.0


class OneFace:
    """A home on a bus in memory whose only face is `face_of(bus, pace)`, in a thread of its own."""

    def __init__(self, face_of):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._ask(self._start(face_of))

    async def _start(self, face_of):
        self.pace = WallClock()
        self.bus = MemoryBus(self.pace)
        self.face = face_of(self.bus, self.pace)
        self._task = asyncio.create_task(self.face.run())
        await self.face.ready.wait()

    def _ask(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)

    def _kept(self, ending, kind):
        async def kept():
            bucket = await self.bus.bucket(HOME_BUCKET)
            names = [name for name in await bucket.keys() if name.endswith(ending)]
            entries = [(name, await bucket.get(name)) for name in names]
            return {
                name.split(".")[2]: decode(entry.value, kind, where=name) for name, entry in entries
            }

        return self._ask(kept())

    def abouts(self):
        """What every device is, by its name on the bus."""
        return self._kept(".about", DeviceAbout)

    def states(self):
        """How every entity is, as it is kept on the bus."""
        states = {}
        for state in self._kept(".state", DeviceState).values():
            states |= state.entities
        return states

    def call(self, action, entity, **data):
        device = next(d for d, about in self.abouts().items() if entity in about.entities)

        async def call():
            asked = DeviceAction(
                id=self.pace.new_id("test"), action=action, entity=entity, data=data
            )
            subject = device_do("casa", device)
            reply = await self.bus.request(subject, encode(asked), timeout_s=10.0)
            return decode(reply.data, Answer, where=device)

        return self._ask(call())

    def stop(self):
        async def stop():
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

        self._ask(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()


def discovering(port):
    """A home whose only face is discovery at that broker."""
    config = DiscoveryConfig(host="127.0.0.1", port=port)
    home = HomeFacts(id="casa", timezone="Europe/Rome")
    return OneFace(
        lambda bus, pace: DiscoveryFace(
            bus, pace, pace, config, home, [], mqtt=None, embedded_port=None
        )
    )


class Eavesdropper:
    """A client that hears everything, and speaks for the bridges."""

    def __init__(self, port):
        self._heard = []
        self._news = threading.Condition()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = self._hear
        self._client.on_socket_open = _at_once
        self._connect(port)
        self._client.subscribe("#")
        self._client.loop_start()

    def _connect(self, port):
        pause = threading.Event()
        for _ in range(int(PATIENCE_S / 0.05)):
            try:
                self._client.connect("127.0.0.1", port)
                return
            except ConnectionRefusedError:
                # The broker is about to listen.
                pause.wait(0.05)
        raise AssertionError(f"no broker at {port}")

    def _hear(self, client, userdata, message):
        with self._news:
            self._heard.append((message.topic, message.payload))
            self._news.notify_all()

    def say(self, topic, payload, *, retain=False):
        self._client.publish(topic, payload, retain=retain)

    def mark(self):
        """Return when the broker has handed on all that was said before."""
        with self._news:
            self._heard = [heard for heard in self._heard if heard[0] != "mark"]
        self.say("mark", b"")
        with self._news:
            self._news.wait_for(lambda: ("mark", b"") in self._heard, timeout=PATIENCE_S)

    def said_after(self, act, topics, count, *, patience_s=5.0):
        """What is heard on those topics once `act` has been done; waits for `count` messages."""
        with self._news:
            self._heard.clear()
        act()
        with self._news:
            self._news.wait_for(lambda: len(self._on(topics)) >= count, timeout=patience_s)
        # What came before the mark has come by now, from whoever was done acting.
        self.mark()
        return self._on(topics)

    def _on(self, topics):
        return [(topic, payload) for topic, payload in self._heard if topic in topics]

    def stop(self):
        self._client.disconnect()
        self._client.loop_stop()


def _at_once(client, userdata, opened):
    # Acknowledgements and messages share the wire: without it each would wait for the other.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
