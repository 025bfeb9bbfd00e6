"""The model of a car that an app brings along, as Velocitas' generator would write it: a part."""

from velocitas_sdk.model import (
    DataPointBoolean,
    DataPointDouble,
    DataPointFloat,
    DataPointUint8,
    DataPointUint16,
    Model,
)


class Branch(Model):
    """A branch with the name it is given."""

    def __init__(self, name, parent, **children):
        super().__init__(parent)
        self.name = name
        for child, kind in children.items():
            setattr(self, child, kind(child, self))


def branch(**children):
    """What makes a branch with these children."""
    return lambda name, parent: Branch(name, parent, **children)


door = branch(
    DriverSide=branch(Window=branch(Position=DataPointUint8), IsLocked=DataPointBoolean),
    PassengerSide=branch(Window=branch(Position=DataPointUint8)),
)
seat = branch(DriverSide=branch(Position=DataPointUint16))


class Vehicle(Branch):
    """The root."""

    def __init__(self, name):
        super().__init__(
            name,
            None,
            Speed=DataPointFloat,
            CurrentLocation=branch(Latitude=DataPointDouble),
            Cabin=branch(Door=branch(Row1=door), Seat=branch(Row1=seat)),
        )


vehicle = Vehicle("Vehicle")
