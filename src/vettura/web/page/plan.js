/** The plan: price and sun above, what each storage does and holds below, and why, slot by slot. */

import {
  chartIn,
  drawLevel,
  drawNow,
  drawTime,
  polyline,
  scaleOf,
  stepBand,
  steps,
  stretches,
} from "/chart.js";
import { live, nowSeconds } from "/live.js";
import { perKwh } from "/money.js";
import { planWords, showTable, showWarnings, slotLines, storageName } from "/slots.js";
import { add, byId, hourMinute, kilowatts, mark, number, say } from "/words.js";

const QUIET_W = 50;
/** So much from the grid into storages is worth marking at the price. */
const STORED_W = 200;
const PRICE_TOP = 24;
const PRICE_HEIGHT = 74;
const SUN_HEIGHT = 64;
const STORE_HEIGHT = 132;
const GAP = 30;
const PAGE_HOURS = 3;
const WIDE_PX = 460;
/** The line of now moves in steps of five minutes of the home, about a pixel or two. */
const REDRAW_S = 300;
const NS_PER_S = 1e9;
const box = byId("plan-chart");
let plan = null;
let chart = null;
let cursor = null;
let chosen = null;
let slotShown = -1;

/** Connect what chooses a slot: the pointer, a tap, the keyboard. */
export function connectPlan() {
  const point = (event) => choose(chart?.indexAt(event.clientX - box.getBoundingClientRect().left));
  box.addEventListener("pointermove", point);
  box.addEventListener("pointerdown", point);
  box.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && document.activeElement !== box) choose(null);
  });
  box.addEventListener("keydown", press);
  box.addEventListener("blur", () => choose(null));
  byId("plan-table").addEventListener("toggle", () => showTable(plan));
  new ResizeObserver(() => {
    if (chart && chart.width !== box.clientWidth) drawPlan();
  }).observe(box);
}

/** Take another plan. */
export function takePlan(told) {
  plan = told;
  drawPlan();
  showTable(plan);
}

/** Bring words and the line of now up to the home's time; cheap within a slot. */
export function showPlan(energy, now) {
  showWarnings(energy);
  say(byId("plan-words"), planWords(energy, now));
  if (!plan) return;
  const slot = Math.floor(now / REDRAW_S);
  if (slot === slotShown) return;
  slotShown = slot;
  drawPlan();
}

