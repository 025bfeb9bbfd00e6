"""Who may come in: identities, passwords and certificates of wallboxes.

Facts: OCPP-J 1.6, 3.1 (an unknown identity is answered with 404) and the security whitepaper, A00:
profile 1 is HTTP Basic with the identity as its user, 2 the same over TLS, 3 a certificate of the
station whose common name is its own.
"""

import binascii
import hmac
import re
import ssl
from base64 import b64decode
from collections.abc import Sequence
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, final
from urllib.parse import unquote

from vettura.errors import EnvironmentFault, InputError
from vettura.faces.config import OcppConfig, OcppPointConfig, OcppStationConfig

ROOT = "/ocpp/"
_IDENTITY = re.compile(r"[A-Za-z0-9*_\-.:+|@]{1,48}")
_TOKEN = re.compile(r"[^-_A-Za-z0-9]")
CREDENTIALS_MAX = 512
Json: TypeAlias = Any


class Refused(NamedTuple):
    """Why a connection is not let in."""

    status: HTTPStatus
    text: str


@final
class Doors:
    """Knows the stations that may come in, by identity."""

    def __init__(self, config: OcppConfig) -> None:
        self._config = config
        self._passwords: dict[str, str] = {}
        self.stations: dict[str, list[OcppStationConfig]] = {}
        """Connectors by the identity of their station."""
        for station in config.stations:
            identity = station.identity or station.id
            if not _IDENTITY.fullmatch(identity):
                raise InputError(
                    f"faces.ocpp.stations.{station.id}.identity: '{identity}' cannot be one",
                    hint="give 1 to 48 letters, digits and * - _ . : + | @",
                )
            self.stations.setdefault(identity, []).append(station)
            secret = secret_of(station, f"faces.ocpp.stations.{station.id}")
            if secret:
                self._passwords[identity] = secret
        _check(config, self.stations, self._passwords)

    def identity(self, path: str) -> str | Refused:
        """The identity at the end of an address."""
        place = path.partition("?")[0]
        name = unquote(place.removeprefix(ROOT)) if place.startswith(ROOT) else ""
        if not _IDENTITY.fullmatch(name):
            return Refused(HTTPStatus.NOT_FOUND, f"wallboxes connect to {ROOT}<identity>")
        if name not in self.stations and not self._config.accept_unknown:
            return Refused(HTTPStatus.NOT_FOUND, "no such wallbox is known here")
        return name

    def refused(self, identity: str, credentials: str, certificate: Json) -> Refused | None:
        """Why that station is not let in; None when it is."""
        if self._config.security == 3:
            if _common_name(certificate) == self._name(identity):
                return None
            return Refused(HTTPStatus.UNAUTHORIZED, "the certificate is another station's")
        if self._config.security == 0 and identity not in self._passwords:
            return None
        user, password = _basic(credentials)
        wanted = self._passwords.get(identity, "")
        is_right = hmac.compare_digest(password, wanted.encode()) and user == identity.encode()
        if wanted and is_right:
            return None
        return Refused(HTTPStatus.UNAUTHORIZED, "identity and password do not fit")

    def _name(self, identity: str) -> str:
        known = self.stations.get(identity)
        return (known[0].certificate_name if known else "") or identity


def bus_id(identity: str) -> str:
    """What an unknown station is called on the bus."""
    return _TOKEN.sub("-", identity).strip("-_")[:32] or "wallbox"


def secret_of(config: OcppStationConfig | OcppPointConfig, where: str) -> str:
    """A password, from the home file or from a file of its own."""
    if not config.password_file:
        return config.password
    try:
        return Path(config.password_file).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        text = f"{where}.password_file: {config.password_file} cannot be read: {error}"
        raise InputError(text) from None


def server_tls(config: OcppConfig) -> ssl.SSLContext | None:
    """How wallboxes are met with TLS; None for profiles without."""
    if config.security < 2:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_chain(context, config.certificate, config.key, "faces.ocpp")
    if config.security == 3:
        load_roots(context, config.client_ca, "faces.ocpp.client_ca")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def load_chain(context: ssl.SSLContext, certificate: str, key: str, where: str) -> None:
    """Take our own certificate."""
    try:
        context.load_cert_chain(certificate, key or None)
    except (OSError, ssl.SSLError) as error:
        raise EnvironmentFault(
            f"{where}.certificate: '{certificate}' and its key cannot be used: {error}",
            hint="name PEM files in certificate and key",
        ) from None


def load_roots(context: ssl.SSLContext, path: str, where: str) -> None:
    """Trust who has signed the other side's certificate."""
    try:
        context.load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise EnvironmentFault(
            f"{where}: '{path}' cannot be used: {error}", hint="name a PEM file"
        ) from None


def _check(
    config: OcppConfig, stations: dict[str, list[OcppStationConfig]], passwords: dict[str, str]
) -> None:
    _check_unique(config.stations)
    without = sorted(set(stations) - set(passwords))
    if config.security in {1, 2} and without:
        raise InputError(
            f"faces.ocpp.stations: {without[0]} has no password, which security profile "
            f"{config.security} asks for",
            hint="give each a password or password_file of 16 to 40 characters",
        )
    if config.security in {1, 2} and config.accept_unknown:
        raise InputError(
            "faces.ocpp.accept_unknown: who is unknown has no password",
            hint="name the wallbox in [[faces.ocpp.stations]]",
        )
    is_free = config.security == 0 and (without or config.accept_unknown)
    if is_free and not config.open_network and not _is_loopback(config.host):
        raise InputError(
            f"faces.ocpp: host {config.host} lets other machines in without a password",
            hint="give the stations passwords, or say open_network = true in a network you trust",
        )


def _check_unique(stations: Sequence[OcppStationConfig]) -> None:
    ids = [station.id for station in stations]
    places = [(station.identity or station.id, station.connector) for station in stations]
    for index, own_id in enumerate(ids):
        if ids.count(own_id) > 1:
            raise InputError(f"faces.ocpp.stations: '{own_id}' stands twice")
        if places.count(places[index]) > 1:
            identity, connector = places[index]
            raise InputError(
                f"faces.ocpp.stations: connector {connector} of '{identity}' stands twice"
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _basic(credentials: str) -> tuple[bytes, bytes]:
    """User and password of an HTTP Basic header; empty ones for what is none."""
    scheme, _, encoded = credentials[:CREDENTIALS_MAX].partition(" ")
    if scheme.lower() != "basic":
        return b"", b""
    try:
        user, _, password = b64decode(encoded, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b"", b""
    return user, password


def _common_name(certificate: Json) -> str:
    """The subject's common name in what `getpeercert` gives."""
    subject = certificate.get("subject", ()) if isinstance(certificate, dict) else ()
    names = [value for group in subject for key, value in group if key == "commonName"]
    return str(names[0]) if names else ""
