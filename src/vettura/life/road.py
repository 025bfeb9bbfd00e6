"""A believable drive between two places: the road is always the same, the traffic of each day is
not."""

from vettura.car.trip import Trip
from vettura.clock.chance import random_stream
from vettura.life.lanes import lanes_of
from vettura.life.places import Place
from vettura.life.track import GRID_M, make_track, road_name
from vettura.life.traffic import speed_trace


def make_trip(origin: Place, destination: Place, *, seed: int, id: str) -> Trip:  # noqa: A002
    """Return a drive from `origin` to `destination`.

    The road depends on the two places alone and is the same in both directions; lights, others and
    the driver's foot depend on `seed` and `id`. Mean speed, stops, idling and positive kinetic
    energy lie in the band of measured commutes (TUM 2020, doi 10.21227/6jr9-5235;
    `tests/life/test_road.py`). Raises `InputError` for places nearer than 100 m or farther than
    700 km.
    """
    track = make_track(origin, destination)
    name, is_forward = road_name(origin, destination)
    lanes = lanes_of(name, track.length_m, is_forward=is_forward)
    return Trip(
        id=id,
        origin=origin.name,
        destination=destination.name,
        speed_mps=speed_trace(lanes, random_stream(seed, f"traffic.{id}")),
        grid_m=GRID_M,
        elevation_m=list(track.elevation_m),
        latitude_deg=list(track.latitude_deg),
        longitude_deg=list(track.longitude_deg),
    )
