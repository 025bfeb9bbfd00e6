/** Names of signals, and how quantities are put into words for people. */

const BATTERY = "Vehicle.Powertrain.TractionBattery";
const PORT = `${BATTERY}.Charging.ChargingPort.AnyPosition`;
const OURS = "Vehicle.Private.Vettura";
const HVAC = "Vehicle.Cabin.HVAC";

/** The VSS paths that the page reads, by what they mean here. */
export const SIGNAL = {
  mode: `${OURS}.Mode`,
  place: `${OURS}.Place`,
  destination: `${OURS}.Destination`,
  progress: `${OURS}.TripProgress`,
  wheelPower: `${OURS}.WheelPower`,
  climatePower: `${OURS}.ClimatePower`,
  auxiliaryPower: `${OURS}.AuxiliaryPower`,
  wallPower: `${OURS}.WallPower`,
  speed: "Vehicle.Speed",
  odometer: "Vehicle.TraveledDistance",
  tripDistance: "Vehicle.TraveledDistanceSinceStart",
  lowBeam: "Vehicle.Body.Lights.Beam.Low.IsOn",
  brake: "Vehicle.Body.Lights.Brake.IsActive",
  hazard: "Vehicle.Body.Lights.Hazard.IsSignaling",
  horn: "Vehicle.Body.Horn.IsActive",
  trunkOpen: "Vehicle.Body.Trunk.Rear.IsOpen",
  trunkLocked: "Vehicle.Body.Trunk.Rear.IsLocked",
  inside: `${HVAC}.AmbientAirTemperature`,
  climateOn: `${HVAC}.IsAirConditioningActive`,
  target: `${HVAC}.Station.Row1.Driver.Temperature`,
  outside: "Vehicle.Exterior.AirTemperature",
  latitude: "Vehicle.CurrentLocation.Latitude",
  longitude: "Vehicle.CurrentLocation.Longitude",
  heading: "Vehicle.CurrentLocation.Heading",
  charge: `${BATTERY}.StateOfCharge.Displayed`,
  energy: `${BATTERY}.StateOfCharge.CurrentEnergy`,
  capacity: `${BATTERY}.NetCapacity`,
  range: `${BATTERY}.Range`,
  health: `${BATTERY}.StateOfHealth`,
  batteryTemperature: `${BATTERY}.Temperature.Average`,
  batteryPower: `${BATTERY}.CurrentPower`,
  charging: `${BATTERY}.Charging.IsCharging`,
  limit: `${BATTERY}.Charging.ChargeLimit`,
  timeToComplete: `${BATTERY}.Charging.TimeToComplete`,
  chargeRate: `${BATTERY}.Charging.ChargeRate`,
  cable: `${PORT}.IsChargingCableConnected`,
  flap: `${PORT}.IsFlapOpen`,
};

export const DOORS = [
  "Row1.DriverSide",
  "Row1.PassengerSide",
  "Row2.DriverSide",
  "Row2.PassengerSide",
];
export const doorSignal = (door, what) => `Vehicle.Cabin.Door.${door}.${what}`;

export const windowSignal = (door) => doorSignal(door, "Window.Position");

const SKY_WORDS = {
  sunny: "Sunny",
  "clear-night": "Clear",
  cloudy: "Cloudy",
  partlycloudy: "Partly cloudy",
  rainy: "Rain",
  pouring: "Heavy rain",
  snowy: "Snow",
  fog: "Fog",
  windy: "Windy",
};
export const skyWords = (condition) => SKY_WORDS[condition] ?? condition ?? "";

/** Whether the car's word for a place means this one; cars write names in small letters. */
export const isPlace = (place, word) => place.name.toLowerCase() === word?.toLowerCase();

/** A place's name as the household writes it. */
export function placeName(places, word) {
  const known = places.find((place) => isPlace(place, word))?.name ?? word ?? "";
  return known && known[0].toUpperCase() + known.slice(1);
}

const VERBS = {
  climate: "Climate",
  drive: "Drive",
  plug: "Cable in",
  unplug: "Cable out",
  offer: "Power offered",
  precondition: "Ready at",
  wake: "Wake",
  fault: "Fault",
  claim: "Taken over",
  release: "Handed back",
  honk: "Horn",
  flash: "Hazard lights",
};

/** Owners' words for what is told most: the last part of a path, what it is, off and on. */
const KNOWN = {
  IsFlapOpen: ["Charge flap", "shut", "open"],
  IsLocked: ["Doors", "unlocked", "locked"],
  IsAirConditioningActive: ["Climate", "off", "on"],
  IsChargingCableLocked: ["Cable", "released", "latched"],
  IsSignaling: ["Hazard lights", "off", "on"],
  StartStopCharging: ["Charging"],
  ChargeLimit: ["Charge limit, %"],
  CurrentLimit: ["Charge current, A"],
  Temperature: ["Cabin target, °C"],
  IsAwake: ["Computers", "asleep", "awake"],
};

const PEOPLE = {
  page: "This page",
  cli: "Command line",
  household: "Household",
  wallbox: "Wallbox",
  homeassistant: "Home Assistant",
  mqtt: "MQTT",
  kuksa: "KUKSA",
};

/** Parts of a path that say nothing to an owner. */
const SILENT = new Set([
  "Vehicle",
  "Private",
  "Vettura",
  "Powertrain",
  "TractionBattery",
  "Body",
  "AnyPosition",
  "Station",
  "Driver",
]);

