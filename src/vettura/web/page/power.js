/** Where power goes in the home: a picture of it, lines that run with it, and words for it. */

import { add, byId, isCalm, kilowatts, mark, number, say, SIGNAL } from "/words.js";

const QUIET_W = 50;
const SCENERY = { width: 1600, height: 520, ground: 105 };
const NARROW = 940;
/** In the order in which they are read out. */
const NAMES = { sun: "Sun", house: "House", car: "Car", battery: "Battery", grid: "Grid" };
const hero = byId("hero");
const lines = {};
const chips = {};
let size = "";
let there = "";

/** Make lines and labels once; numbers, places and dots follow. */
export function drawPower() {
  for (const name of ["grid", "sun", "battery", "car"]) {
    const group = add(byId("streams"), "g", { class: "line", "data-of": name });
    const rail = add(group, "path", { class: "rail" });
    const stream = add(group, "path", { class: "stream" });
    const arrow = add(group, "path", { class: "arrow", d: "M-5 -6L4 0L-5 6" });
    lines[name] = { group, rail, stream, arrow, power: 0, at: 0 };
  }
  for (const [name, words] of Object.entries(NAMES)) {
    const chip = add(byId("powers"), "li", { "data-of": name });
    add(chip, "span", {}, words);
    chips[name] = { chip, power: add(chip, "b"), doing: add(chip, "small") };
  }
  new ResizeObserver(place).observe(hero);
}

/** Take what flows; null before anything was measured. */
export function showPower(energy, cars) {
  const site = energy.site;
  const plugged = Object.values(cars).some((one) => one.signals[SIGNAL.cable] === true);
  const atHome = Object.values(cars).some(isAtHome);
  const stores = energy.plan?.storages ?? [];
  const has = {
    grid: true,
    house: true,
    sun: (site?.sun_wh ?? 0) > 0 || (site?.sun_w ?? 0) > 0,
    battery: Number.isFinite(site?.battery_soc) || stores.some((one) => one.kind === "battery"),
    car: atHome || Math.abs(site?.stations_w ?? 0) > QUIET_W,
  };
  const shown = JSON.stringify(has);
  if (shown !== there) {
    there = shown;
    for (const name of ["sun", "battery", "car"]) mark(hero, `data-has-${name}`, has[name]);
    // The car's place decides where its line goes.
    size = "";
    place();
  }
  mark(hero, "data-cable", plugged && atHome);
  const soc = site?.battery_soc ?? 0;
  mark(byId("art-level"), "height", (56 * soc).toFixed(1));
  mark(byId("art-level"), "y", (-16 - 56 * soc).toFixed(1));
  const watts = wattsOf(site);
  for (const [name, line] of Object.entries(lines)) showLine(line, has[name] ? watts[name] : 0);
  const doing = doingOf(watts, site, atHome && !plugged);
  say(chips.car.chip.firstElementChild, Object.keys(cars).length > 1 ? "Cars" : "Car");
  for (const [name, { chip, power, doing: words }] of Object.entries(chips)) {
    chip.hidden = !has[name];
    mark(chip, "data-live", Math.abs(watts[name]) > QUIET_W);
    say(power, site ? `${kilowatts(Math.abs(watts[name]))} kW` : "–");
    say(words, site ? doing[name] : "not measured");
  }
  say(byId("power-words"), sentence(watts, has, site));
}

const isAtHome = (car) => /^home$/i.test(car.signals[SIGNAL.place] ?? "");

const wattsOf = (site) => ({
  grid: site?.grid_w ?? 0,
  sun: site?.sun_w ?? 0,
  house: site?.load_w ?? 0,
  battery: site?.battery_w ?? 0,
  car: site?.stations_w ?? 0,
});

/** What each does with its power, so that no colour or motion is needed to know. */
function doingOf(watts, site, unplugged) {
  const word = (power, into, out, still) =>
    power > QUIET_W ? into : power < -QUIET_W ? out : still;
  const full = `${number((site?.battery_soc ?? NaN) * 100)} %`;
  return {
    grid: word(watts.grid, "taken ↦", "↤ delivered", "balanced"),
    sun: word(watts.sun, "↧ made", "", "dark"),
    house: "used",
    battery: word(watts.battery, `↦ filling, ${full}`, `↤ giving, ${full}`, `resting, ${full}`),
    car: word(
      watts.car,
      "↦ charging",
      "↤ feeds the house",
      unplugged ? "not plugged in" : "resting",
    ),
  };
}

/** The picture in words, for those who do not see it. */
function sentence(watts, has, site) {
  if (!site) return "Nothing has been measured yet.";
  const kw = (power) => `${kilowatts(Math.abs(power))} kilowatts`;
  const does = (power) => (power < -QUIET_W ? "gives" : "takes");
  const parts = [
    has.sun && `The sun gives ${kw(watts.sun)}`,
    `the house uses ${kw(watts.house)}`,
    has.car && `the car ${does(watts.car)} ${kw(watts.car)}`,
    has.battery && `the battery ${does(watts.battery)} ${kw(watts.battery)}`,
    `${kw(watts.grid)} ${watts.grid < -QUIET_W ? "go to" : "come from"} the grid`,
  ].filter(Boolean);
  const said = parts.join(", ");
  return `${said[0].toUpperCase()}${said.slice(1)}.`;
}

function showLine(line, power) {
  line.power = power;
  const flows = Math.abs(power) > QUIET_W;
  mark(line.group, "data-flows", flows);
  const width = (3 + Math.min(5, Math.abs(power) / 2200)).toFixed(1);
  mark(line.stream, "stroke-width", width);
  turn(line);
}

