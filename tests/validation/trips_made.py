"""Measured trips made by the model itself, so that the truth is known."""

from dataclasses import replace

from make import make_params
from vettura.drive.measured import MeasuredTrip
from vettura.drive.replay import replay

CAR = "bmw-i3-60ah"
SECONDS = 600


def bare_trip(name="made", *, ambient_degc=15.0, seconds=SECONDS):
    """Stop and go at up to 15 m/s on the level, with nothing measured but speed and air."""
    speed = [min(k % 60, 15, 60 - k % 60) * 1.0 for k in range(seconds)]
    return MeasuredTrip(
        name=name,
        time_s=[float(k) for k in range(seconds)],
        speed_mps=speed,
        grade=None,
        elevation_m=[500.0] * seconds,
        ambient_degc=[ambient_degc] * seconds,
        battery_v=None,
        battery_a=None,
        soc=None,
        begin_soc=0.7,
        heating_w=None,
        aircon_w=None,
        battery_degc=[ambient_degc] * seconds,
        cabin_degc=[ambient_degc] * seconds,
        notes=[],
    )


def true_trip(name="made", *, gain=1.0, heating_w=500.0, params=None, **about):
    """The same with volts and amps such that the model at `gain` 1 is right to a few percent."""
    bare = bare_trip(name, **about)
    heated = replace(bare, heating_w=[heating_w] * len(bare.time_s))
    driven = replay(params or make_params(CAR), heated)
    power_w = [gain * driven.power_w[0], *(gain * watts for watts in driven.power_w)]
    return replace(
        heated,
        battery_v=[370.0] * len(power_w),
        battery_a=[-watts / 370.0 for watts in power_w],
        soc=[0.7, *driven.soc],
    )
