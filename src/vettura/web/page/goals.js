/** What each car shall hold and by when, how each station charges: set here, shown as answered. */

import { isBusy, pending } from "/bar.js";
import { live, order } from "/live.js";
import {
  add,
  byId,
  hourMinute,
  kilowatts,
  mark,
  nextCharge,
  number,
  say,
  SIGNAL,
  whenWords,
} from "/words.js";

const NS_PER_S = 1e9;
const MODES = [
  ["plan", "Plan", "when it is cheapest for its goal"],
  ["sun", "Sun", "only what the sun gives beyond the house"],
  ["now", "Now", "at once, at full power"],
  ["off", "Off", "not at all"],
];
const SOURCES = {
  owner: "As you asked",
  trip: "For the next trip",
  calendar: "By your calendar",
  habit: "As the days before",
  needs: "As the car asked",
};
const FIRST_TIME = "07:00";
const TELL_MS = 3000;
let shape = "";
let shows = [];

/** Draw a card for each car and one for the stations, or bring them up to date. */
export function showGoals(state, now) {
  const stations = stationsOf(state);
  const wanted = JSON.stringify([Object.keys(state.cars), stations]);
  if (wanted !== shape) {
    shape = wanted;
    const box = byId("goals");
    box.replaceChildren();
    shows = Object.keys(state.cars).map((vin) => makeGoal(box, vin, state.cars[vin].name));
    if (stations.length) shows.push(makeStations(box, stations));
  }
  for (const show of shows) show(state, now);
}

const stationsOf = (state) =>
  [...new Set([...state.stations, ...Object.keys(state.energy.modes)])].sort();

/** The goal of one car: how full, by when, and never below. */
function makeGoal(box, vin, name) {
  const card = add(box, "section", { class: "card goal", "data-vin": vin });
  add(card, "h2", {}, `${name}: goal`);
  const hint = add(card, "p", { class: "hint" });
  const big = add(add(card, "div", { class: "big" }), "p");
  const share = add(big, "b");
  add(big, "span", {}, "%");
  const by = add(big.parentElement, "p", { class: "range" });
  const byTime = add(by, "b");
  const bySmall = add(by, "small");
  const bar = add(card, "div", { class: "battery" });
  add(bar, "i", { class: "fill" });
  add(bar, "i", { class: "floor-mark" });
  const goal = addRange(bar, `${name}: goal in percent`);
  const now = add(card, "p", { class: "limit-words" });
  const choice = makeChoice(card, name);
  const floor = makeFloor(card, name);
  const answer = add(card, "p", { class: "answer", "aria-live": "polite" });
  const parts = { card, hint, share, byTime, bySmall, bar, goal, now, choice, floor, answer };
  return connectGoal(vin, parts);
}

function addRange(parent, label, kind = "") {
  const range = { type: "range", min: 0, max: 100, step: 1, class: kind, "aria-label": label };
  return add(parent, "input", range);
}

function makeChoice(card, name) {
  const row = add(card, "div", { class: "choice" });
  const pills = add(row, "div", { class: "pills", role: "group" });
  mark(pills, "aria-label", `${name}: what the goal follows`);
  const trips = add(pills, "button", { type: "button" }, "As the trips need");
  const timed = add(pills, "button", { type: "button" }, "By a time");
  const time = add(row, "input", { type: "time", value: FIRST_TIME, required: "" });
  mark(time, "aria-label", `${name}: ready by`);
  return { trips, timed, time };
}

function makeFloor(card, name) {
  const row = add(card, "label", { class: "floor-row" });
  add(row, "span", {}, "Never below");
  const range = addRange(row, `${name}: never below, in percent`, "slide");
  mark(range, "max", 80);
  const words = add(row, "output");
  return { range, words };
}

