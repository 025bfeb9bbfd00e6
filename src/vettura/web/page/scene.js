/** The hero: sky by the sun, weather, the moving world, and the car's pose. */

import { byId, isCalm, mark, SIGNAL } from "/words.js";

const hero = byId("hero");
const scenery = hero.querySelector(".scenery");
const part = (name) => hero.querySelector(`.${name}`);
const layers = [...scenery.querySelectorAll("[data-depth]")].map((element) => ({
  element,
  depth: Number(element.dataset.depth),
}));
const wheels = [...hero.querySelectorAll(".wheels .spin")];
const current = part("current");
const LAYER_WIDTH = 1600;
const WHEEL_RADIUS_M = 0.36;
const UNITS_PER_M = 60;

/** Colours by the sun's elevation [degrees], in the order of NAMES. */
const SKIES = [
  [-14, ["#050b18", "#0b1830", "#1b2f4a", "#0f2031", "#0a1722", "#0a1318", "#12191d"]],
  [-6, ["#0e1a38", "#2c3a66", "#a0677a", "#26304a", "#161f31", "#141c22", "#1b2328"]],
  [0, ["#2d4773", "#9a7f9a", "#f6b283", "#665a70", "#3b3f4c", "#353a3a", "#32373a"]],
  [7, ["#7fb6dc", "#bfdcea", "#fbe3c4", "#93a9b0", "#6f8a80", "#7d917c", "#5b6367"]],
  [22, ["#8ccbf0", "#bfe3f5", "#eef7f8", "#a5c0c6", "#7fa08f", "#93ad8b", "#666f73"]],
];
const GREY = ["#8f9da6", "#b3bfc5", "#d4dbde", "#9aa7ac", "#7d8b88", "#8b978c", "#5d6569"];
const SNOW = ["#a9b6bf", "#c6d0d6", "#e6ebee", "#c9d3d8", "#dbe3e6", "#eef2f4", "#8d979c"];
const NAMES = ["top", "middle", "low", "far", "near", "verge", "road"];
const OVERCAST = {
  cloudy: 0.55,
  partlycloudy: 0.2,
  rainy: 0.85,
  pouring: 0.95,
  snowy: 0.8,
  fog: 0.8,
};

let travelled = 0;
let speed = 0;
let pulse = 0;
let lookKey = "";

/** Show the sky of that instant and place. Cheap when nothing visible changed. */
export function paintSky(seconds, latitude, longitude, condition) {
  const sun = sunAt(seconds, latitude, longitude);
  const grey = OVERCAST[condition] ?? 0;
  const key = `${sun.elevation.toFixed(1)} ${sun.azimuth.toFixed(0)} ${condition}`;
  if (key === lookKey) return;
  lookKey = key;
  const night = clamp((4 - sun.elevation) / 14);
  const colours = coloursAt(sun.elevation).map((colour, index) => {
    const cover = (condition === "snowy" ? SNOW : GREY)[index];
    return mix(colour, mix(cover, "#0b1118", night * 0.86), grey);
  });
  NAMES.forEach((name, index) => hero.style.setProperty(`--${name}`, colours[index]));
  hero.style.setProperty("--night", night.toFixed(3));
  hero.style.setProperty("--stars", ((1 - grey) * clamp((-4 - sun.elevation) / 8)).toFixed(2));
  hero.style.setProperty("--clear", (1 - grey).toFixed(2));
  hero.style.setProperty("--clouds", (0.25 + 0.6 * grey).toFixed(2));
  mark(hero, "data-ink", luminance(mix(colours[0], colours[1], 0.35)) > 0.19 ? "dark" : "light");
  mark(hero, "data-sky", condition ?? "");
  mark(hero, "data-night", night > 0.5);
  placeSun(sun);
}

/** Take the pose of the car from its signals. */
export function pose(signals) {
  const charging = signals[SIGNAL.charging] === true;
  const inside = signals[SIGNAL.inside] ?? 20;
  const heating = (signals[SIGNAL.target] ?? 21) >= inside - 0.3;
  speed = (signals[SIGNAL.speed] ?? 0) / 3.6;
  mark(hero, "data-mode", signals[SIGNAL.mode] ?? "PARKED");
  mark(hero, "data-home", /home/i.test(signals[SIGNAL.place] ?? ""));
  mark(hero, "data-lights", signals[SIGNAL.lowBeam] === true);
  mark(hero, "data-brake", (signals[SIGNAL.brake] ?? "INACTIVE") !== "INACTIVE");
  mark(hero, "data-hazard", signals[SIGNAL.hazard] === true);
  mark(hero, "data-horn", signals[SIGNAL.horn] === true);
  mark(hero, "data-cable", signals[SIGNAL.cable] === true);
  mark(hero, "data-flap", signals[SIGNAL.flap] === true || signals[SIGNAL.cable] === true);
  mark(hero, "data-charging", charging);
  mark(hero, "data-locked", signals["Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"] !== false);
  mark(hero, "data-climate", signals[SIGNAL.climateOn] ? (heating ? "heat" : "cool") : "off");
}

