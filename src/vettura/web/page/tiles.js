/** One thing of a room: what it is, how it is, and what can be pressed. */

import { isBusy, pending } from "/bar.js";
import { askEntity } from "/live.js";
import {
  domainOf,
  iconOf,
  inOrder,
  isAlarm,
  isAway,
  isOn,
  isUnsafe,
  spoken,
  stateWords,
} from "/things.js";
import { add, mark, number, say } from "/words.js";

const FACTS_MAX = 3;
const SWITCHED = new Set([
  "light",
  "switch",
  "fan",
  "humidifier",
  "media_player",
  "siren",
  "input_boolean",
]);
/** Buttons of what moves or locks: the action, what it says, and when it makes sense. */
const PRESSED = {
  cover: [
    ["cover.open_cover", "Open", (state) => state !== "open" && state !== "opening"],
    ["cover.stop_cover", "Stop", (state) => state === "opening" || state === "closing"],
    ["cover.close_cover", "Close", (state) => state !== "closed" && state !== "closing"],
  ],
  lock: [
    ["lock.lock", "Lock", (state) => state === "unlocked"],
    ["lock.unlock", "Unlock", (state) => state === "locked"],
  ],
  vacuum: [
    ["vacuum.start", "Clean", (state) => state !== "cleaning"],
    ["vacuum.return_to_base", "Home", (state) => state !== "docked" && state !== "returning"],
  ],
  button: [["button.press", "Press", () => true]],
  input_button: [["input_button.press", "Press", () => true]],
};

/** Make the tile of a device; `update` brings it up to what is known. */
export function makeTile(list, about) {
  const [entity, ...others] = inOrder(about.entities);
  const told = about.entities[entity];
  const tile = add(list, "li", { class: "tile", "data-entity": entity });
  const icon = add(tile, "span", { class: "tile-icon", "aria-hidden": "true" });
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  icon.append(drawing);
  add(drawing, "path", { d: iconOf(entity, told, about.model) });
  const words = add(tile, "p", { class: "tile-words" });
  add(words, "b", {}, about.name === about.name.toLowerCase() ? spoken(about.name) : about.name);
  const state = add(words, "small");
  const controls = add(tile, "div", { class: "tile-controls" });
  const thing = { tile, entity, told, about, state, facts: factsOf(others, about) };
  thing.parts = [...makeControls(controls, thing), ...makeSlider(tile, thing)];
  return { update: (entities) => update(thing, entities) };
}

/** Further entities that say something worth a word beside the state. */
function factsOf(entities, about) {
  const telling = entities.filter((one) => ["sensor", "binary_sensor"].includes(domainOf(one)));
  return telling.slice(0, FACTS_MAX).map((one) => [one, about.entities[one]]);
}

function update(thing, entities) {
  const shown = entities[thing.entity];
  mark(thing.tile, "data-on", isOn(thing.entity, shown));
  mark(thing.tile, "data-alarm", isAlarm(thing.told, shown));
  mark(thing.tile, "data-unsafe", isUnsafe(thing.entity, thing.told, shown));
  const more = thing.facts
    .filter(([entity]) => !isAway(entities[entity]))
    .map(([entity, about]) => stateWords(entity, about, entities[entity]));
  // What it has not told yet is no word when there are others.
  const silent = shown?.state === "unknown" && more.length > 0;
  mark(thing.tile, "data-away", isAway(shown) && !silent);
  const words = [silent ? "" : stateWords(thing.entity, thing.told, shown), ...more];
  say(thing.state, words.filter(Boolean).join(" · "));
  for (const part of thing.parts) part(shown);
}

const can = (thing, action) => thing.told.actions?.includes(action);

function wish(button, thing, action, data = {}) {
  return pending(button, thing.entity, () => askEntity(thing.entity, action, data), "");
}

function makeControls(box, thing) {
  const domain = domainOf(thing.entity);
  if (SWITCHED.has(domain) && can(thing, `${domain}.turn_on`)) return [makeSwitch(box, thing)];
  if (domain === "climate") return makeStepper(box, thing);
  if (PRESSED[domain]) return PRESSED[domain].flatMap((row) => makeButton(box, thing, row));
  if (domain.endsWith("select")) return makeSelect(box, thing);
  return [];
}

function makeSwitch(box, thing) {
  const domain = domainOf(thing.entity);
  const button = add(box, "button", {
    type: "button",
    role: "switch",
    class: "toggle",
    "aria-label": thing.about.name,
    "aria-checked": "false",
  });
  add(button, "i");
  button.addEventListener("click", () => {
    const turn = button.getAttribute("aria-checked") === "true" ? "off" : "on";
    wish(button, thing, `${domain}.turn_${turn}`);
  });
  return (shown) => {
    mark(button, "aria-checked", isOn(thing.entity, shown));
    button.disabled = isAway(shown);
  };
}

