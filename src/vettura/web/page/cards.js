/** The cards of one car in words and numbers, and the buttons that ask it for something. */

import { isBusy, pending } from "/bar.js";
import { ask, car, live, nowSeconds } from "/live.js";
import {
  add,
  byId,
  DOORS,
  doorSignal,
  duration,
  hourMinute,
  kilometres,
  kilowatts,
  mark,
  nextCharge,
  number,
  placeName,
  say,
  showFacts,
  SIGNAL,
  windowSignal,
} from "/words.js";

let limitHeld = false;

/** Fill the cards from the car's signals. */
export function showCards(shown, signals) {
  showHero(shown, signals);
  showCharge(signals);
  showCabin(signals);
  showDoors(signals);
  showControls(signals);
}

function showHero(shown, signals) {
  const mode = signals[SIGNAL.mode];
  say(byId("car-name"), shown.name);
  say(byId("status"), statusWords(signals));
  const outside = signals[SIGNAL.outside] ?? live.state.weather?.ambient_degc;
  say(byId("outside"), `${number(outside)}°`);
  const driving = mode === "DRIVING";
  byId("drive").hidden = !driving;
  const odometer = signals[SIGNAL.odometer];
  const driven = odometer && `${Math.round(odometer / 1000).toLocaleString("en-GB")} km driven`;
  say(byId("odometer"), [shown.name, shown.model, driven].filter(Boolean).join(" · "));
  if (!driving) return;
  say(byId("speed"), number(signals[SIGNAL.speed]));
  const progress = signals[SIGNAL.progress] ?? 0;
  const done = signals[SIGNAL.tripDistance] ?? 0;
  say(byId("trip-to"), signals[SIGNAL.destination] || "");
  say(byId("trip-from"), `${kilometres(done, 1)} km`);
  say(
    byId("trip-left"),
    progress > 3 ? `${kilometres((done / progress) * (100 - progress), 1)} km to go` : "",
  );
  const track = byId("drive").querySelector(".track");
  mark(track, "aria-valuenow", Math.round(progress));
  track.firstElementChild.style.setProperty("--share", progress / 100);
}

function statusWords(signals) {
  const place = placeName(live.state.places, signals[SIGNAL.place]);
  const mode = signals[SIGNAL.mode];
  if (mode === undefined) return "Waking up…";
  if (mode === "DRIVING") {
    const destination = placeName(live.state.places, signals[SIGNAL.destination]);
    return destination ? `Driving to ${destination}` : "Driving";
  }
  const where = place ? ` at ${place}` : "";
  if (signals[SIGNAL.charging]) {
    const left = signals[SIGNAL.timeToComplete];
    const limit = number(signals[SIGNAL.limit]);
    return `Charging${where}${left ? ` · ${duration(left)} to\u00a0${limit}\u00a0%` : ""}`;
  }
  const plugged = signals[SIGNAL.cable] ? " · plugged in" : "";
  return `Parked${where}${plugged} · ${allLocked(signals) ? "locked" : "unlocked"}`;
}

function showCharge(signals) {
  const charge = signals[SIGNAL.charge];
  const limit = signals[SIGNAL.limit];
  const charging = signals[SIGNAL.charging] === true;
  say(byId("soc"), number(charge));
  say(byId("range"), kilometres(signals[SIGNAL.range], 0));
  const battery = byId("battery");
  battery.style.setProperty("--charge", (charge ?? 0) / 100);
  mark(battery, "data-charging", charging);
  mark(battery, "data-low", charge < 15);
  if (limit !== undefined && !limitHeld && !isBusy("charge_limit")) showLimit(limit);
  const facts = charging
    ? [
        ["Power", `${kilowatts(signals[SIGNAL.batteryPower])} kW`],
        ["Time left", duration(signals[SIGNAL.timeToComplete])],
        ["Rate", `+${number(signals[SIGNAL.chargeRate])} km/h`],
      ]
    : [
        ["Battery", `${number(signals[SIGNAL.batteryTemperature])} °C`],
        ["Capacity", `${number(signals[SIGNAL.capacity])} kWh`],
        ["Health", `${number(signals[SIGNAL.health])} %`],
      ];
  showFacts(byId("charge-facts"), facts);
  showPlanned();
}

/** What the home's plan means for this car, and the way to it. */
function showPlanned() {
  const { energy } = live.state;
  const goal = energy.goals[live.vin];
  const coming = nextCharge(energy, live.vin, nowSeconds());
  const aim = goal && `${number(goal.soc * 100)}\u00a0% by ${hourMinute(goal.by_ns / 1e9)}`;
  const link = byId("plan-link");
  link.hidden = !aim && !coming;
  const words = [aim, coming].filter(Boolean).join(", ");
  say(link, goal?.is_possible === false ? `Not possible: ${words}` : `Plan: ${words}`);
}

function showLimit(limit) {
  const input = byId("limit");
  if (Number(input.value) !== limit) input.value = limit;
  byId("battery").style.setProperty("--limit", limit / 100);
  say(byId("limit-value"), `${number(limit)} %`);
  mark(input, "aria-valuetext", `${number(limit)} percent`);
}