let shownSpeed = 0;

/** Move the world and the wheels by `elapsed` seconds of the viewer. */
export function move(elapsed) {
  const calm = isCalm();
  shownSpeed += (speed - shownSpeed) * Math.min(1, elapsed * 3);
  if (Math.abs(shownSpeed) > 0.05 && !calm) {
    travelled += shownSpeed * elapsed;
    const angle = ((travelled / WHEEL_RADIUS_M) * 57.29578) % 360;
    for (const wheel of wheels) wheel.setAttribute("transform", `rotate(${angle.toFixed(1)})`);
    for (const { element, depth } of layers) {
      const wrap = depth === 1 ? 200 : LAYER_WIDTH;
      const offset = (travelled * UNITS_PER_M * depth * 0.25) % wrap;
      element.setAttribute("transform", `translate(${(-offset).toFixed(1)} 0)`);
    }
  }
  if (hero.dataset.charging === "true" && !calm) {
    pulse = (pulse + elapsed * 60) % 1000;
    current.setAttribute("stroke-dashoffset", (-pulse).toFixed(1));
  }
}

/** On a narrow page the house stays in view. */
export function fitScenery() {
  mark(
    scenery,
    "preserveAspectRatio",
    hero.clientWidth < 700 ? "xMinYMax slice" : "xMidYMax slice",
  );
}

function placeSun({ elevation, azimuth }) {
  const across = clamp((azimuth - 70) / 220);
  const height = 330 - clamp(elevation / 62) * 290;
  const sun = part("sun");
  sun.setAttribute(
    "transform",
    `translate(${(120 + across * 1360).toFixed(0)} ${height.toFixed(0)})`,
  );
  sun.style.opacity = clamp((elevation + 5) / 4);
  const moon = part("moon");
  moon.setAttribute(
    "transform",
    hero.clientWidth < 700 ? "translate(250 196)" : "translate(1130 104)",
  );
  moon.style.opacity = clamp((-4 - elevation) / 6);
}

/** Elevation and azimuth of the sun [degrees], within about half a degree (NOAA, low precision). */
function sunAt(seconds, latitude, longitude) {
  const rad = Math.PI / 180;
  const days = seconds / 86400 - 10957.5;
  const mean = (357.528 + 0.9856003 * days) * rad;
  const ecliptic =
    (280.46 + 0.9856474 * days + 1.915 * Math.sin(mean) + 0.02 * Math.sin(2 * mean)) * rad;
  const tilt = 23.439 * rad;
  const declination = Math.asin(Math.sin(tilt) * Math.sin(ecliptic));
  const ascension = Math.atan2(Math.cos(tilt) * Math.sin(ecliptic), Math.cos(ecliptic));
  const sidereal = (280.46062 + 360.98564737 * days + longitude) * rad;
  const hour = sidereal - ascension;
  const phi = latitude * rad;
  const elevation = Math.asin(
    Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(hour),
  );
  const azimuth = Math.atan2(
    -Math.sin(hour),
    Math.tan(declination) * Math.cos(phi) - Math.sin(phi) * Math.cos(hour),
  );
  return { elevation: elevation / rad, azimuth: (azimuth / rad + 360) % 360 };
}

function coloursAt(elevation) {
  if (elevation <= SKIES[0][0]) return SKIES[0][1];
  for (let index = 1; index < SKIES.length; index += 1) {
    const [above, colours] = SKIES[index];
    const [below, before] = SKIES[index - 1];
    if (elevation > above) continue;
    const share = (elevation - below) / (above - below);
    return colours.map((colour, which) => mix(before[which], colour, share));
  }
  return SKIES.at(-1)[1];
}

const clamp = (value) => Math.min(1, Math.max(0, value));
const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

function mix(one, other, share) {
  const second = channels(other);
  return `#${channels(one)
    .map((value, index) => Math.round(value + (second[index] - value) * share))
    .map((value) => value.toString(16).padStart(2, "0"))
    .join("")}`;
}

function luminance(colour) {
  const [r, g, b] = channels(colour).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
