"""Wallboxes over OCPP in the house: built from the home file, in place of the virtual ones."""

from make import casa_text
from vettura.bus.memory import MemoryBus
from vettura.clock import rehearse
from vettura.faces.ocpp import OcppFace
from vettura.faces.ocpp_point import OcppPointFace
from vettura.house.build import build
from vettura.house.faces import build_faces, facts_of
from vettura.house.file import load_home
from vettura.house.live import live_services

OCPP = """
[[stations]]
id = "garage"
virtual = false
[faces.ocpp]
[[faces.ocpp.stations]]
id = "garage"
[[faces.ocpp_points]]
station = "wallbox"
url = "ws://127.0.0.1:9000/ocpp"
"""


def built(folder):
    path = folder / "home.toml"
    path.write_text(casa_text().split("# Which protocols")[0] + OCPP)
    home = load_home(path)

    async def story(clock):
        bus = MemoryBus(clock)
        faces = build_faces(
            facts_of(home),
            bus,
            clock,
            clock,
            faces=home.faces,
            mqtt_port=None,
            stations=home.stations,
        )
        live = live_services(home, bus, clock, seed=1)
        rehearsed = build(home, bus, clock, seed=1)
        return {type(named.face) for named in faces}, set(rehearsed) - set(live), set(live)

    return rehearse(story, start_ns=0, seed=1)


def test_a_real_wallbox_takes_the_place_of_a_virtual_one_but_in_a_rehearsal(tmp_path):
    faces, rehearsed_alone, live = built(tmp_path)
    assert faces == {OcppFace, OcppPointFace}
    assert rehearsed_alone == {"station garage"}
    assert "station wallbox" in live
