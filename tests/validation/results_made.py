"""Results and curves that tests of several files need."""

from vettura.validation.certification import CertificationRow
from vettura.validation.curves import Curve


def made_row(cycle, predicted, measured):
    return CertificationRow(
        make="Make",
        model="Model",
        test_vehicle="V1",
        config="0",
        cycle=cycle,
        predicted_kwh_100km=predicted,
        measured_kwh_100km=measured,
        low_kwh_100km=0.9 * predicted,
        high_kwh_100km=1.1 * predicted,
        flag="",
    )


def made_curve(kw=100.0, net_kwh=70.0):
    points = ((0.0, 1_000.0 * kw), (0.5, 1_000.0 * kw), (1.0, 200.0 * kw))
    return Curve("made", "test", 1_000.0 * net_kwh, 400.0, points)
