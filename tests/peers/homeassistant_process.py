"""A real Home Assistant in a process of its own, spoken to over its REST interface."""

import json
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

from peers.environment import clean_environment, place_of, python_of

PATIENCE_S = 60.0
PAUSE_S = 0.1
CLIENT_ID = "http://127.0.0.1/"
CONFIGURATION = """\
homeassistant:
  name: Casa
  latitude: 45.0246
  longitude: 7.7612
  elevation: 305
  unit_system: metric
  time_zone: Europe/Rome
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
config:
onboarding:
logger:
  default: warning
  logs:
    homeassistant.components.mqtt: info
"""


STARTED_WITH = """\
import runpy, sys
sys.path.append({packages!r})
sys.argv[0] = "homeassistant"
runpy.run_module("homeassistant", run_name="__main__", alter_sys=True)
"""


def until(holds, *, patience_s=PATIENCE_S):
    """Look again and again until `holds()` is true; then return what it gave."""
    pause = threading.Event()
    for _ in range(int(patience_s / PAUSE_S)):
        held = holds()
        if held:
            return held
        pause.wait(PAUSE_S)
    raise AssertionError(f"not within {patience_s} s: {holds()}")


class HomeAssistant:
    """One Home Assistant with its folder; it can be stopped and started again."""

    def __init__(self, folder, *, also="", more=""):
        self.folder = folder
        self.also = also
        """Another peer whose packages it may use where it has none of its own."""
        self.port = _free_port()
        self.process = None
        self._token = ""
        configuration = CONFIGURATION.format(port=self.port) + more
        (folder / "configuration.yaml").write_text(configuration)
        self.start()
        self._onboard()

    def start(self):
        command = [python_of("homeassistant"), *self._module(), "--config", self.folder]
        command.append("--skip-pip")
        with (self.folder / "output.log").open("ab") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=output, env=clean_environment()
            )
        until(self._answers)

    def _module(self):
        if not self.also:
            return ["-m", "homeassistant"]
        (packages,) = place_of(self.also).glob("lib/python*/site-packages")
        return ["-c", STARTED_WITH.format(packages=str(packages))]

    @property
    def token(self):
        """What lets one in, for half an hour."""
        return self._token

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE_S)

    def log(self):
        return (self.folder / "home-assistant.log").read_text()

    def states(self):
        """Every entity's state by its id; state and attributes."""
        return {state["entity_id"]: state for state in self.get("/api/states")}

    def state(self, entity_id):
        return self.states().get(entity_id, {}).get("state")

    def call(self, service, entity_id, **data):
        domain, name = service.split(".")
        self.post(f"/api/services/{domain}/{name}", {"entity_id": entity_id, **data})

    def speak_mqtt(self, port, protocol):
        """Set the MQTT integration up, as its dialogue in the browser does."""
        flow = "/api/config/config_entries/flow"
        step = self.post(flow, {"handler": "mqtt", "show_advanced_options": True})
        broker = {"broker": "127.0.0.1", "port": port, "advanced_options": True}
        step = self.post(f"{flow}/{step['flow_id']}", broker)
        broker |= {"protocol": protocol, "keepalive": 60, "transport": "tcp"}
        broker |= {"set_client_cert": False, "set_ca_cert": "off", "tls_insecure": False}
        del broker["advanced_options"]
        step = self.post(f"{flow}/{step['flow_id']}", broker)
        assert step["type"] == "create_entry", step

    def meet_xiaomi(self, address, token):
        """Set one Xiaomi device up by its address, as the dialogue does; returns its title."""
        flow = "/api/config/config_entries/flow"
        step = self.post(flow, {"handler": "xiaomi_miio"})
        step = self.post(f"{flow}/{step['flow_id']}", {"manual": True})
        step = self.post(f"{flow}/{step['flow_id']}", {"host": address, "token": token})
        assert step["type"] == "create_entry", step
        return step["title"]

    def get(self, path):
        return self._request("GET", path)

    def post(self, path, body):
        return self._request("POST", path, json.dumps(body).encode())

    def _request(self, method, path, data=None, kind="application/json"):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, method=method
        )
        request.add_header("content-type", kind)
        if self._token:
            request.add_header("authorization", f"Bearer {self._token}")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from None

    def _answers(self):
        assert self.process.poll() is None, (self.folder / "output.log").read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/onboarding", timeout=5):
                pass
        except urllib.error.HTTPError as error:
            error.close()
            return error.code in {401, 404}
        except OSError:
            return False
        return True

    def _onboard(self):
        owner = {"client_id": CLIENT_ID, "name": "Owner", "username": "owner", "language": "en"}
        code = self.post("/api/onboarding/users", owner | {"password": "owner"})["auth_code"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT_ID}
        data = urllib.parse.urlencode(form).encode()
        kind = "application/x-www-form-urlencoded"
        self._token = self._request("POST", "/auth/token", data, kind)["access_token"]


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
