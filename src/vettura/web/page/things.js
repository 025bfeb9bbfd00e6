/** What things are called, how their states are put into words, and what they look like. */

import { hourMinute, number } from "/words.js";

/** Drawn like the page's other icons: lines in a square of 24. */
export const ICONS = {
  light: `M9 18h6M10 21h4M12 3a6 6 0 0 1 3.6 10.8c-.9.7-1.1 1.4-1.1 2.2h-5
    c0-.8-.2-1.5-1.1-2.2A6 6 0 0 1 12 3Z`,
  switch: "M8 3v5M16 3v5M5.5 8h13v3.5a6.5 6.5 0 0 1-13 0ZM12 18v3",
  climate: "M12 3a2 2 0 0 0-2 2v9.2a4 4 0 1 0 4 0V5a2 2 0 0 0-2-2ZM12 9v8",
  cover: "M4 4h16M5.5 4v16M18.5 4v16M5.5 8.5h13M5.5 13h13",
  lock: "M8 11V8a4 4 0 0 1 8 0v3M5.5 11h13v9h-13Z",
  fan: `M12 10.2c-1.8-3.6-.6-6.7 2.2-6.7 2.7 0 2.2 4.4-.8 6.9
    M13.6 12.9c4-.2 6.1 2.4 4.7 4.8-1.4 2.4-4.9-.3-5.6-4.1
    M10.4 12.9c-2.2 3.4-5.5 3.9-6.9 1.5-1.3-2.4 2.8-4 6.5-2.7`,
  media_player: "M3.5 5h17v11h-17ZM8 20h8M12 16v4",
  vacuum: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8.5h.1M7 15.5c3 2 7 2 10 0",
  binary_sensor: `M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Z
    M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z`,
  door: "M6 21V3.5h12V21M4 21h16M14.5 12h.1",
  motion: "M13 4.5h.1M7 21l3-6 2 2v4M9.5 9.5l3-1.5 2 3.5 3 1M10 15l1.5-7",
  smoke: "M4 10a8 4.5 0 0 1 16 0v3H4ZM8 17v1M12 17v3M16 17v1",
  sensor: "M4 17a9 9 0 1 1 16 0M12 15l4-5",
  temperature: "M12 3a2 2 0 0 0-2 2v9.2a4 4 0 1 0 4 0V5a2 2 0 0 0-2-2ZM12 9v8",
  weight: "M5 7h14l1.5 13h-17ZM9 7a3 3 0 0 1 6 0M12 13l2-2",
  battery: "M4 8h14v8H4ZM20 11v2",
  button: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z",
  event: "M6 17V11a6 6 0 0 1 12 0v6l1.5 1.5h-15ZM10.5 21h3",
  select: "M5 7h14M5 12h14M5 17h9",
  number: "M4 8h10M18 8h2M16 5.5v5M4 16h4M12 16h8M10 13.5v5",
  humidifier: "M12 3.5c3.5 4.5 5.5 7 5.5 10a5.5 5.5 0 0 1-11 0c0-3 2-5.5 5.5-10Z",
  scooter: "M5 17.5a1.5 1.5 0 1 0 0 .1M18 17.5a1.5 1.5 0 1 0 0 .1M7 17.5h8l2.5-12H14",
  device_tracker: `M12 3.5a6 6 0 0 1 6 6c0 4.5-6 11-6 11s-6-6.5-6-11a6 6 0 0 1 6-6Z
    M12 8a1.6 1.6 0 1 0 0 3.2 1.6 1.6 0 0 0 0-3.2Z`,
};
const OF_CLASS = {
  door: "door",
  opening: "door",
  window: "cover",
  garage: "cover",
  garage_door: "door",
  motion: "motion",
  occupancy: "motion",
  smoke: "smoke",
  temperature: "temperature",
  humidity: "humidifier",
  weight: "weight",
  battery: "battery",
};
const OF_DOMAIN = {
  input_boolean: "switch",
  input_number: "number",
  input_select: "select",
  input_button: "button",
  valve: "cover",
  siren: "smoke",
  image: "media_player",
  camera: "media_player",
};

export const domainOf = (entity) => entity.slice(0, entity.indexOf("."));

/** The drawing for an entity of a device. */
export function iconOf(entity, about, model = "") {
  if (/scooter/.test(model)) return ICONS.scooter;
  const domain = domainOf(entity);
  return ICONS[OF_CLASS[about.device_class] ?? OF_DOMAIN[domain] ?? domain] ?? ICONS.sensor;
}