function showCabin(signals) {
  const inside = signals[SIGNAL.inside];
  const target = signals[SIGNAL.target];
  const on = signals[SIGNAL.climateOn] === true;
  say(byId("inside"), number(inside, 1));
  say(byId("outside-2"), number(signals[SIGNAL.outside] ?? live.state.weather?.ambient_degc));
  say(byId("target"), `${number(target, 1)}°`);
  mark(byId("climate-switch"), "aria-checked", on);
  const power = signals[SIGNAL.climatePower] ?? 0;
  const doing = target >= inside ? "Warming" : "Cooling";
  const near = Math.abs(target - inside) < 0.7;
  say(
    byId("cabin-words"),
    !on
      ? "Climate is off"
      : `${near ? "Holding" : doing}${power > 50 ? ` · ${kilowatts(power)} kW` : ""}`,
  );
}

const allLocked = (signals) =>
  DOORS.every((door) => signals[doorSignal(door, "IsLocked")] !== false);

function showDoors(signals) {
  const open = DOORS.filter((door) => signals[doorSignal(door, "IsOpen")] === true);
  const trunk = signals[SIGNAL.trunkOpen] === true;
  const locked = allLocked(signals);
  const top = document.querySelector(".top-view");
  mark(top, "data-locked", locked);
  for (const leaf of top.querySelectorAll("[data-door]")) {
    mark(
      leaf,
      "data-open",
      leaf.dataset.door === "Trunk" ? trunk : open.includes(leaf.dataset.door),
    );
  }
  const count = open.length + (trunk ? 1 : 0);
  const closed = count === 0 ? "All closed" : `${count} open`;
  const down = DOORS.filter((door) => signals[windowSignal(door)] > 0).length;
  const windows = down === 0 ? "" : ` · ${down} window${down === 1 ? "" : "s"} down`;
  say(byId("doors-words"), `${closed}, ${locked ? "locked" : "unlocked"}${windows}`);
  say(byId("lock-button"), locked ? "Unlock" : "Lock");
}

function showControls(signals) {
  const locked = allLocked(signals);
  const charging = signals[SIGNAL.charging] === true;
  const flapOpen = signals[SIGNAL.flap] === true;
  showControl("lock", { on: locked, words: locked ? "Locked" : "Unlocked" });
  showControl("climate", { on: signals[SIGNAL.climateOn] === true });
  showControl("charge", { on: charging, words: charging ? "Charging" : "Charge" });
  showControl("flap", { on: flapOpen, words: flapOpen ? "Flap open" : "Flap" });
}

function showControl(name, { on, words }) {
  const button = document.querySelector(`[data-do=${name}]`);
  mark(button, "aria-pressed", on);
  if (words) say(button.querySelector("span"), words);
}

/** What each button asks for, given the car's signals: verb, arguments, words when it is done. */
const WISHES = {
  lock: (signals) => (allLocked(signals) ? ["unlock", {}, "Unlocked"] : ["lock", {}, "Locked"]),
  climate: (signals) => {
    const on = signals[SIGNAL.climateOn] !== true;
    return ["climate", { on }, on ? "Climate is on" : "Climate is off"];
  },
  charge: (signals) =>
    signals[SIGNAL.charging] === true
      ? ["charge_stop", {}, "Charging stopped"]
      : ["charge_start", {}, "Charging"],
  flap: (signals) => {
    const open = signals[SIGNAL.flap] !== true;
    return ["flap", { open }, open ? "Flap opened" : "Flap closed"];
  },
  honk: () => ["honk", {}, "Honked"],
  flash: () => ["flash", {}, "Lights flashed"],
};

/** Connect every button of the page to its order. */
export function connectControls() {
  for (const button of document.querySelectorAll("[data-do]")) {
    button.addEventListener("click", () => wish(button, button.dataset.do));
  }
  byId("lock-button").addEventListener("click", (event) => wish(event.currentTarget, "lock"));
  byId("climate-switch").addEventListener("click", (event) => wish(event.currentTarget, "climate"));
  byId("cooler").addEventListener("click", (event) => warmer(event.currentTarget, -0.5));
  byId("warmer").addEventListener("click", (event) => warmer(event.currentTarget, 0.5));
  const limit = byId("limit");
  limit.addEventListener("input", () => {
    limitHeld = true;
    if (limit.value < 20) limit.value = 20;
    showLimit(Number(limit.value));
  });
  limit.addEventListener("change", async () => {
    const soc = Number(limit.value) / 100;
    const sent = send(limit, "charge_limit", { soc }, `Limit set to ${limit.value} %`);
    limitHeld = false;
    await sent;
  });
}

async function wish(button, name) {
  const signals = car()?.signals;
  if (!signals) return;
  const [verb, body, words] = WISHES[name](signals);
  await send(button, verb, body, words);
}

async function warmer(button, step) {
  const signals = car()?.signals ?? {};
  const target = Math.min(30, Math.max(16, (signals[SIGNAL.target] ?? 21) + step));
  await send(
    button,
    "climate",
    { on: signals[SIGNAL.climateOn] === true, target_degc: target },
    "",
  );
}

const send = (button, verb, body, words) => pending(button, verb, () => ask(verb, body), words);
