/** What was and what is meant to be: plots of the last hours, and the day as a list. */

import { car, live, nowSeconds } from "/live.js";
import {
  add,
  byId,
  dayOf,
  duration,
  hourMinute,
  kilometres,
  number,
  placeName,
  say,
  showFacts,
  timezoneName,
} from "/words.js";

/* part: vendor/uPlot.iife.min.js */
const CHARGING_W = 100;
const PLOT_HEIGHT = 200;
const ROWS_MAX = 9;
let hours = 24;
let plots = [];
let shownKey = "";

/** Connect the buttons that choose the hours shown. */
export function connectHistory() {
  for (const button of byId("spans").children) {
    button.addEventListener("click", () => {
      hours = Number(button.dataset.hours);
      for (const other of byId("spans").children)
        other.setAttribute("aria-pressed", other === button);
      restyle();
    });
  }
  new ResizeObserver(fit).observe(byId("plot-soc"));
}

/** Draw anew in the present colours. */
export function restyle() {
  for (const plot of plots) plot.destroy();
  plots = [];
  shownKey = "";
  showHistory();
}

/** Show plots and day when something of them changed, at most once a minute of the home. */
export function showHistory() {
  const shown = car();
  if (!shown) return;
  const now = nowSeconds();
  const key = `${live.vin} ${live.historyRevision} ${Math.floor(now / 60)}`;
  if (key === shownKey) return;
  shownKey = key;
  showPlots(shown.samples, now);
  showDay(shown.sessions, live.state.today, now);
}

function showPlots(samples, now) {
  if (plots.length === 0) plots = [socPlot(), powerPlot()];
  const times = samples.time_s;
  const power = samples.battery_power_w.map((watts) => watts / 1000);
  const range = { min: now - hours * 3600, max: now };
  plots[0].charging = samples.wall_power_w.map((watts) => watts > CHARGING_W);
  plots[0].setData([times, samples.soc.map((soc) => soc * 100)], false);
  plots[1].setData([times, samples.speed_mps.map((speed) => speed * 3.6), power], false);
  for (const plot of plots) plot.setScale("x", range);
}

/** A colour of the style sheet as the canvas needs it. */
function colour(name) {
  const probe = byId("spans");
  probe.style.outlineColor = `var(${name})`;
  return getComputedStyle(probe).outlineColor;
}

function socPlot() {
  const accent = colour("--accent");
  return plotIn(
    "plot-soc",
    [
      {
        label: "Charge",
        unit: "%",
        stroke: accent,
        width: 2,
        fill: shade(accent),
        points: { show: false },
      },
    ],
    { y: { range: [0, 100] } },
    [axisY()],
    { drawClear: [shadeCharging] },
  );
}

function powerPlot() {
  const scales = {
    y: { range: (_, min, max) => [0, Math.max(60, Math.ceil((max ?? 0) / 20) * 20)] },
    kw: {
      range: (_, min, max) => [
        Math.min(-20, Math.floor((min ?? 0) / 20) * 20),
        Math.max(40, Math.ceil((max ?? 0) / 20) * 20),
      ],
    },
  };
  return plotIn(
    "plot-power",
    [
      {
        label: "Speed",
        unit: "km/h",
        stroke: colour("--second"),
        width: 1.5,
        fill: shade(colour("--second")),
        points: { show: false },
      },
      {
        label: "Power",
        unit: "kW",
        scale: "kw",
        stroke: colour("--accent"),
        width: 1.5,
        digits: 1,
        points: { show: false },
      },
    ],
    scales,
    [axisY(), { ...axisY(), scale: "kw", side: 1, grid: { show: false } }],
    {},
  );
}

const shade = (line) => line.replace("rgb(", "rgba(").replace(")", ", 0.14)");

/** What every axis has in common: quiet, in the page's own colours. */
function axis(rest) {
  return {
    stroke: colour("--muted"),
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
    gap: 8,
    ticks: { show: false },
    border: { show: false },
    ...rest,
  };
}

function axisY() {
  return axis({
    size: 38,
    grid: { stroke: colour("--line"), width: 1 },
    splits: (plot, at, min, max) => [min, (min + max) / 2, max],
    values: (_, splits) => splits.map((value) => number(value)),
  });
}

