"""The model held against measurements: dynamometer tests, trips, charging curves, a cell."""

from vettura.validation.certification import CertificationReport as CertificationReport
from vettura.validation.certification import CertificationRow as CertificationRow
from vettura.validation.certification import certify as certify
from vettura.validation.charging import ChargingReport as ChargingReport
from vettura.validation.charging import validate_charging as validate_charging
from vettura.validation.report import rewrite_section as rewrite_section
from vettura.validation.summary import Summary as Summary
from vettura.validation.summary import summarise_errors as summarise_errors
from vettura.validation.trips import TripsReport as TripsReport
from vettura.validation.trips import validate_trips as validate_trips
