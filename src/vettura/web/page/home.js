/** The home's view: joins the line, the house, its people, rooms and scenes. */

import { connectBar, showBar, showClock } from "/bar.js";
import { follow, live } from "/live.js";
import { roomsOf, showPeople, showRooms } from "/rooms.js";
import { fitScenery, paintSky } from "/scene.js";
import { showScenes } from "/scenes.js";
import { domainOf, isAlarm, isOn } from "/things.js";
import { byId, kilowatts, mark, number, say, showFacts, SIGNAL, skyWords } from "/words.js";

const SOMEWHERE = { latitude_deg: 45, longitude_deg: 9 };
const panes = [...document.querySelectorAll(".home-house .pane")];
let shownRevision = -1;

function frame() {
  if (live.ready) {
    const now = showClock();
    if (live.revision !== shownRevision) {
      show(now);
      if (shownRevision < 0) performance.mark("first data");
      shownRevision = live.revision;
    }
    const place = live.state.places.find((one) => one.kind === "home") ?? live.state.places[0];
    const { latitude_deg, longitude_deg } = place ?? SOMEWHERE;
    paintSky(now, latitude_deg, longitude_deg, live.state.weather?.condition);
  }
  requestAnimationFrame(frame);
}

/** Bring the view up to what is known. */
function show(now) {
  const { state } = live;
  showBar(state);
  say(byId("home-name"), state.title);
  say(byId("outside"), `${number(state.weather?.ambient_degc)}°`);
  say(byId("sky-words"), skyWords(state.weather?.condition));
  showHouse(state);
  showEnergy(state.energy);
  showPeople(state);
  showRooms(state);
  showScenes(state, now);
}

/** The house in the picture: a window for each room, the garage, and words for the whole. */
function showHouse(state) {
  const rooms = roomsOf(state);
  const lamps = rooms.map(([, things]) => entitiesOf(things, "light"));
  panes.forEach((pane, index) => {
    const here = lamps.filter((_, room) => room % panes.length === index).flat();
    mark(pane, "data-lit", here.some(([entity]) => isOn(entity, state.entities[entity])));
  });
  const things = rooms.flatMap(([, inside]) => inside);
  const covers = entitiesOf(things, "cover");
  const garage = covers.find(([, about]) => about.device_class === "garage");
  const isOpen = garage !== undefined && isOn(garage[0], state.entities[garage[0]]);
  mark(byId("hero"), "data-garage", isOpen);
  const cars = Object.values(state.cars);
  mark(byId("hero"), "data-car", cars.some(isAtHome));
  say(byId("home-status"), statusWords(state, things));
  const count = `${things.length} ${things.length === 1 ? "thing" : "things"}`;
  say(byId("home-facts"), `${state.title} · ${count}`);
}

/** What flows now, with the way to the view that says why. */
function showEnergy({ site }) {
  byId("strip").hidden = !site;
  if (!site) return;
  const named = ([plus, minus], power) => [power < -50 ? minus : plus, Math.abs(power)];
  const shown = [
    ["Sun", site.sun_w ?? 0],
    ["House", site.load_w ?? 0],
    named(["To the car", "From the car"], site.stations_w ?? 0),
    named(["To battery", "From battery"], site.battery_w ?? 0),
    named(["From the grid", "To the grid"], site.grid_w),
  ];
  const has = (words) => !words.endsWith("battery") || Number.isFinite(site.battery_soc);
  const facts = shown.filter(([words]) => has(words));
  showFacts(
    byId("strip-facts"),
    facts.map(([words, power]) => [words, `${kilowatts(power)} kW`]),
  );
}

const isAtHome = (car) => /^home$/i.test(car.signals[SIGNAL.place] ?? "");

const entitiesOf = (things, domain) =>
  things
    .flatMap(([, about]) => Object.entries(about.entities))
    .filter(([entity]) => domainOf(entity) === domain);

/** Who is in, what is on, and whether the doors are locked. */
function statusWords(state, things) {
  const all = things.flatMap(([, about]) => Object.entries(about.entities));
  const alarm = all.find(([entity, about]) => isAlarm(about, state.entities[entity]));
  mark(byId("hero"), "data-alarm", alarm !== undefined);
  if (alarm) return `${alarm[1].name}: ${alarm[1].device_class}!`;
  const isLit = ([entity]) => isOn(entity, state.entities[entity]);
  const lit = all.filter(([entity]) => domainOf(entity) === "light").filter(isLit);
  const locks = all.filter(([entity]) => domainOf(entity) === "lock");
  const open = locks.filter(isLit);
  const lights = lit.length === 1 ? "1 light on" : `${lit.length || "No"} lights on`;
  const doors = open.length ? `${open[0][1].name} unlocked` : "all locked";
  return [inWords(state), lights, locks.length ? doors : ""].filter(Boolean).join(" · ");
}

function inWords(state) {
  const people = Object.entries(state.entities).filter(([entity]) => domainOf(entity) === "person");
  if (people.length === 0) return "";
  const here = people
    .filter(([, shown]) => shown.state === "home")
    .map(([, shown]) => nameOf(shown));
  if (here.length === 0) return "Nobody at home";
  if (here.length === people.length && here.length > 1) return "Everybody at home";
  return `${here.join(" and ")} at home`;
}

const nameOf = (shown) => shown.attributes?.friendly_name ?? "Somebody";

connectBar(() => {});
fitScenery();
window.addEventListener("resize", fitScenery);
follow(() => {});
requestAnimationFrame(frame);
