/** The rooms of the home, the things in them, and the people of the household. */

import { makeTile } from "/tiles.js";
import { domainOf, isAlarm, isAway, isOn, spoken, valueWords } from "/things.js";
import { add, byId, hourMinute, mark, say, showFacts } from "/words.js";

/** Kinds of entities that are no things of a room. */
const ELSEWHERE = new Set(["person", "zone", "sun", "weather", "automation", "script", "scene"]);
const NOT_ROOMS = new Set(["person", "car", "scenes"]);
const LOOSE = "Around the house";
const INPUTS = "Inputs";
const LAST = [LOOSE, INPUTS];
let shape = "";
let shownRooms = [];

/** The slugs of the household's people, such as giulia. */
export const peopleOf = (state) =>
  Object.keys(state.entities)
    .filter((entity) => domainOf(entity) === "person")
    .map((entity) => entity.slice("person.".length));

/** Whether an entity's id has a person's name in it. */
export const isOf = (entity, slug) =>
  `_${entity.slice(entity.indexOf(".") + 1)}_`.includes(`_${slug}_`);

/** Things by room, in the order of the rooms' names; what is carried about is its owner's. */
export function roomsOf(state) {
  const people = peopleOf(state);
  const rooms = new Map();
  for (const [id, about] of Object.entries(state.devices)) {
    const entities = Object.keys(about.entities);
    const isThing = entities.some((entity) => !ELSEWHERE.has(domainOf(entity)));
    const owned = !about.area && people.some((slug) => entities.some((one) => isOf(one, slug)));
    if (NOT_ROOMS.has(about.origin) || !isThing || owned) continue;
    const room = about.area || LOOSE;
    rooms.set(room, [...(rooms.get(room) ?? []), [id, about]]);
  }
  const inputs = inputsOf(state);
  if (inputs.length) rooms.set(INPUTS, inputs);
  const place = (room) => `${LAST.indexOf(room) + 1} ${room.toLowerCase()}`;
  return [...rooms].sort(([one], [other]) => (place(one) < place(other) ? -1 : 1));
}

/** What scenes ask people: each input as a thing of its own. */
const inputsOf = (state) =>
  Object.values(state.devices)
    .filter((about) => about.origin === "scenes")
    .flatMap((about) => Object.entries(about.entities))
    .filter(([entity]) => domainOf(entity).startsWith("input_"))
    .map(([entity, about]) => [entity, { name: about.name, entities: { [entity]: about } }]);

/** Draw the rooms anew when there are others, else bring their tiles up to date. */
export function showRooms(state) {
  const rooms = roomsOf(state);
  const wanted = JSON.stringify(rooms);
  if (wanted !== shape) {
    shape = wanted;
    const box = byId("rooms");
    box.replaceChildren();
    shownRooms = rooms.map(([room, things]) => makeRoom(box, room, things));
  }
  for (const room of shownRooms) room(state.entities);
}

function makeRoom(box, room, things) {
  const card = add(box, "section", { class: "card room", "data-room": room });
  add(card, "h2", {}, room.charAt(0).toUpperCase() + room.slice(1));
  const hint = add(card, "p", { class: "hint" });
  const list = add(card, "ul", { class: "tiles" });
  const tiles = [...things].sort(([, one], [, other]) => (one.name < other.name ? -1 : 1));
  const made = tiles.map(([, about]) => makeTile(list, about));
  return (entities) => {
    say(hint, roomWords(things, entities));
    for (const tile of made) tile.update(entities);
  };
}

/** What one wants to know of a room at a glance. */
function roomWords(things, entities) {
  const all = things.flatMap(([, about]) => Object.entries(about.entities));
  const alarm = all.find(([entity, about]) => isAlarm(about, entities[entity]));
  if (alarm) return `${alarm[1].device_class} alarm`;
  const lamps = all.filter(([entity]) => domainOf(entity) === "light");
  const lit = lamps.filter(([entity]) => isOn(entity, entities[entity]));
  return [warmth(all, entities), lit.length ? `${lit.length} on` : ""].filter(Boolean).join(" · ");
}

function warmth(all, entities) {
  for (const [entity, about] of all) {
    const shown = entities[entity];
    const inside = shown?.attributes?.current_temperature;
    if (Number.isFinite(inside)) return valueWords(inside, "°C");
    const degrees = Number(shown?.state);
    if (about.device_class === "temperature" && shown && Number.isFinite(degrees)) {
      return valueWords(degrees, "°C");
    }
  }
  return "";
}

/** What somebody carries tells of them: the end of an entity's id, and what it is called. */
const FACTS = [
  ["_steps", "Steps"],
  ["_heart_rate", "Heart"],
  ["_battery_level", "Phone"],
];
let shownPeople = "";
let cards = [];

/** Draw or bring up to date everybody of the household. */
export function showPeople(state) {
  const people = Object.keys(state.entities)
    .filter((entity) => entity.startsWith("person."))
    .sort();
  const wanted = people.join(" ");
  if (wanted !== shownPeople) {
    shownPeople = wanted;
    const box = byId("people");
    box.replaceChildren();
    box.hidden = people.length === 0;
    cards = people.map((entity) => makeCard(box, entity));
  }
  for (const show of cards) show(state);
}

function makeCard(box, entity) {
  const card = add(box, "article", { class: "card person", "data-person": entity });
  const face = add(card, "span", { class: "face", "aria-hidden": "true" });
  const words = add(card, "div", { class: "person-words" });
  const name = add(words, "h2");
  const where = add(words, "p", { class: "hint" });
  const facts = add(card, "dl", { class: "facts" });
  return (state) => {
    const person = state.entities[entity];
    if (!person) return;
    const told = gathered(state, entity.slice("person.".length));
    const called = person.attributes?.friendly_name ?? spoken(entity.slice(7));
    say(name, called);
    say(face, called.charAt(0));
    mark(card, "data-home", person.state === "home");
    mark(card, "data-asleep", told.asleep);
    say(where, whereWords(person, told));
    showFacts(facts, told.facts);
  };
}

/** What bands, watches and phones tell of somebody. */
function gathered(state, slug) {
  const theirs = Object.keys(state.entities).filter((entity) => isOf(entity, slug));
  const told = (end) => {
    const entity = theirs.find((one) => one.endsWith(end) && !isAway(state.entities[one]));
    return entity && [state.entities[entity], aboutOf(state, entity)];
  };
  const facts = FACTS.map(([end, words]) => [words, told(end)])
    .filter(([, found]) => found)
    .map(([words, [shown, about]]) => [words, factWords(shown, about?.unit_of_measurement)]);
  return {
    asleep: told("_asleep")?.[0].state === "on",
    room: told("_room")?.[0].state ?? "",
    facts,
  };
}

const factWords = (shown, unit) => valueWords(shown.state, unit === "steps" ? "" : unit);

const aboutOf = (state, entity) =>
  Object.values(state.devices).find((about) => about.entities[entity])?.entities[entity];

function whereWords(person, { asleep, room }) {
  const since = hourMinute(person.changed_ns / 1e9);
  if (person.state === "not_home") return `Away since ${since}`;
  if (person.state !== "home") return `At ${spoken(person.state)} since ${since}`;
  const inside = room && room !== "not_home" ? `, ${room.replaceAll("_", " ")}` : "";
  return asleep ? "Asleep at home" : `At home${inside}`;
}