function connectGoal(vin, parts) {
  const { goal, floor, choice } = parts;
  const wish = { isTimed: null, held: false, asked: "", next: null, before: "", until: 0 };
  const hold = (event, show) => {
    wish.held = true;
    show(Number(event.target.value));
  };
  const send = async (pressed, isTimed) => {
    wish.isTimed = isTimed;
    wish.next = isBusy(`goal ${vin}`) ? pressed : null;
    if (wish.next) return;
    const body = bodyOf(vin, parts, isTimed);
    wish.asked = askedWords(body);
    say(parts.answer, `${wish.asked} Asking…`);
    mark(parts.answer, "data-result", "asking");
    wish.before = JSON.stringify(live.state.energy.goals[vin]);
    const ask = async () => (wish.reply = await order("/api/energy/goal", body));
    await pending(pressed, `goal ${vin}`, ask, "");
    // Somebody who moved on meanwhile is heard now, with all that he has set.
    if (wish.next) return send(wish.next, wish.isTimed);
    wish.held = false;
    // What was accepted is told a moment later; until then the old goal is no news.
    wish.until = wish.reply.ok ? performance.now() + TELL_MS : 0;
    if (!wish.reply.ok) wish.isTimed = null;
    live.revision += 1;
  };
  goal.addEventListener("input", (event) => hold(event, (value) => showShare(parts, value)));
  goal.addEventListener("change", () => send(goal, true));
  floor.range.addEventListener("input", (event) => hold(event, (value) => showFloor(parts, value)));
  floor.range.addEventListener("change", () => send(floor.range, isTimedNow(vin, wish)));
  choice.trips.addEventListener("click", () => send(choice.trips, false));
  choice.timed.addEventListener("click", () => send(choice.timed, true));
  choice.time.addEventListener("change", () => choice.time.value && send(choice.time, true));
  return (state, now) => showGoal(state, now, vin, parts, wish);
}

const isTimedNow = (vin, wish) => wish.isTimed ?? live.state.energy.goals[vin]?.source === "owner";

function bodyOf(vin, { goal, floor, choice }, isTimed) {
  const body = { vin, floor_soc: Number(floor.range.value) / 100 };
  if (isTimed) Object.assign(body, { soc: Number(goal.value) / 100, by: choice.time.value });
  return body;
}

function askedWords({ soc, by, floor_soc }) {
  const aim = soc === undefined ? "as the trips need" : `${number(soc * 100)} % by ${by}`;
  return `Asked: ${aim}, never below ${number(floor_soc * 100)} %.`;
}

/** What the service says holds; while a slider is held or asked about, what the finger says. */
function showGoal(state, now, vin, parts, wish) {
  const told = state.energy.goals[vin];
  const charge = state.cars[vin].signals[SIGNAL.charge];
  const { hint, byTime, bySmall, bar, choice, answer } = parts;
  bar.style.setProperty("--charge", (charge ?? 0) / 100);
  mark(bar, "data-low", told !== undefined && charge < told.floor_soc * 100);
  say(parts.now, `Now ${number(charge)} %`);
  const isTimed = isTimedNow(vin, wish);
  mark(choice.trips, "aria-pressed", told !== undefined && !isTimed);
  mark(choice.timed, "aria-pressed", told !== undefined && isTimed);
  const coming = nextCharge(state.energy, vin, now);
  say(hint, coming ? `By plan it ${coming}` : told ? "By plan it does not charge for now" : "");
  say(byTime, told ? hourMinute(told.by_ns / NS_PER_S) : "–");
  say(bySmall, told ? byWords(told, now) : "no goal told yet");
  const isOld = performance.now() < wish.until && JSON.stringify(told) === wish.before;
  if (!wish.held && !isOld && !isBusy(`goal ${vin}`)) {
    showShare(parts, told ? Math.round(told.soc * 100) : NaN);
    showFloor(parts, told ? Math.round(told.floor_soc * 100) : NaN);
    const isEditing = document.activeElement === choice.time;
    if (told?.source === "owner" && !isEditing) {
      choice.time.value = hourMinute(told.by_ns / NS_PER_S);
    }
  }
  if (!isOld && !isBusy(`goal ${vin}`)) showAnswer(answer, told, wish);
}

