"""What the home file says about faces, and what every face is told of a car."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vettura.faces.miio_spec import MIIO_PORT, Property

Port = Annotated[int, Meta(ge=0, le=65_535)]
"""0 takes a free one."""


class FaceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all faces' configs have in common: a typing mistake is an error."""


class KuksaConfig(FaceConfig, frozen=True, kw_only=True):
    """`[faces.kuksa]`: the gRPC server that KUKSA and Velocitas clients know, one for each car."""

    host: str = "127.0.0.1"
    port: Port = 55_555
    """Of the first car; each further car takes the next."""
    token_keys: list[str] = []
    """PEM files of public keys; a token signed by one of them is asked for when any is named.
    Without, everyone on this machine may do what an app may; other hosts are then refused."""


class BrokerConfig(FaceConfig, frozen=True, kw_only=True):
    """How to reach an MQTT broker."""

    host: str = ""
    """The household's own broker; empty for the listener of the embedded bus (MQTT 3.1.1)."""
    port: Port = 1883
    protocol: Literal["5", "3.1.1"] = "5"
    username: str = ""
    password_file: str = ""
    """A file that holds the password alone; empty for none."""
    tls: bool = False


class MqttConfig(BrokerConfig, frozen=True, kw_only=True):
    """`[faces.mqtt]`: the broker to speak through; without `host` the house's own bus."""

    root: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$")] = "vettura"
    """First level of the car's topics."""


class HomeAssistantConfig(FaceConfig, frozen=True, kw_only=True):
    """`[faces.homeassistant]`: discovery of the cars through the broker of `[faces.mqtt]`."""

    prefix: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$")] = "homeassistant"
    by_device: bool = False
    """One message for each car (Home Assistant 2024.11 and later) instead of one per entity."""


class DiscoveryConfig(BrokerConfig, frozen=True, kw_only=True):
    """`[faces.discovery]`: devices that others announce to Home Assistant become ours.

    Without `host` the broker is that of `[faces.mqtt]`, or else the house's own bus.
    """

    prefix: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$")] = "homeassistant"
    birth: bool = True
    """Whether to ask all bridges, as Home Assistant does when it starts, to tell their states."""
    max_devices: Annotated[int, Meta(ge=1, le=10_000)] = 500
    max_entities: Annotated[int, Meta(ge=1, le=100_000)] = 5000


class HassConfig(FaceConfig, frozen=True, kw_only=True):
    """`[faces.hass]`: the entities of a running Home Assistant become ours (its WebSocket API)."""

    url: str = "ws://127.0.0.1:8123/api/websocket"
    token_file: str = ""
    """A file that holds a long-lived access token alone."""
    domains: list[str] = []
    """Which entities to take, by domain; empty for all that we know."""


class ObdConfig(FaceConfig, frozen=True, kw_only=True):
    """`[faces.obd]`: an ELM327-compatible port for diagnosis apps, one for each car."""

    host: str = "127.0.0.1"
    port: Port = 35_000


class CanConfig(FaceConfig, frozen=True, kw_only=True):
    """`[faces.can]`: CAN frames and UDS on a python-can interface (extra `obd`)."""

    interface: str = "udp_multicast"
    channel: str = "239.74.163.2"
    port: Port = 43_113
    """Of udp_multicast."""


class MiioDeviceConfig(FaceConfig, frozen=True, kw_only=True):
    """`[[faces.miio.real]]`: a Xiaomi device of the household, to be a device of the home."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,64}$")]
    name: str = ""
    """For people; empty takes the model's name."""
    host: str
    port: Port = MIIO_PORT
    token: str = ""
    """32 hexadecimal digits."""
    token_file: str = ""
    """Instead: a file that holds the token alone."""
    area: str = ""
    model: str = ""
    """Instead of what the device says it is."""
    properties: list[Property] = []
    """Rows as in miio_models.toml, for a model that is not there; instead of the model's."""


class MiioConfig(FaceConfig, frozen=True, kw_only=True):
    """`[faces.miio]`: the home's devices as Xiaomi devices, and Xiaomi's as devices of the home."""

    network: str = "127.54.0.0/24"
    """Each device answers at an address of its own out of these, as clients know one port only."""
    port: Port = MIIO_PORT
    devices: list[str] = []
    """Ids of the devices to play; empty for all that `origins` bring."""
    origins: tuple[str, ...] = ("virtual", "car")
    models: dict[str, str] = {}
    """Which model a device shall play, by its id."""
    poll_s: Annotated[float, Meta(ge=1.0, le=3600.0)] = 10.0
    """How often a real device is asked [real s]."""
    real: list[MiioDeviceConfig] = []


class BleDeviceConfig(FaceConfig, frozen=True, kw_only=True):
    """`[[faces.ble.devices]]`: one Bluetooth device of the household."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,64}$")]
    address: Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$")]
    name: str = ""
    area: str = ""
    bindkey: str = ""
    """Of one that encrypts: 32 hexadecimal digits, 24 for older ones."""
    bindkey_file: str = ""
    """Instead: a file that holds the key alone."""


class BleConfig(FaceConfig, frozen=True, kw_only=True):
    """`[faces.ble]`: Bluetooth advertisements of Xiaomi's sensors (extra `ble`)."""

    source: str
    """A file or pipe that somebody with a radio writes them to, one JSON object a line."""
    devices: list[BleDeviceConfig] = []
    stale_s: Annotated[float, Meta(gt=0.0)] = 900.0
    """A device that is silent for so long is unavailable [real s]; those that only tell what
    happens never are."""


