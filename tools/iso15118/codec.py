"""The library's EXI codec with an ear: every message passes as JSON, in both directions.

The library tells its controllers only part of what the other side says: a car's controller never
learns the set-points and limits of the charge loop. The codec is handed in by us, so it can tell.
"""

from importlib import import_module

from iso15118.shared.exificient_exi_codec import ExificientEXICodec
from iso15118.shared.iexi_codec import IEXICodec

STATES = (
    "iso15118.evcc.states.iso15118_2_states",
    "iso15118.evcc.states.iso15118_20_states",
    "iso15118.evcc.states.sap_states",
    "iso15118.secc.states.iso15118_2_states",
    "iso15118.secc.states.iso15118_20_states",
)


class HearingCodec(IEXICodec):
    """Codes through Java; `hear` is called with each message that arrives, as JSON."""

    def __init__(self, hear):
        self._codec = ExificientEXICodec()
        self._hear = hear

    def encode(self, message, namespace):
        """JSON to EXI."""
        return self._codec.encode(message, namespace)

    def decode(self, stream, namespace):
        """EXI to JSON."""
        message = self._codec.decode(stream, namespace)
        self._hear(message)
        return message

    def get_version(self):
        """Of the Java codec."""
        return self._codec.get_version()

    def close(self):
        """End the Java process."""
        self._codec.gateway.shutdown()


class Longer:
    """The library's time limits, each so many times as long."""

    def __init__(self, limits, factor):
        self._limits = limits
        self._factor = factor

    def __getattr__(self, name):
        return float(getattr(self._limits, name)) * self._factor


def be_patient(factor):
    """Wait that many times as long as the standard says for each answer.

    A loop over DC must be answered within 0.25 s in -2, within 0.5 s in -20: a real controller
    does, Java on a busy machine does not.
    """
    for name in STATES:
        module = import_module(name)
        module.Timeouts = Longer(module.Timeouts, factor)