function makeButton(box, thing, [action, words, makesSense]) {
  if (!can(thing, action)) return [];
  const button = add(box, "button", { type: "button", class: "chip" }, words);
  mark(button, "aria-label", `${words} ${thing.about.name}`);
  button.addEventListener("click", () => wish(button, thing, action));
  return [
    (shown) => {
      button.hidden = isAway(shown) ? false : !makesSense(shown.state);
      button.disabled = isAway(shown);
    },
  ];
}

/** Half a degree cooler or warmer, with what is wished in between. */
function makeStepper(box, thing) {
  if (!can(thing, "climate.set_temperature")) return [];
  const stepper = add(box, "div", { class: "mini-stepper", role: "group" });
  mark(stepper, "aria-label", `${thing.about.name} target`);
  let target = NaN;
  const step = (words, sign, by) => {
    const button = add(stepper, "button", { type: "button", "aria-label": words }, sign);
    button.addEventListener("click", () => {
      if (!Number.isFinite(target)) return;
      wish(button, thing, "climate.set_temperature", { temperature: target + by });
    });
  };
  step(`${thing.about.name}: half a degree cooler`, "−", -0.5);
  const output = add(stepper, "output");
  step(`${thing.about.name}: half a degree warmer`, "+", 0.5);
  return [
    (shown) => {
      target = Number(shown?.attributes?.temperature ?? NaN);
      say(output, Number.isFinite(target) ? `${number(target, 1)}°` : "–");
    },
  ];
}

function makeSelect(box, thing) {
  const options = thing.told.options ?? [];
  const domain = domainOf(thing.entity);
  if (options.length === 0 || !can(thing, `${domain}.select_option`)) return [];
  const select = add(box, "select", { "aria-label": thing.about.name });
  for (const option of options) add(select, "option", { value: option }, spoken(option));
  select.addEventListener("change", () =>
    wish(select, thing, `${domain}.select_option`, { option: select.value }),
  );
  return [
    (shown) => {
      if (!isBusy(thing.entity) && shown) select.value = shown.state;
    },
  ];
}

/** How bright, how far open, how fast: the range, what it reads, and the action that sets it. */
function sliderOf(thing) {
  const domain = domainOf(thing.entity);
  if (domain === "light" && can(thing, "light.turn_on")) {
    return {
      what: "brightness",
      range: [1, 100, 1],
      read: (shown) => (shown.attributes?.brightness ?? NaN) / 2.55,
      action: "light.turn_on",
      data: (value) => ({ brightness: Math.round(value * 2.55) }),
      only: (shown) => shown.state === "on" && Number.isFinite(shown.attributes?.brightness),
    };
  }
  if (domain === "cover" && can(thing, "cover.set_cover_position")) {
    return {
      what: "position",
      range: [0, 100, 1],
      read: (shown) => shown.attributes?.current_position ?? NaN,
      action: "cover.set_cover_position",
      data: (value) => ({ position: value }),
      only: (shown) => Number.isFinite(shown.attributes?.current_position),
    };
  }
  if (domain === "fan" && can(thing, "fan.set_percentage")) {
    return {
      what: "speed",
      range: [1, 100, 1],
      read: (shown) => shown.attributes?.percentage ?? NaN,
      action: "fan.set_percentage",
      data: (value) => ({ percentage: value }),
      only: (shown) => shown.state === "on" && Number.isFinite(shown.attributes?.percentage),
    };
  }
  if (domain.endsWith("number") && can(thing, `${domain}.set_value`)) {
    const { min = 0, max = 100, step = 1 } = thing.told;
    return {
      what: "value",
      range: [min, max, step],
      read: (shown) => Number(shown.state),
      action: `${domain}.set_value`,
      data: (value) => ({ value }),
      only: (shown) => Number.isFinite(Number(shown.state)),
    };
  }
  return null;
}

function makeSlider(tile, thing) {
  const slider = sliderOf(thing);
  if (!slider) return [];
  const [min, max, step] = slider.range;
  const input = add(tile, "input", { type: "range", class: "slide", min, max, step });
  mark(input, "aria-label", `${thing.about.name} ${slider.what}`);
  let held = false;
  const fill = () =>
    input.style.setProperty("--share", (Number(input.value) - min) / (max - min || 1));
  input.addEventListener("input", () => {
    held = true;
    fill();
  });
  input.addEventListener("change", async () => {
    const sent = wish(input, thing, slider.action, slider.data(Number(input.value)));
    held = false;
    await sent;
  });
  return [
    (shown) => {
      input.hidden = isAway(shown) || !slider.only(shown);
      if (input.hidden || held || isBusy(thing.entity)) return;
      const value = String(Math.round(slider.read(shown) / step) * step);
      if (input.value !== value) input.value = value;
      fill();
    },
  ];
}
