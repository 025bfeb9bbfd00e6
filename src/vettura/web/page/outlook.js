/** What energy will cost, and what sun and house will do, with how sure anybody is. */

import { chartIn, drawLevel, drawNow, drawTime, scaleOf, stepBand, steps } from "/chart.js";
import { nowSeconds } from "/live.js";
import { perKwh } from "/money.js";
import { add, byId, hourMinute, kilowatts, say, whenWords } from "/words.js";

const HEIGHT = 150;
const TOP = 14;
const NS_PER_S = 1e9;
let outlook = null;
let minuteShown = -1;

/** Draw anew whenever the cards change their width. */
export function connectOutlook() {
  new ResizeObserver(drawOutlook).observe(byId("prices-chart"));
}

/** Take other prices and forecasts. */
export function takeOutlook(told) {
  outlook = told;
  drawOutlook();
}

/** Move the line of now, once a quarter of an hour. */
export function showOutlook(now) {
  const minute = Math.floor(now / 900);
  if (minute === minuteShown || !outlook) return;
  minuteShown = minute;
  drawOutlook();
}

function drawOutlook() {
  if (!outlook || byId("prices-chart").clientWidth === 0) return;
  drawPrices(outlook.prices);
  drawForecasts(outlook.forecasts);
}

function drawPrices(prices) {
  if (!prices) return say(byId("prices-words"), "No prices have been told yet");
  const { import_per_kwh: paid, low_per_kwh: low, high_per_kwh: high, currency } = prices;
  say(byId("prices-words"), priceWords(prices));
  const all = [...paid, ...low, ...high, ...prices.export_per_kwh];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const chart = chartOf("prices-chart", prices, paid.length);
  const room = (most - least || Math.abs(most) || 1) * 0.08;
  const y = scaleOf(least - room, most + room, HEIGHT, TOP);
  const short = (price) => perKwh(price, currency).replace(/\.\d(?=\u00a0)/, "");
  for (const price of new Set([Math.max(...paid), Math.min(...paid)])) {
    drawLevel(chart, y(price), short(price));
  }
  if (low.length && high.length) {
    add(chart.drawing, "path", { class: "band price-band", d: stepBand(chart, low, high, y) });
  }
  drawTime(chart);
  add(chart.drawing, "path", { class: "sold", d: steps(chart, prices.export_per_kwh, y) });
  const { known } = prices;
  if (known > 0) {
    add(chart.drawing, "path", { class: "price", d: steps(chart, paid.slice(0, known), y) });
  }
  if (known < paid.length) {
    const expected = steps(chart, paid.slice(known), y, known);
    add(chart.drawing, "path", { class: "price expected", d: expected });
  }
  drawNow(chart, nowSeconds());
  keys(chart, [
    ["price", "You pay"],
    ...(known < paid.length ? [["price expected", "Expected"]] : []),
    ["sold", "You are paid"],
  ]);
}

function priceWords({ import_per_kwh: paid, start_ns, slot_s, known, currency, source, note }) {
  const at = (index) => hourMinute(start_ns / NS_PER_S + index * slot_s);
  const least = paid.indexOf(Math.min(...paid));
  const most = paid.indexOf(Math.max(...paid));
  const isFlat = paid[least] === paid[most];
  const range = isFlat
    ? `${perKwh(paid[0], currency)}/kWh at all times`
    : `Cheapest ${perKwh(paid[least], currency)} at ${at(least)}, ` +
      `dearest ${perKwh(paid[most], currency)} at ${at(most)}`;
  const end = whenWords(start_ns / NS_PER_S + known * slot_s, nowSeconds());
  const until = known < paid.length ? `published until ${end}, then expected` : "";
  return [range, until, source, note].filter(Boolean).join(" · ");
}

function drawForecasts({ sun, load }) {
  const told = [sun, load].filter(Boolean);
  if (told.length === 0) {
    return say(byId("forecast-words"), "No forecast has been told yet");
  }
  say(byId("forecast-words"), forecastWords(sun, load));
  const most = Math.max(1000, ...told.flatMap((one) => one.high_w));
  const chart = chartOf("forecast-chart", told[0], told[0].middle_w.length);
  const y = scaleOf(0, most * 1.04, HEIGHT, TOP);
  drawLevel(chart, y(most), `${kilowatts(most)} kW`);
  drawLevel(chart, y(0), "0");
  drawTime(chart);
  for (const [one, kind] of [
    [sun, "sun"],
    [load, "load"],
  ]) {
    if (!one) continue;
    const band = stepBand(chart, one.low_w, one.high_w, y);
    add(chart.drawing, "path", { class: `band ${kind}-band`, d: band });
    add(chart.drawing, "path", { class: `${kind}-line`, d: steps(chart, one.middle_w, y) });
  }
  drawNow(chart, nowSeconds());
  keys(chart, [
    ...(sun ? [["sun-line", "Sun"]] : []),
    ...(load ? [["load-line", "House"]] : []),
    ["band", "8 times in 10 within"],
  ]);
}

function forecastWords(sun, load) {
  const energy = ({ middle_w, slot_s }) =>
    (middle_w.reduce((sum, power) => sum + power, 0) * slot_s) / 3600;
  const hours = (one) => Math.round((one.middle_w.length * one.slot_s) / 3600);
  return [
    sun && `${kilowatts(energy(sun))} kWh of sun in ${hours(sun)} h`,
    load && `${kilowatts(energy(load))} kWh for the house`,
    sun?.note,
    load?.note,
  ]
    .filter(Boolean)
    .join(" · ");
}

const chartOf = (id, { start_ns, slot_s }, count) =>
  chartIn(byId(id), { start: start_ns / NS_PER_S, slot: slot_s, count, height: HEIGHT });

/** What the lines mean, below the hours. */
function keys(chart, list) {
  const row = add(chart.drawing.parentElement, "p", { class: "keys" });
  for (const [kind, words] of list) {
    const item = add(row, "span");
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    mark.setAttribute("viewBox", "0 0 20 10");
    add(mark, "path", { class: kind, d: kind === "band" ? "M0 0H20V10H0Z" : "M1 5H19" });
    item.append(mark, words);
  }
}