/** Put house, pole, battery, lines and labels where this width has room for them. */
function place() {
  const { clientWidth: width, clientHeight: height } = hero;
  if (width === 0 || size === `${width} ${height}`) return;
  size = `${width} ${height}`;
  const scale = Math.max(width / SCENERY.width, height / SCENERY.height);
  const ground = height - SCENERY.ground * scale;
  const spots = width < NARROW ? narrow(width, height, ground) : wide(width, height, ground);
  for (const [name, [x, y, by]] of Object.entries(spots.art)) {
    mark(byId(`art-${name}`), "transform", `translate(${x} ${y}) scale(${by.toFixed(3)})`);
  }
  for (const [name, path] of Object.entries(spots.lines)) {
    mark(lines[name].rail, "d", path);
    mark(lines[name].stream, "d", path);
    turn(lines[name]);
  }
  for (const [name, [x, y]] of Object.entries(spots.chips)) {
    chips[name].chip.style.left = `${x.toFixed(0)}px`;
    chips[name].chip.style.top = `${y.toFixed(0)}px`;
  }
}

function wide(width, height, ground) {
  const by = height / 455;
  const at = { pole: width * 0.18, house: width * 0.455 };
  const store = at.house + 250 * by;
  const roof = at.house - 40 * by;
  const wire = ground - 60 * by;
  const [left, long] = carPlace();
  const plug = [left + long * 0.04, ground + 12];
  return {
    art: {
      grid: [at.pole, ground + 4, by * 1.08],
      house: [at.house, ground + 6, by],
      battery: [store, ground + 6, by],
    },
    lines: {
      grid: `M${at.pole + 40 * by} ${ground - 186 * by}Q${(at.pole + at.house) / 2 - 90 * by}
        ${ground - 104 * by} ${at.house - 202 * by} ${ground - 108 * by}`,
      sun: `M${roof} ${ground - 168 * by}V${ground - 76 * by}`,
      battery: `M${at.house + 202 * by} ${wire}H${store - 25 * by}`,
      car: `M${at.house + 188 * by} ${ground - 4}V${ground + 6}Q${at.house + 188 * by}
        ${plug[1]} ${at.house + 200 * by} ${plug[1]}H${plug[0]}`,
    },
    chips: {
      grid: [at.pole, ground - 44 * by],
      sun: [at.house + 40 * by, ground - 262 * by],
      house: [at.house - 40 * by, ground - 42 * by],
      battery: [store + 16 * by, ground - 132 * by],
      car: [left + long * 0.56, ground - 132 * by],
    },
  };
}

/** Where the car begins, and how long it is. */
function carPlace() {
  const drawn = hero.querySelector("svg.car").getBoundingClientRect();
  const { left, width } = hero.getBoundingClientRect();
  return drawn.width ? [drawn.left - left, drawn.width] : [width * 0.68, width * 0.3];
}

function narrow(width, height, ground) {
  const by = Math.min(0.74, width / 620);
  const at = { pole: width * 0.1, house: width * 0.49 };
  const store = at.house + 232 * by;
  const roof = [at.house - 30 * by, ground - 168 * by];
  const panel = [at.house + 200 * by, ground - 44 * by];
  const [left, long] = carPlace();
  const plug = [left + long * 0.035, height - 0.32 * long * 0.92];
  const isPhone = width < 560;
  return {
    art: {
      grid: [at.pole, ground + 4, by * 1.1],
      house: [at.house, ground + 4, by],
      battery: [store, ground + 4, by],
    },
    lines: {
      grid: `M${at.pole + 42 * by} ${ground - 192 * by}Q${at.pole + 60 * by}
        ${ground - 108 * by} ${at.house - 200 * by} ${ground - 100 * by}`,
      sun: `M${roof[0]} ${roof[1]}V${ground - 84 * by}`,
      battery: `M${panel[0]} ${panel[1]}H${store - 26 * by}`,
      car: `M${plug[0]} ${ground - 2}V${plug[1]}`,
    },
    chips: {
      grid: [Math.max(54, at.pole), ground - (isPhone ? 262 : 42) * by],
      sun: isPhone
        ? [at.house + 14 * by, ground - 176 * by - 66]
        : [at.house + 20 * by, ground - 262 * by],
      house: [at.house - 30 * by, ground - 40 * by],
      battery: [Math.min(width - 58, store + 30), ground - (isPhone ? 176 : 150) * by],
      car: [70, height - 40],
    },
  };
}

/** The arrow in the middle of a line points where power goes. */
function turn({ stream, arrow, power }) {
  const length = stream.getAttribute("d") ? stream.getTotalLength() : 0;
  if (length === 0) return;
  const [before, at, after] = [-1, 0, 1].map((by) => stream.getPointAtLength(length / 2 + by));
  const angle = (Math.atan2(after.y - before.y, after.x - before.x) * 180) / Math.PI;
  const turned = angle + (power < 0 ? 180 : 0);
  const spot = `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)}) rotate(${turned.toFixed(1)})`;
  mark(arrow, "transform", spot);
}

/** Move the dots by `elapsed` seconds: faster with more power, towards where it goes. */
export function movePower(elapsed) {
  if (isCalm()) return;
  for (const line of Object.values(lines)) {
    if (Math.abs(line.power) <= QUIET_W) continue;
    const pace = 10 + 9 * Math.log2(1 + Math.abs(line.power) / 500);
    line.at = (line.at - Math.sign(line.power) * pace * elapsed) % 1200;
    line.stream.setAttribute("stroke-dashoffset", line.at.toFixed(1));
  }
}