class OcppStationConfig(FaceConfig, frozen=True, kw_only=True):
    """`[[faces.ocpp.stations]]`: a wallbox that may connect, one entry for each connector."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][-_A-Za-z0-9]{0,31}$")]
    """The station of `[[stations]]` that it is, which says what it can give."""
    identity: str = ""
    """What it calls itself at the end of the address; empty: its id."""
    connector: Annotated[int, Meta(ge=1, le=64)] = 1
    """Connector of OCPP 1.6, EVSE of 2.x."""
    password: str = ""
    password_file: str = ""
    """Instead: a file that holds the password alone."""
    certificate_name: str = ""
    """Common name in its certificate; empty: its identity."""
    car: str = ""
    """Vin of the car that is plugged in when nobody says which."""
    energy_unit: Literal["Wh", "kWh"] = "Wh"
    """What its meter means by an energy without a unit."""
    unit: Literal["auto", "A", "W"] = "auto"
    """Of charging profiles; auto asks the station."""


class OcppTokenConfig(FaceConfig, frozen=True, kw_only=True):
    """`[[faces.ocpp.tokens]]`: a card, a key or a contract that may charge."""

    id: Annotated[str, Meta(min_length=1, max_length=255)]
    vin: str = ""
    """The car that comes with it."""


class OcppConfig(FaceConfig, frozen=True, kw_only=True):
    """`[faces.ocpp]`: a central system that wallboxes connect to (OCPP 1.6J, 2.0.1, 2.1)."""

    host: str = "127.0.0.1"
    port: Port = 9000
    security: Annotated[int, Meta(ge=0, le=3)] = 0
    """Security profile of OCPP: 0 none, 1 passwords, 2 passwords over TLS, 3 certificates."""
    open_network: bool = False
    """Whether wallboxes on other machines may come without a password."""
    certificate: str = ""
    """PEM file of our certificate and its chain, for profiles 2 and 3."""
    key: str = ""
    client_ca: str = ""
    """PEM file of who signs the wallboxes' certificates, for profile 3."""
    versions: tuple[Literal["2.1", "2.0.1", "1.6"], ...] = ("2.1", "2.0.1", "1.6")
    """The first that both know is spoken."""
    stations: list[OcppStationConfig] = []
    accept_unknown: bool = False
    """Whether a wallbox that is not named here may come; its identity is its id."""
    stations_max: Annotated[int, Meta(ge=1, le=10_000)] = 100
    tokens: list[OcppTokenConfig] = []
    """Who may charge; none named: everybody."""
    heartbeat_s: Annotated[int, Meta(ge=10, le=86_400)] = 300
    meter_s: Annotated[int, Meta(ge=1, le=3_600)] = 15
    """How often a meter is told while a car charges."""
    strict: bool = False
    """Whether messages are refused for what they can be understood in spite of."""


class OcppPointConfig(FaceConfig, frozen=True, kw_only=True):
    """`[[faces.ocpp_points]]`: a station of the home as a wallbox at somebody's central system."""

    station: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][-_A-Za-z0-9]{0,31}$")]
    """The station of `[[stations]]` behind it."""
    url: str
    """Such as ws://127.0.0.1:9000/ocpp; the identity is added at the end."""
    version: Literal["2.1", "2.0.1", "1.6"] = "1.6"
    identity: str = ""
    """Empty: the station's id."""
    password: str = ""
    password_file: str = ""
    """Instead: a file that holds the password alone."""
    ca: str = ""
    """PEM file of who signs the central system's certificate; empty: whom this machine trusts."""
    certificate: str = ""
    key: str = ""
    """PEM files of our own certificate, where the central system asks for one."""
    token: Annotated[str, Meta(min_length=1, max_length=20)] = "VETTURA"  # noqa: S105
    """The card that charges are begun with."""
    auto_start: bool = True
    """Whether a charge begins with the plug; False: when the central system says so."""
    unit: Literal["A", "W"] = "W"
    """Of charging profiles."""
    meter_s: Annotated[int, Meta(ge=1, le=3_600)] = 60
    vendor: str = "vettura"
    model: str = "virtual"


class FacesConfig(FaceConfig, frozen=True, kw_only=True):
    """`[faces]`: which protocols the house speaks; what is not named is off."""

    kuksa: KuksaConfig | None = None
    mqtt: MqttConfig | None = None
    homeassistant: HomeAssistantConfig | None = None
    discovery: DiscoveryConfig | None = None
    hass: HassConfig | None = None
    obd: ObdConfig | None = None
    can: CanConfig | None = None
    miio: MiioConfig | None = None
    ble: BleConfig | None = None
    ocpp: OcppConfig | None = None
    ocpp_points: list[OcppPointConfig] = []


class HomeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a face is told of the home."""

    id: str
    timezone: str = "UTC"


class CarFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a face is told of a car before it has heard a signal."""

    vin: str
    home: str
    name: str
    """For people, such as 'Xiaomi SU7'."""
    make: str
    model: str
