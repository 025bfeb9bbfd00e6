"""The HTTP API and the page."""

from vettura.web.app import create_app as create_app
from vettura.web.config import CarOnPage as CarOnPage
from vettura.web.config import PageConfig as PageConfig
from vettura.web.config import PlaceOnPage as PlaceOnPage
from vettura.web.server import claim_port as claim_port
from vettura.web.server import serve as serve