function press(event) {
  if (!plan) return;
  const count = plan.import_w.length;
  const by = Math.round((PAGE_HOURS * 3600) / plan.slot_s);
  const from = chosen ?? nowIndex();
  const to = {
    ArrowLeft: from - 1,
    ArrowDown: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from + 1,
    PageUp: from + by,
    PageDown: from - by,
    Home: 0,
    End: count - 1,
    Escape: null,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  choose(to);
}

function choose(index) {
  if (!plan || index === undefined) return;
  chosen = index === null ? null : Math.max(0, Math.min(plan.import_w.length - 1, index));
  showSlot();
}

function nowIndex() {
  const index = Math.floor((nowSeconds() - plan.start_ns / NS_PER_S) / plan.slot_s);
  return Math.max(0, Math.min(plan.import_w.length - 1, index));
}

/** Draw everything that does not follow the pointer. */
function drawPlan() {
  if (!plan || box.clientWidth === 0) return;
  const stores = plan.storages;
  const top = PRICE_TOP + PRICE_HEIGHT + GAP + SUN_HEIGHT + GAP;
  chart = chartIn(box, {
    start: plan.start_ns / NS_PER_S,
    slot: plan.slot_s,
    count: plan.import_w.length,
    height: top + stores.length * (STORE_HEIGHT + GAP) - GAP + 6,
  });
  cursor = add(chart.drawing, "rect", { class: "cursor", y: 0, height: chart.height });
  drawTime(chart);
  drawPrice(PRICE_TOP, PRICE_TOP + PRICE_HEIGHT);
  drawSun(PRICE_TOP + PRICE_HEIGHT + GAP, top - GAP);
  stores.forEach((one, index) => {
    const from = top + index * (STORE_HEIGHT + GAP);
    drawStorage(one, from, from + STORE_HEIGHT);
  });
  drawNow(chart, nowSeconds());
  mark(box, "aria-valuemin", 0);
  mark(box, "aria-valuemax", chart.count - 1);
  showSlot();
}

const title = (words, y) =>
  add(chart.drawing, "text", { class: "band-title", x: chart.left + 6, y }, words);

function drawPrice(top, bottom) {
  const prices = plan.import_per_kwh;
  const [low, high] = [Math.min(...prices), Math.max(...prices)];
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  const y = scaleOf(low - room, high + room, bottom, top);
  const short = (price) => perKwh(price, plan.currency).replace(/\.\d(?=\u00a0)/, "");
  const more = chart.width > WIDE_PX ? ", and when it is stored" : "";
  title(`Price of a kWh from the grid${more}`, top - 10);
  drawLevel(chart, y(high), short(high));
  if (high > low) drawLevel(chart, y(low), short(low));
  const line = steps(chart, prices, y);
  add(chart.drawing, "path", {
    class: "price-area",
    d: `${line}V${bottom}H${chart.left}Z`,
  });
  const stored = (index) => plan.storages.reduce((sum, one) => sum + one.charge_w[index], 0);
  const isUsed = (index) => Math.min(plan.import_w[index], stored(index)) > STORED_W;
  for (const [first, end] of stretches(chart.count, isUsed)) {
    const used = steps(chart, prices.slice(first, end), y, first);
    const back = `V${bottom}H${chart.x(first).toFixed(1)}Z`;
    add(chart.drawing, "path", { class: "price-used", d: used + back });
  }
  add(chart.drawing, "path", { class: "price", d: line });
}

function drawSun(top, bottom) {
  const high = Math.max(1000, ...plan.sun_w, ...plan.load_w);
  const y = scaleOf(0, high, bottom, top);
  title("Sun and what the house uses", top - 10);
  drawLevel(chart, y(high), `${kilowatts(high)} kW`);
  drawLevel(chart, y(0), "");
  add(chart.drawing, "path", {
    class: "sun-area",
    d: stepBand(chart, plan.sun_w.map(() => 0), plan.sun_w, y),
  });
  add(chart.drawing, "path", { class: "load", d: steps(chart, plan.load_w, y) });
}

/** Power as bars, up into the storage and down out of it; what it holds as a line below. */
function drawStorage(store, top, bottom) {
  const { drawing } = chart;
  const middle = top + (bottom - top) * 0.46;
  const peak = Math.max(1000, ...store.charge_w, ...store.discharge_w);
  const gives = store.discharge_w.some((power) => power > QUIET_W);
  const zero = gives ? top + (middle - top) * 0.58 : middle;
  const bar = (power) => (power / peak) * ((gives ? 0.58 : 1) * (middle - top));
  const more = chart.width > WIDE_PX ? ": takes and gives, and what it holds" : "";
  title(storageName(store.id, store.kind) + more, top - 10);
  for (const [first, end] of stretches(chart.count, (index) => !store.is_here[index])) {
    const [x, width] = [chart.x(first), chart.x(end) - chart.x(first)];
    const place = { x, width, y: top, height: bottom - top };
    add(drawing, "rect", { class: "away", ...place });
    const words = { class: "away-words", x: x + width / 2, y: top + 14 };
    if (width > 44) add(drawing, "text", words, "away");
  }
  drawLevel(chart, zero, "", "zero");
  drawLevel(chart, zero - bar(peak), `${kilowatts(peak)} kW`, "faint");
  const fits = (power) => Math.min(bar(power), middle - zero);
  for (let index = 0; index < chart.count; index += 1) {
    const [into, out] = [store.charge_w[index], store.discharge_w[index]];
    const x = chart.x(index).toFixed(1);
    const width = Math.max(0.8, chart.x(index + 1) - chart.x(index) - 0.4).toFixed(1);
    if (into > QUIET_W) {
      const size = { y: (zero - bar(into)).toFixed(1), height: bar(into).toFixed(1) };
      add(drawing, "rect", { class: "into", x, width, ...size });
    }
    if (out > QUIET_W) {
      add(drawing, "rect", { class: "out", x, width, y: zero, height: fits(out).toFixed(1) });
    }
  }
  drawHeld(store, middle + 12, bottom);
}

function drawHeld(store, top, bottom) {
  const { drawing } = chart;
  const y = scaleOf(0, store.capacity_wh, bottom, top);
  const line = polyline(chart, store.energy_wh, y);
  drawLevel(chart, y(0), "0 %");
  drawLevel(chart, y(store.capacity_wh), "100 %");
  add(drawing, "path", { class: "held-area", d: `${line}V${bottom}H${chart.left}Z` });
  const goal = live.state.energy.goals[store.id];
  if (goal) {
    const floor = y(goal.floor_soc * store.capacity_wh);
    add(drawing, "path", { class: "floor", d: `M${chart.left} ${floor}H${chart.right}` });
    const words = `floor ${number(goal.floor_soc * 100)} %`;
    add(drawing, "text", { class: "floor-words", x: chart.right, y: floor - 4 }, words);
  }
  add(drawing, "path", { class: "held", d: line });
  if (goal) drawGoal(goal, y(goal.soc * store.capacity_wh), top);
}

function drawGoal(goal, y, top) {
  const { drawing } = chart;
  const x = chart.xAt(goal.by_ns / NS_PER_S);
  if (x < chart.left || x > chart.right) return;
  const early = Math.max(chart.left, chart.xAt(goal.early_ns / NS_PER_S));
  const pole = `M${x} ${y}V${top - 4}M${early} ${y}H${x}`;
  add(drawing, "path", { class: "goal", d: pole, "data-possible": goal.is_possible !== false });
  add(drawing, "circle", { class: "goal-dot", cx: x, cy: y, r: 4.5 });
  const isLate = x > chart.right - 120;
  const place = { x: x + (isLate ? -8 : 8), y: y - 9, "text-anchor": isLate ? "end" : "start" };
  const words = `${number(goal.soc * 100)} % by ${hourMinute(goal.by_ns / NS_PER_S)}`;
  add(drawing, "text", { class: "goal-words", ...place }, words);
}

/** Show the slot under the cursor, or the present one: when, at what price, who does what, why. */
function showSlot() {
  const index = chosen ?? nowIndex();
  mark(cursor, "x", chart.x(index).toFixed(1));
  mark(cursor, "width", Math.max(2, chart.x(index + 1) - chart.x(index)).toFixed(1));
  mark(cursor, "data-chosen", chosen !== null);
  const lines = slotLines(plan, index);
  const words = byId("slot-words");
  while (words.children.length > lines.length) words.lastElementChild.remove();
  lines.forEach(([head, text, detail], at) => {
    const row = words.children[at] ?? addLine(words);
    say(row.children[0], head);
    say(row.children[1], text);
    say(row.children[2], detail);
  });
  mark(box, "aria-valuenow", index);
  mark(box, "aria-valuetext", lines.map((line) => line.filter(Boolean).join(", ")).join(". "));
}

function addLine(words) {
  const row = add(words, "p");
  for (const tag of ["b", "span", "small"]) add(row, tag);
  return row;
}
