"""What calendars ask of one car, as the need of a car takes it."""

from vettura.bus.messages_energy import CalendarDrives
from vettura.energy.need import Drive


def calendar_drives(
    told: CalendarDrives | None, *, driver: str, takes_unnamed: bool, degc: float
) -> list[Drive]:
    """Drives of that driver; `degc` is what is expected outside.

    Entries that name nobody are for the car that `takes_unnamed`: one of the house's.
    """
    if told is None:
        return []
    return [
        Drive(
            name=entry.name,
            leave_ns=entry.leave_ns,
            back_ns=entry.back_ns,
            distance_m=entry.distance_m,
            degc=degc,
            source="calendar",
        )
        for entry in told.drives
        if entry.person == driver or (not entry.person and takes_unnamed)
    ]