function byWords(told, now) {
  const day = whenWords(told.by_ns / NS_PER_S, now).split(", ")[0];
  const early = hourMinute(told.early_ns / NS_PER_S);
  const isSooner = told.early_ns < told.by_ns;
  const shown = day.includes(":") ? "today" : day;
  return [shown, isSooner && `in by ${early}`].filter(Boolean).join(", ");
}

/** A refusal stays until something else is asked; else the goal's own words are the answer. */
function showAnswer(answer, told, { reply, asked }) {
  if (reply && !reply.ok) {
    say(answer, `${asked} Refused: ${reply.reason}`);
    mark(answer, "data-result", "refused");
    return;
  }
  const source = SOURCES[told?.source] ?? told?.source ?? "";
  const text = told?.text ? told.text[0].toUpperCase() + told.text.slice(1) : "";
  const words = told ? [source, text].filter(Boolean).join(". ") : "";
  const isPossible = told?.is_possible !== false;
  const isSaid = /not possible/i.test(words);
  say(answer, isPossible || isSaid ? words : `Not possible. ${text}`);
  mark(answer, "data-result", isPossible ? "reached" : "impossible");
}

function showShare({ goal, share, bar }, value) {
  const isKnown = Number.isFinite(value);
  if (isKnown && Number(goal.value) !== value) goal.value = value;
  say(share, number(value));
  bar.style.setProperty("--limit", isKnown ? value / 100 : 1);
  mark(goal, "aria-valuetext", `${number(value)} percent`);
}

function showFloor({ floor, bar }, value) {
  const isKnown = Number.isFinite(value);
  if (isKnown && Number(floor.range.value) !== value) floor.range.value = value;
  floor.range.style.setProperty("--share", isKnown ? value / 80 : 0);
  bar.style.setProperty("--floor", isKnown ? value / 100 : 0);
  say(floor.words, isKnown ? `${value} %` : "–");
}

/** The stations: what they do now, and the four ways to charge. */
function makeStations(box, stations) {
  const card = add(box, "section", { class: "card stations" });
  add(card, "h2", {}, stations.length === 1 ? "Charging" : "Stations");
  const rows = stations.map((station) => makeStation(card, station, stations.length > 1));
  return (state) => rows.forEach((show) => show(state));
}

function makeStation(card, station, isNamed) {
  const row = add(card, "div", { class: "station", "data-station": station });
  const hint = add(row, "p", { class: "hint" });
  const pills = add(row, "div", { class: "ways", role: "group" });
  mark(pills, "aria-label", `How ${station} charges`);
  const buttons = MODES.map(([mode, words, meaning]) => {
    const button = add(pills, "button", { type: "button", "data-mode": mode });
    add(button, "b", {}, words);
    add(button, "small", {}, meaning);
    button.addEventListener("click", () => {
      const ask = () => order("/api/energy/mode", { station, mode });
      pending(button, `mode ${station}`, ask, `${station} charges ${meaning}`);
    });
    return button;
  });
  return (state) => {
    const told = state.energy.modes[station];
    for (const button of buttons) mark(button, "aria-pressed", button.dataset.mode === told?.mode);
    say(hint, [isNamed && station, stationWords(state, station)].filter(Boolean).join(" · "));
  };
}

function stationWords(state, station) {
  const told = state.energy.needs[station];
  const isAway = state.cars[told?.vin]?.signals[SIGNAL.cable] === false;
  const needs = isAway ? undefined : told;
  const power = state.meters[station]?.power_w ?? 0;
  const who = state.cars[needs?.vin]?.name ?? (needs?.vin || "No car");
  const does =
    power > 50
      ? `takes ${kilowatts(power)} kW`
      : power < -50
        ? `gives ${kilowatts(-power)} kW`
        : "no power flows";
  return needs?.vin || Math.abs(power) > 50 ? `${who} · ${does}` : "No car is plugged in";
}
