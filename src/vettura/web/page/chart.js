/** Parts of charts over slots of time: scales, steps, bands, hours below, days between. */

import { add, dateWords, hourMinute } from "/words.js";

const AXIS = 26;
const HOUR_S = 3600;

/** A chart of equal slots in a box: the drawing, its widths, and where a slot lies. */
export function chartIn(box, { start, slot, count, height, left = 50, right = 12 }) {
  const width = box.clientWidth;
  box.replaceChildren();
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const attributes = { width, height: height + AXIS, viewBox: `0 0 ${width} ${height + AXIS}` };
  for (const [name, value] of Object.entries(attributes)) drawing.setAttribute(name, value);
  drawing.setAttribute("aria-hidden", "true");
  box.append(drawing);
  const inner = width - left - right;
  return {
    drawing,
    width,
    height,
    left,
    right: width - right,
    start,
    slot,
    count,
    x: (index) => left + (inner * index) / count,
    xAt: (seconds) => left + (inner * (seconds - start)) / (slot * count),
    indexAt: (pixels) =>
      Math.max(0, Math.min(count - 1, Math.floor(((pixels - left) / inner) * count))),
  };
}

/** Hours below the chart, and a line with its date where a day begins. */
export function drawTime(chart) {
  const { drawing, height, left, right } = chart;
  const room = (right - left) / ((chart.slot * chart.count) / HOUR_S);
  const hours = room > 14 ? 3 : room > 7.5 ? 6 : 12;
  const axis = add(drawing, "g", { class: "axis" });
  for (let index = 0; index <= chart.count; index += 1) {
    const at = chart.start + index * chart.slot;
    const clock = hourMinute(at);
    if (!clock.endsWith(":00") || Number(clock.slice(0, 2)) % hours !== 0) continue;
    const x = chart.x(index);
    const isDay = clock === "00:00";
    if (isDay) {
      add(axis, "path", { class: "day", d: `M${x.toFixed(1)} 0V${height}` });
    }
    if (x < left + 8 || x > right - 12) continue;
    const words = isDay ? dateWords(at).split(/,? /).slice(0, 2).join(" ") : clock;
    add(axis, "text", { x: x.toFixed(1), y: height + 18, class: isDay ? "date" : "" }, words);
  }
}

/** Now, as a line through the whole chart. */
export function drawNow(chart, now) {
  const x = chart.xAt(now);
  if (x < chart.left || x > chart.right) return;
  add(chart.drawing, "path", { class: "now-line", d: `M${x.toFixed(1)} 0V${chart.height}` });
}

/** A scale of heights: values from `low` to `high` between the pixels `bottom` and `top`. */
export const scaleOf = (low, high, bottom, top) => (value) =>
  bottom + ((value - low) / (high - low || 1)) * (top - bottom);

/** A value for each slot as a line of steps. */
export function steps(chart, values, y, from = 0) {
  const path = values.map((value, index) => {
    const step = `V${y(value).toFixed(1)}H${chart.x(from + index + 1).toFixed(1)}`;
    return index === 0 ? `M${chart.x(from).toFixed(1)} ${y(value).toFixed(1)}${step}` : step;
  });
  return path.join("");
}

/** The area between two lines of steps. */
export function stepBand(chart, low, high, y) {
  const back = low
    .map((value, index) => `V${y(value).toFixed(1)}H${chart.x(index).toFixed(1)}`)
    .reverse()
    .join("");
  return `${steps(chart, high, y)}${back}Z`;
}

/** Values at borders of slots as a line. */
export const polyline = (chart, values, y) =>
  values
    .map((value, at) => `${at ? "L" : "M"}${chart.x(at).toFixed(1)} ${y(value).toFixed(1)}`)
    .join("");

/** A faint line across, and what it stands for at its left. */
export function drawLevel(chart, y, words, kind = "") {
  add(chart.drawing, "path", {
    class: `level ${kind}`,
    d: `M${chart.left} ${y.toFixed(1)}H${chart.right}`,
  });
  const label = { x: chart.left - 8, y: (y + 4).toFixed(1), class: `level-words ${kind}` };
  if (words) add(chart.drawing, "text", label, words);
}

/** Stretches of slots for which `test` holds, as [first, end). */
export function stretches(count, test) {
  const found = [];
  for (let index = 0; index < count; index += 1) {
    if (!test(index)) continue;
    const last = found.at(-1);
    if (last && last[1] === index) last[1] = index + 1;
    else found.push([index, index + 1]);
  }
  return found;
}
