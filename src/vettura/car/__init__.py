"""What a car is: its file, its numbers, and one step of its life. Pure, plain Python."""

from vettura.car.catalogue import car_ids as car_ids
from vettura.car.catalogue import load_car as load_car
from vettura.car.params import Params as Params
from vettura.car.relations import params_of as params_of
from vettura.car.relations import resting_state as resting_state
from vettura.car.spec import CarSpec as CarSpec
from vettura.car.state import Flows as Flows
from vettura.car.state import Inputs as Inputs
from vettura.car.state import State as State
from vettura.car.state import Step as Step
from vettura.car.trip import Trip as Trip
