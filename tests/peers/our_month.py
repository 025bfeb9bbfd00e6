"""Our scenes live through the same month as Home Assistant, told in the same lines.

The devices obey by the same table. What Home Assistant itself does in a home, and scenes do not,
is done here: zones count who is there, and the sun says where it stands.
"""

from itertools import count

from peers.apps.obedience import OBEY, obeyed
from peers.our_sun import OurSun
from vettura.bus.messages import Answer
from vettura.bus.messages_home import Called, Cause, DeviceAbout, EntityAbout, HomeEvent, Trace
from vettura.home.scene.engine import Engine
from vettura.home.scene.world import HomePlace, Topic

HELPERS = (
    "input_boolean", "input_number", "input_select", "input_text", "input_datetime",
    "input_button", "counter", "timer", "schedule", "group",
)  # fmt: skip
NS_PER_US = 1_000
NOT_THERE = {"not_home", "unavailable", "unknown"}


class OurMonth:
    """One run; what it says is in `lines`."""

    def __init__(self, scenario, scenes):
        self.scenario = scenario
        self.lines = []
        numbers = count(1)
        self._place = HomePlace(
            timezone=scenario["time_zone"],
            latitude_deg=scenario["latitude"],
            longitude_deg=scenario["longitude"],
            elevation_m=scenario["elevation_m"],
        )
        self.engine = Engine(
            scenes,
            self._place,
            self,
            now_ns=scenario["start_us"] * NS_PER_US,
            new_id=lambda: f"run-{next(numbers)}",
        )
        self._world = self.engine.world
        for device in scenario["devices"]:
            entities = {each: EntityAbout(name=each) for each in device["entities"]}
            about = DeviceAbout(name=device["name"], area=device["area"], entities=entities)
            self.engine.enter(device["id"], about)

    # Of the engine: the devices

    def order(self, order, done):
        """Obey by the table."""
        state = self._world.states.get(order.entity)
        if state is not None and order.action in OBEY:
            new, told = obeyed(OBEY[order.action], state.state, state.attributes, order.data)
            self._set(order.entity, new, told, cause=order.cause)
        answer = self.scenario["answers"].get(order.action, {}).get(order.entity)
        done(Answer(ok=True, state="reached", response=answer))

    def device_of(self, entity_id):
        """Each entity is one."""
        return entity_id

    def knows(self, action):
        """What Home Assistant is told of as well."""
        return action in self.scenario["actions"]

    # Life

    def live(self):
        """Let everything happen, and say what is left."""
        self._begin_zones()
        sun = OurSun(self._world.agenda, self._place, self.scenario["time_zone"], self._shine)
        sun.shine(self._world.now_ns)
        for update in self.scenario["before"]:
            self._do(update)
        self._world.states.hearers.hear_all(self._note_state)
        self.engine.show({})
        self.engine.start()
        for update in self.scenario["happens"]:
            at_ns = update["at_us"] * NS_PER_US
            self._until(at_ns - 1)
            self._world.now_ns = at_ns
            self._do(update)
            self._collect()
        self._until(self.scenario["end_us"] * NS_PER_US - 1)
        for run in self.engine.runner.runs():
            self._say(run.start_ns, run.doable.entity_id, run=run.trigger)
        states = self._world.states.all()
        left = {each.entity_id: each.state for each in states if each.domain in LEFT}
        self.lines.append({"left": dict(sorted(left.items()))})
        return self.lines

    def _until(self, to_ns):
        engine = self.engine
        while (due_ns := engine.next_ns()) is not None and due_ns <= to_ns:
            engine.advance(due_ns)
            self._collect()
        engine.advance(to_ns)

    def _do(self, update):
        if "event" in update:
            self.engine.happen(update["event"], update.get("data", {}), None)
        elif "topic" in update:
            self.engine.hear(Topic(topic=update["topic"], payload=update["payload"]))
        elif "action" in update:
            cause = Cause(id=f"call-{update['at_us']}", who="page")
            self.engine.call(update["action"], update.get("data", {}), cause, lambda answer: None)
        elif update["state"] is None:
            self.engine.remove(update["entity"])
        else:
            entity, attributes = update["entity"], update.get("attributes", {})
            self.engine.update(entity, update["state"], attributes)

    def _set(self, entity, state, attributes, *, cause=None):
        self._world.states.set(entity, state, attributes, time_ns=self._world.now_ns, cause=cause)

    # What is no scene's

    def _shine(self, state, attributes):
        self._say(self._world.now_ns, "", sun=state, attributes=attributes)
        self._set("sun.sun", state, attributes)

    def _begin_zones(self):
        home = {"name": "Home", "radius": 100}
        home |= {key: self.scenario[key] for key in ("latitude", "longitude")}
        self._zones = {
            f"zone.{zone['name'].lower()}": (zone, set())
            for zone in (home, *self.scenario["zones"])
        }
        for entity in self._zones:
            self._show_zone(entity)
        people = [each["entity"] for each in self.scenario["before"]]
        self._world.states.hearers.hear(
            [each for each in people if each.startswith("person.")], self._count
        )

    def _show_zone(self, entity):
        zone, people = self._zones[entity]
        spot = {key: zone[key] for key in ("latitude", "longitude", "radius")}
        attributes = {**spot, "friendly_name": zone["name"], "passive": False}
        self._set(entity, str(len(people)), attributes | {"persons": sorted(people)})

    def _count(self, change):
        for entity, (zone, people) in self._zones.items():
            before = len(people)
            people.discard(change.entity_id)
            if change.new is not None and _is_in(change.new.state, zone["name"]):
                people.add(change.entity_id)
            if len(people) != before:
                self._show_zone(entity)

    # What is said

    def _collect(self):
        for message in self.engine.take():
            if isinstance(message, Called):
                who = _who(message)
                if who == "page":
                    continue
                self._say(
                    message.time_ns,
                    who,
                    action=message.action,
                    data=message.data,
                    entities=sorted(message.entities),
                    ok=message.ok,
                )
            elif isinstance(message, HomeEvent) and message.event_type in self.scenario["events"]:
                if message.cause is not None:
                    who = message.cause.who
                    self._say(message.time_ns, who, event=message.event_type, data=message.data)
            elif isinstance(message, Trace) and message.state != "refused":
                self._say(message.start_ns, message.scene, run=message.trigger)

    def _note_state(self, change):
        old, new = change.old, change.new
        if change.entity_id.split(".")[0] not in HELPERS:
            return
        if not (old and new and old.state == new.state):
            state = new.state if new else None
            self._say(self._world.now_ns, "", entity=change.entity_id, state=state)

    def _say(self, time_ns, who, **what):
        self.lines.append({"at_us": time_ns // NS_PER_US, "who": who} | what)


def _who(message):
    """Home Assistant tells what a script does as done by whoever called it."""
    who = message.cause.who
    return message.cause.chain[-1] if who.startswith("script.") and message.cause.chain else who


LEFT = (*HELPERS, "automation")


def _is_in(state, zone):
    return state not in NOT_THERE and state.casefold() == zone.casefold()
