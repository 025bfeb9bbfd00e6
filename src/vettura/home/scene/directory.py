"""What devices there are, and which of them an entity belongs to."""

from collections.abc import Iterable, Mapping
from typing import final

from vettura.bus.messages_home import DeviceAbout, EntityAbout
from vettura.words.slugs import slug_of


@final
class Directory:
    """The devices of a home by id, as they have told about themselves."""

    def __init__(self) -> None:
        self._devices: dict[str, DeviceAbout] = {}
        self._owner: dict[str, str] = {}
        self._services: dict[str, str] = {}

    def devices(self) -> Mapping[str, DeviceAbout]:
        """By device id."""
        return self._devices

    def enter(self, device: str, about: DeviceAbout) -> list[str]:
        """Take what a device says of itself; returns its entities that are gone now."""
        before = self._devices.get(device)
        if about.entities or about.services:
            self._devices[device] = about
        else:
            self._devices.pop(device, None)
        gone = []
        for entity_id in before.entities if before else ():
            if entity_id not in about.entities and self._owner.get(entity_id) == device:
                del self._owner[entity_id]
                gone.append(entity_id)
        for entity_id in about.entities:
            self._owner.setdefault(entity_id, device)
        self._services = {
            service: name for name, each in self._devices.items() for service in each.services
        }
        return gone

    def owner(self, entity_id: str) -> str | None:
        """The device of an entity; None when no device has told of it."""
        return self._owner.get(entity_id)

    def about(self, entity_id: str) -> EntityAbout | None:
        """What an entity is."""
        device = self._owner.get(entity_id)
        return None if device is None else self._devices[device].entities.get(entity_id)

    def service(self, action: str) -> str | None:
        """The device that offers an action which aims at no entity."""
        return self._services.get(action)

    def knows_action(self, action: str) -> bool:
        """Whether some entity can be asked for that."""
        return any(
            action in entity.actions
            for device in self._devices.values()
            for entity in device.entities.values()
        )

    def of_devices(self, devices: Iterable[str]) -> list[str]:
        """The entities of these devices, by id or name."""
        wanted = set(devices)
        if not wanted:
            return []
        return [
            entity_id
            for device, about in self._devices.items()
            if device in wanted or about.name in wanted
            for entity_id in about.entities
        ]

    def of_areas(self, areas: Iterable[str]) -> list[str]:
        """The entities in these areas, by id or name."""
        wanted = {slug_of(area) for area in areas}
        if not wanted:
            return []
        return [
            entity_id
            for about in self._devices.values()
            if about.area and slug_of(about.area) in wanted
            for entity_id in about.entities
        ]