/** Which entity of a device stands for it: the first kind of these that it has. */
const ORDER = [
  "light",
  "climate",
  "cover",
  "lock",
  "vacuum",
  "media_player",
  "fan",
  "humidifier",
  "switch",
  "valve",
  "siren",
  "input_boolean",
  "input_number",
  "input_select",
  "select",
  "number",
  "binary_sensor",
  "sensor",
  "event",
  "button",
  "input_button",
];
function rank(entity, about) {
  const at = ORDER.indexOf(domainOf(entity));
  return (at < 0 ? ORDER.length : at) + (about.device_class === "temperature" ? -0.5 : 0);
}
export const inOrder = (entities) =>
  Object.keys(entities).sort(
    (one, other) =>
      rank(one, entities[one]) - rank(other, entities[other]) || (one < other ? -1 : 1),
  );

/** Words for off and on, by what a binary sensor tells. */
const FLAGS = {
  door: ["Closed", "Open"],
  garage_door: ["Closed", "Open"],
  opening: ["Closed", "Open"],
  window: ["Closed", "Open"],
  motion: ["Quiet", "Movement"],
  occupancy: ["Empty", "Somebody"],
  smoke: ["No smoke", "Smoke!"],
  gas: ["No gas", "Gas!"],
  moisture: ["Dry", "Wet!"],
  plug: ["Unplugged", "Plugged in"],
  battery_charging: ["Not charging", "Charging"],
  lock: ["Locked", "Unlocked"],
  presence: ["Away", "Here"],
};
/** What should catch the eye while it is on. */
const ALARMS = new Set(["smoke", "gas", "moisture", "problem", "safety"]);
const MODES = { heat: "Heating", cool: "Cooling", heat_cool: "Holding", auto: "Automatic" };
const DOING = { heating: "Warming", cooling: "Cooling", idle: "Warm enough", off: "Off" };
const UNKNOWN = { unavailable: "Not reachable", unknown: "Not known" };

export const isAway = (shown) => shown === undefined || shown.state in UNKNOWN;
export const isAlarm = (about, shown) => ALARMS.has(about.device_class) && shown?.state === "on";

/** Whether it lets somebody in. */
export const isUnsafe = (entity, about, shown) =>
  (domainOf(entity) === "lock" || about.device_class === "garage") && isOn(entity, shown);

/** Whether a thing is at work, so that its tile is lit. */
export function isOn(entity, shown) {
  const domain = domainOf(entity);
  const state = shown?.state;
  if (isAway(shown)) return false;
  if (domain === "lock") return state === "unlocked" || state === "open";
  if (domain === "cover" || domain === "valve") return state !== "closed";
  if (domain === "vacuum") return state === "cleaning" || state === "returning";
  if (domain === "climate") return shown.attributes?.hvac_action === "heating" || state === "on";
  if (domain === "media_player") return !["off", "standby", "idle"].includes(state);
  return state === "on" && !["sensor", "select", "input_select"].includes(domain);
}

/** An entity's state as people say it. */
export function stateWords(entity, about, shown) {
  if (shown === undefined) return "…";
  if (shown.state in UNKNOWN) return UNKNOWN[shown.state];
  const { state, attributes = {} } = shown;
  switch (domainOf(entity)) {
    case "light":
      return state === "on" ? percentWords(attributes.brightness) : "Off";
    case "cover":
      return coverWords(state, attributes.current_position);
    case "climate":
      return climateWords(state, attributes);
    case "binary_sensor":
      return (FLAGS[about.device_class] ?? ["Off", "On"])[state === "on" ? 1 : 0];
    case "media_player":
      return joined(spoken(state), attributes.media_title ?? attributes.source);
    case "vacuum":
      return joined(spoken(state), battery(attributes.battery_level));
    case "event":
      return `Last ${timeWords(state)}`;
    case "button":
    case "input_button":
      return "";
    default:
      return valueWords(state, about.unit_of_measurement);
  }
}

const joined = (...words) => words.filter(Boolean).join(" · ");

const percentWords = (brightness) =>
  Number.isFinite(brightness) ? `${Math.max(1, Math.round(brightness / 2.55))} %` : "On";
const battery = (level) => (Number.isFinite(level) ? `${number(level)} %` : "");

function coverWords(state, position) {
  const partly = state === "open" && Number.isFinite(position) && position < 100;
  return partly ? `${number(position)} % open` : spoken(state);
}

function climateWords(state, attributes) {
  const doing = DOING[attributes.hvac_action] ?? MODES[state] ?? spoken(state);
  const inside = attributes.current_temperature;
  return Number.isFinite(inside) ? `${number(inside, 1)} °C · ${doing.toLowerCase()}` : doing;
}

/** A number with its unit, a time of day, or a word. */
export function valueWords(state, unit = "") {
  const value = Number(state);
  if (state !== "" && Number.isFinite(value)) {
    const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 1;
    return unit ? `${number(value, digits)}\u00a0${unit}` : number(value, digits);
  }
  if (/^\d{4}-\d\d-\d\dT/.test(state)) return timeWords(state);
  return spoken(state);
}

function timeWords(text) {
  const at = Date.parse(text);
  return Number.isFinite(at) ? hourMinute(at / 1000) : spoken(text);
}

export const spoken = (word) => {
  const words = String(word).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};