/** Who told the car something, as an owner knows them. */
export function whoWords(who) {
  const [face, subject] = who.split(/:(.*)/s);
  const name = PEOPLE[face] ?? face ?? "";
  return subject ? `${name}, ${subject}` : name;
}

/** What was told and the value wished, such as "Charge flap · open". */
export const toldWords = ({ what, value }) =>
  [whatWords(what), valueWords(what, value)].filter(Boolean).join(" · ");

/** "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position" as "Driver side window position". */
function whatWords(what) {
  if (!what.includes(".")) return VERBS[what] ?? what;
  const last = what.slice(what.lastIndexOf(".") + 1);
  if (KNOWN[last]) return KNOWN[last][0];
  const parts = what.split(".").filter((part) => !SILENT.has(part));
  const spoken = parts.slice(-3).map(spaced).join(" ").toLowerCase();
  return spoken.charAt(0).toUpperCase() + spoken.slice(1);
}

const spaced = (part) =>
  part.replace(/^Is(?=[A-Z])/, "").replace(/([a-z])(?=[A-Z0-9])/g, "$1 ");

function valueWords(what, json) {
  if (!json) return "";
  const [, off, on] = KNOWN[what.slice(what.lastIndexOf(".") + 1)] ?? ["", "no", "yes"];
  try {
    const value = JSON.parse(json);
    if (value === true) return on;
    if (value === false) return off;
    if (typeof value === "string") return value.toLowerCase();
    if (typeof value !== "object") return String(value);
  } catch {
    /* Not JSON: nothing to show. */
  }
  return "";
}

const NONE = "–";

/** A number with that many digits after the point; a dash for what is not known. */
export function number(value, digits = 0) {
  if (typeof value !== "number" || !Number.isFinite(value)) return NONE;
  const shown = value.toFixed(digits);
  return (Number(shown) === 0 ? shown.replace("-", "") : shown).replace("-", "−");
}

/** Watts as kilowatts: one digit below 100 kW. */
export const kilowatts = (watts) => number(watts / 1000, Math.abs(watts) < 99_950 ? 1 : 0);

/** Watt-hours as kilowatt-hours: one digit below 100 kWh. */
export const kilowattHours = kilowatts;

export const kilometres = (metres, digits) =>
  number(metres / 1000, digits ?? (Math.abs(metres) < 99_950 ? 1 : 0));

/** Seconds as "1 h 34 min". */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return NONE;
  const minutes = Math.max(1, Math.round(seconds / 60));
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes}\u00a0min`;
  return minutes % 60 === 0 ? `${hours}\u00a0h` : `${hours}\u00a0h ${minutes % 60}\u00a0min`;
}

let timezone = "UTC";
let clockFormat;
let dateFormat;
let dayFormat;

/** Set where the home is, so that its wall clock is shown, not the viewer's. */
export function setTimezone(name) {
  timezone = name;
  clockFormat = formatFor({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  dateFormat = formatFor({ weekday: "short", day: "numeric", month: "short" });
  dayFormat = formatFor({ year: "numeric", month: "2-digit", day: "2-digit" });
}

function formatFor(options) {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: timezone });
  } catch {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  }
}

setTimezone("UTC");
export const timezoneName = () => timezone;
export const hourMinute = (seconds) => clockFormat.format(seconds * 1000);
export const dateWords = (seconds) => dateFormat.format(seconds * 1000);
/** A text that is the same for two instants of one day at home. */
export const dayOf = (seconds) => dayFormat.format(seconds * 1000);

/** "07:00", or "Wed 11 Mar, 07:00" on another day than now. */
export const whenWords = (at, now) =>
  dayOf(at) === dayOf(now)
    ? hourMinute(at)
    : `${dateWords(at).replace(",", "")}, ${hourMinute(at)}`;

const SOON_S = 20 * 3600;

/** When the plan charges that car next, such as "charges 20 kWh from 01:30"; empty for never. */
export function nextCharge(energy, vin, now) {
  const store = energy.plan?.storages.find((one) => one.id === vin);
  const next = store?.stretches.find((one) => one.energy_wh > 0 && one.end_ns / 1e9 > now);
  if (!next) return "";
  const [from, until] = [next.start_ns / 1e9, next.end_ns / 1e9];
  const when = (at) => (at - now < SOON_S ? hourMinute(at) : whenWords(at, now));
  return from <= now
    ? `charges until ${when(until)}`
    : `charges ${kilowattHours(next.energy_wh)}\u00a0kWh from ${when(from)}`;
}

export const byId = (id) => document.getElementById(id);

/** Put text into an element, touching the page only when it differs. */
export function say(element, text) {
  const words = String(text);
  if (element.textContent !== words) element.textContent = words;
}

/** Set an attribute, touching the page only when it differs. */
export function mark(element, name, value) {
  const words = String(value);
  if (element.getAttribute(name) !== words) element.setAttribute(name, words);
}

/** Make an element, in SVG when the parent is one, with attributes and optionally text. */
export function add(parent, tag, attributes = {}, text = "") {
  const space = parent.namespaceURI;
  const element = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}

/** A short list of names and values. */
export function showFacts(list, facts) {
  while (list.children.length > facts.length) list.lastElementChild.remove();
  facts.forEach(([name, value], index) => {
    const item = list.children[index] ?? add(list, "div");
    if (!item.firstChild) {
      add(item, "dt");
      add(item, "dd");
    }
    say(item.firstChild, name);
    say(item.lastChild, value);
  });
}

/** Whether this viewer asked for little motion. */
const motion = window.matchMedia("(prefers-reduced-motion: reduce)");
export const isCalm = () => motion.matches;