function plotIn(id, series, scales, axes, hooks) {
  const box = byId(id);
  box.replaceChildren();
  const readout = document.createElement("p");
  readout.className = "readout";
  for (const line of series) {
    const item = add(readout, "span", { class: "key" });
    add(item, "i").style.background = line.stroke;
    add(item, "b", {}, line.label);
    line.out = add(item, "span");
  }
  box.append(readout);
  const options = {
    width: box.clientWidth,
    height: PLOT_HEIGHT,
    series: [{}, ...series],
    scales: { x: { time: true }, ...scales },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timezoneName()),
    legend: { show: false },
    cursor: {
      y: false,
      sync: { key: "history" },
      drag: { x: false, y: false },
      points: { size: 7 },
    },
    padding: [12, id === "plot-soc" ? 38 : 0, 0, 0],
    axes: [axisX(), ...axes],
    hooks: {
      ...hooks,
      setCursor: [(plot) => read(plot, series)],
      setData: [(plot) => read(plot, series)],
    },
  };
  return new uPlot(options, [[], ...series.map(() => [])], box);
}

function axisX() {
  return axis({
    size: 30,
    space: 70,
    grid: { show: false },
    values: (_, splits) => splits.map((seconds) => hourMinute(seconds)),
  });
}

/** Put the values under the cursor, or the latest ones, above the plot. */
function read(plot, series) {
  const index = plot.cursor.idx ?? plot.data[0].length - 1;
  series.forEach((line, at) => {
    const value = plot.data[at + 1][index];
    const time = plot.cursor.idx == null ? "" : ` · ${hourMinute(plot.data[0][index])}`;
    say(
      line.out,
      value === undefined ? "" : `${number(value, line.digits ?? 0)} ${line.unit}${time}`,
    );
  });
}

/** Mark the hours on the cable behind the line. */
function shadeCharging(plot) {
  const { ctx, bbox, charging = [] } = plot;
  const times = plot.data[0];
  ctx.save();
  ctx.fillStyle = colour("--charging-shade");
  for (let start = 0; start < times.length; start += 1) {
    if (!charging[start]) continue;
    let end = start;
    while (charging[end + 1]) end += 1;
    const left = Math.max(bbox.left, plot.valToPos(times[start], "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(times[end], "x", true));
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
    start = end;
  }
  ctx.restore();
}

function fit() {
  for (const plot of plots) {
    const width = plot.root.parentElement.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: PLOT_HEIGHT });
  }
}

function showDay(sessions, today, now) {
  const day = dayOf(now);
  const ended = sessions.filter((one) => dayOf(one.end_ns / 1e9) === day);
  const trips = ended.filter((one) => one.kind === "trip");
  const [metres, energy] = [sum(trips, "distance_m"), sum(trips, "energy_wh")];
  showFacts(byId("today-facts"), [
    ["Driven", `${kilometres(metres, 1)} km`],
    ["Used", `${number(energy / 1000, 1)} kWh`],
    ["Per 100 km", metres > 200 ? `${number((energy / metres) * 100, 1)} kWh` : "–"],
  ]);
  const planned = (today?.activities ?? []).filter((one) => dayOf(one.start_ns / 1e9) === day);
  const rows = [
    ...ended.map((one) => ({ at: one.start_ns / 1e9, kind: one.kind, ...sessionWords(one) })),
    ...planned.map((one) => ({
      at: one.start_ns / 1e9,
      kind: "plan",
      title: `${one.person} · ${one.what}`,
      detail: name(one.place),
    })),
    { at: now, kind: "now", title: "Now", detail: "" },
  ].sort((one, other) => one.at - other.at);
  drawRows(rows, now);
}

const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);

const name = (place) => placeName(live.state.places, place);

function sessionWords(one) {
  const lasted = duration((one.end_ns - one.start_ns) / 1e9);
  if (one.kind === "charge") {
    const gain = `${number(one.soc_start * 100)} → ${number(one.soc_end * 100)} %`;
    return {
      title: `Charged at ${name(one.origin)}`,
      detail: `+${number(one.energy_wh / 1000, 1)} kWh · ${gain} · ${lasted}`,
    };
  }
  const use =
    one.distance_m > 200
      ? ` · ${number((one.energy_wh / one.distance_m) * 100, 1)} kWh/100 km`
      : "";
  return {
    title: `${name(one.origin)} → ${name(one.destination)}`,
    detail: `${kilometres(one.distance_m, 1)} km · ${lasted}${use}`,
  };
}

function drawRows(rows, now) {
  const present = rows.findIndex((row) => row.kind === "now");
  const from = Math.max(0, Math.min(present - ROWS_MAX / 2, rows.length - ROWS_MAX));
  const list = byId("timeline");
  list.replaceChildren();
  for (const row of rows.slice(from, from + ROWS_MAX)) {
    const item = add(list, "li", { class: `${row.kind}${row.at > now ? " ahead" : ""}` });
    add(item, "time", {}, hourMinute(row.at));
    add(item, "i");
    const words = add(item, "p", {}, row.title);
    if (row.detail) add(words, "small", {}, row.detail);
  }
}
