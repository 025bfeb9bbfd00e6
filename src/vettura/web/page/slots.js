/** The plan in words: its slots, what falls short, and all of it as a table. */

import { live, nowSeconds } from "/live.js";
import { money, perKwh } from "/money.js";
import {
  add,
  byId,
  hourMinute,
  kilowattHours,
  kilowatts,
  mark,
  number,
  say,
  whenWords,
} from "/words.js";

const NS_PER_S = 1e9;
const QUIET_W = 50;
/** What a plan names when it is the house that cannot do it, not a storage. */
const LIMITS = new Set(["fuse", "import limit", "export limit"]);
const SAME_PER_KWH = 0.0005;
const when = (at) => whenWords(at, nowSeconds());

/** A car's name on this page, or what else the storage is. */
export function storageName(id, kind) {
  const known = live.state.cars[id]?.name;
  if (known) return known;
  return kind === "battery" ? "Home battery" : `${id[0]?.toUpperCase() ?? ""}${id.slice(1)}`;
}

/** How far the plan reaches, what it costs, and when it was made. */
export function planWords(energy, now) {
  const brief = energy.plan;
  if (!brief) return "Prices and forecasts are being gathered; the first plan follows.";
  const made = `made ${whenWords(brief.time_ns / NS_PER_S, now)}`;
  const until = `until ${whenWords(brief.end_ns / NS_PER_S, now)}`;
  return `${until} · ${money(brief.cost, brief.currency)} in all · ${made}`;
}

/** What cannot be kept, and what stands in, each in one plain line. */
export function showWarnings({ plan: brief, modes = {} }) {
  const lines = [];
  for (const one of lastOfEach(brief?.shortfalls ?? [])) lines.push(shortWords(one));
  if (brief?.origin === "rule") {
    lines.push(`A simple rule stands in for the planner: ${brief.note || "it gives no reason"}.`);
  } else if (brief?.note) lines.push(`${brief.note}.`);
  for (const one of Object.values(modes)) if (one.text) lines.push(`${one.station}: ${one.text}.`);
  const list = byId("warnings");
  while (list.children.length > lines.length) list.lastElementChild.remove();
  lines.forEach((words, index) => {
    say(list.children[index] ?? add(list, "li"), words.replace(/\.\.$/, "."));
  });
}

/** A goal may fall short at several times: the last of them says how it ends. */
const lastOfEach = (shortfalls) => [
  ...new Map(shortfalls.map((one) => [one.goal, one])).values(),
];

function shortWords({ goal, by_ns, missing_wh }) {
  const [by, missing] = [when(by_ns / NS_PER_S), `${kilowattHours(missing_wh)} kWh`];
  if (LIMITS.has(goal)) return `Not possible: within the ${goal} until ${by}, ${missing} too much.`;
  const named = Object.entries(live.state.cars).reduce(
    (words, [vin, { name }]) => words.replace(vin, name),
    goal,
  );
  return `Not possible: ${named} by ${by} lacks ${missing}.`;
}

/** A slot in words: when and at what price, then each storage with its reason. */
export function slotLines(plan, index) {
  const at = plan.start_ns / NS_PER_S + index * plan.slot_s;
  const price = `${perKwh(plan.import_per_kwh[index], plan.currency)}/kWh`;
  const [taken, given] = [plan.import_w[index], plan.export_w[index]];
  const grid =
    given > QUIET_W
      ? `${kilowatts(given)} kW to the grid`
      : `${kilowatts(taken)} kW from the grid`;
  const about = [
    `sun ${kilowatts(plan.sun_w[index])} kW`,
    `house ${kilowatts(plan.load_w[index])} kW`,
    grid,
  ];
  const next = plan.marginal_per_kwh[index];
  if (next !== 0 && Math.abs(next - plan.import_per_kwh[index]) > SAME_PER_KWH) {
    about.push(`one more kWh would cost ${perKwh(next, plan.currency)}`);
  }
  const time = `${when(at)}–${hourMinute(at + plan.slot_s)}`;
  const stores = plan.storages.map((one) => storageLine(one, index));
  return [[time, price, about.join(" · ")], ...stores];
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function storageLine(store, index) {
  const text = sentence(store.reasons[store.why[index]]?.text ?? "");
  const percent = number((100 * store.energy_wh[index + 1]) / store.capacity_wh);
  const does = doesWords(store, index);
  const held = store.is_here[index] ? `${does}, then ${percent} %` : does;
  return [storageName(store.id, store.kind), held, text];
}

function doesWords(store, index) {
  const [into, out] = [store.charge_w[index], store.discharge_w[index]];
  if (into > QUIET_W) return `takes ${kilowatts(into)} kW`;
  if (out > QUIET_W) return `gives ${kilowatts(out)} kW`;
  return store.is_here[index] ? "rests" : "is away";
}

/** Every slot as a row, made when somebody opens it. */
export function showTable(plan) {
  const details = byId("plan-table");
  details.hidden = plan === null;
  details.querySelector(".scroller")?.remove();
  if (!plan || !details.open) return;
  const scroller = add(details, "div", { class: "scroller", tabindex: "0", role: "region" });
  mark(scroller, "aria-label", "The plan, slot by slot");
  const table = add(scroller, "table");
  const head = add(add(table, "thead"), "tr");
  const names = plan.storages.map((one) => storageName(one.id, one.kind));
  const columns = ["Time", "Price/kWh", "Sun kW", "House kW", "Grid kW"];
  for (const name of columns) add(head, "th", { scope: "col" }, name);
  for (const name of names) {
    for (const what of ["kW", "%"]) add(head, "th", { scope: "col" }, `${name} ${what}`);
    add(head, "th", { scope: "col", class: "why" }, `${name} why`);
  }
  const body = add(table, "tbody");
  for (let index = 0; index < plan.import_w.length; index += 1) addRow(body, plan, index);
}

function addRow(body, plan, index) {
  const row = add(body, "tr");
  const at = plan.start_ns / NS_PER_S + index * plan.slot_s;
  add(row, "th", { scope: "row" }, when(at));
  const cells = (list) => list.forEach((words) => add(row, "td", {}, words));
  cells([
    perKwh(plan.import_per_kwh[index], plan.currency),
    kilowatts(plan.sun_w[index]),
    kilowatts(plan.load_w[index]),
    kilowatts(plan.import_w[index] - plan.export_w[index]),
  ]);
  for (const store of plan.storages) {
    cells([
      kilowatts(store.charge_w[index] - store.discharge_w[index]),
      number((100 * store.energy_wh[index + 1]) / store.capacity_wh),
    ]);
    add(row, "td", { class: "why" }, sentence(store.reasons[store.why[index]]?.text ?? ""));
  }
}
