"""A whole vettura in a process of its own, watched through its event stream."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

from make import ROOT

PATIENCE_S = 60.0
"""How long an event may take before a test gives up: generous, for a busy machine."""


class House:
    """A running `vettura run`, and what a page would do to it."""

    def __init__(self, data_dir, *options, home=None):
        command = [
            sys.executable,
            "-m",
            "vettura",
            "run",
            str(home or ROOT / "examples" / "casa.toml"),
            *("--port", "0", "--json", "--data", str(data_dir)),
            *options,
        ]
        self._errors = (data_dir / "stderr.log").open("ab")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._errors, cwd=ROOT
        )
        line = self.process.stdout.readline()
        assert line, (data_dir / "stderr.log").read_text()
        self.announced = announced = json.loads(line)
        self.url = announced["url"].rstrip("/")

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_S) as reply:
            return json.load(reply)

    def post(self, path, **body):
        request = urllib.request.Request(
            self.url + path,
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def events(self):
        """Every event of the page's stream as (kind, data), for ever."""
        with urllib.request.urlopen(self.url + "/api/events", timeout=PATIENCE_S) as stream:
            kind = ""
            for raw in stream:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    yield kind, json.loads(line[6:])

    def signals_until(self, vin, accept, *, events=None):
        """Follow the stream until `accept(signals)`; return them all."""
        signals = {}
        for kind, data in events or self.events():
            if kind in {"snapshot", "delta"}:
                signals |= data.get("cars", {}).get(vin, {}).get("signals", {})
                if signals and accept(signals):
                    return signals
        raise AssertionError("the stream ended")

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self._wait()

    def stop(self):
        self.process.terminate()
        self._wait()
        return self.process.returncode

    def _wait(self):
        self.process.wait(timeout=PATIENCE_S)
        self.process.stdout.close()
        self._errors.close()


@contextmanager
def house(data_dir, *options, home=None):
    """A house that is stopped at the end of the block, whatever happened in it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    running = House(data_dir, *options, home=home)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def wait_for_size(path, size):
    """Until the file has grown so far, by looking often."""
    waiting = subprocess.run(
        ["sh", "-c", 'until [ "$(wc -c < "$0")" -gt "$1" ]; do sleep 0.1; done', path, str(size)],
        timeout=PATIENCE_S,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert waiting.returncode == 0
