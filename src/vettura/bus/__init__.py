"""The bus: its interface, its implementations, and the one table of signals and subjects."""

from vettura.bus.interface import Bucket as Bucket
from vettura.bus.interface import Bus as Bus
from vettura.bus.interface import Entry as Entry
from vettura.bus.interface import Message as Message
from vettura.bus.interface import Stream as Stream
from vettura.bus.interface import StreamMessage as StreamMessage
from vettura.bus.interface import Subscription as Subscription
