/** Charges that have ended, what they cost, and what was saved against plugging in at once. */

import { live } from "/live.js";
import { money } from "/money.js";
import {
  add,
  byId,
  dateWords,
  duration,
  hourMinute,
  kilowattHours,
  mark,
  number,
  say,
  showFacts,
  whenWords,
} from "/words.js";

const NS_PER_S = 1e9;
const BILLS_SHOWN = 8;
const MONTHS_SHOWN = 12;
const QUIET_WH = 50;
let showsAll = false;
let books = null;

/** Take the bills as they are stored. */
export function takeBooks(told) {
  books = told;
  showBooks();
}

function showBooks() {
  const { bills, months, count } = books;
  const words =
    count === 0
      ? "None has ended yet. Each will stand here with its cost and what plugging in had cost."
      : `${count} ${count === 1 ? "charge" : "charges"} at home, billed once each`;
  say(byId("charges-words"), words);
  byId("csv").hidden = count === 0;
  showMonths(months);
  showBills(bills);
}

const saves = (one) => one.plugged_cost - one.cost;
const share = (one) => (one.energy_wh > 0 ? one.sun_wh / one.energy_wh : 0);

/** Columns that a narrow page leaves out. */
const ROOMY = new Set(["Charges", "Car", "Took", "At once", "Sun share"]);
const roomOf = (name) => (ROOMY.has(name) ? "roomy" : "");

/** A table in a box that scrolls by itself when it is too wide. */
function tableIn(box, caption, columns) {
  box.replaceChildren();
  const scroller = add(box, "div", { class: "scroller" });
  const table = add(scroller, "table");
  add(table, "caption", { class: "unseen" }, caption);
  const head = add(add(table, "thead"), "tr");
  for (const name of columns) add(head, "th", { scope: "col", class: roomOf(name) }, name);
  return add(table, "tbody");
}

function addCells(body, first, cells) {
  const row = add(body, "tr");
  add(row, "th", { scope: "row" }, first);
  for (const [name, words] of Object.entries(cells)) {
    add(row, "td", { class: roomOf(name) }, words);
  }
  return row;
}

function showMonths(months) {
  const box = byId("months");
  box.hidden = months.length === 0;
  if (box.hidden) return;
  const columns = ["Month", "Charges", "Energy", "Sun share", "Cost", "Saved", ""];
  const body = tableIn(box, "Totals by month", columns);
  for (const one of months.slice(0, MONTHS_SHOWN)) {
    const row = addCells(body, monthWords(one.month), {
      Charges: String(one.charges),
      Energy: `${kilowattHours(one.energy_wh)} kWh`,
      "Sun share": `${number(share(one) * 100)} %`,
      Cost: money(one.cost, one.currency),
      Saved: money(saves(one), one.currency),
    });
    const few = `${one.charges} × · ${number(share(one) * 100)} % sun`;
    add(row.firstElementChild, "small", { class: "tight" }, few);
    const href = `/api/energy/bills.csv?month=${one.month}`;
    const cell = add(add(row, "td"), "a", { class: "month-csv", href, download: "" }, "CSV");
    mark(cell, "aria-label", `CSV of ${monthWords(one.month)}`);
  }
}

/** "2026-03" as "March 2026". */
function monthWords(month) {
  const [year, number] = month.split("-").map(Number);
  const format = { month: "long", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat("en-GB", format).format(Date.UTC(year, number - 1, 1));
}

function showBills(bills) {
  const box = byId("bills");
  box.hidden = bills.length === 0;
  if (box.hidden) return;
  const columns = ["Ended", "Car", "Took", "Energy", "Sun share", "Cost", "At once", "Saved"];
  const body = tableIn(box, "Ended charges, the newest first", columns);
  for (const one of showsAll ? bills : bills.slice(0, BILLS_SHOWN)) addBill(body, one);
  if (bills.length <= BILLS_SHOWN) return;
  const words = showsAll ? "Show fewer" : `Show ${bills.length} charges`;
  const more = add(box, "button", { type: "button", class: "chip more" }, words);
  more.addEventListener("click", () => {
    showsAll = !showsAll;
    showBills(bills);
    byId("bills").querySelector(".more").focus();
  });
}

function addBill(body, one) {
  const end = one.end_ns / NS_PER_S;
  const given = (one.given_wh ?? 0) > QUIET_WH ? `, gave ${kilowattHours(one.given_wh)}` : "";
  const ended = `${dateWords(end).replace(",", "")}, ${hourMinute(end)}`;
  const [took, sun] = [
    duration((one.end_ns - one.start_ns) / NS_PER_S),
    `${number(share(one) * 100)} %`,
  ];
  const row = addCells(body, ended, {
    Car: live.state.cars[one.vin]?.name ?? (one.vin || one.station),
    Took: took,
    Energy: `${kilowattHours(one.energy_wh)} kWh${given}`,
    "Sun share": sun,
    Cost: money(one.cost, one.currency),
    "At once": money(one.plugged_cost, one.currency),
    Saved: money(saves(one), one.currency),
  });
  const first = row.firstElementChild;
  add(first, "small", { class: "tight" }, `${took} · ${sun} sun`);
  if (one.note) add(first, "small", {}, one.note);
}

/** What all bills together saved, in money and in carbon. */
export function showSaved(saved, now) {
  const hint = byId("saved-words");
  byId("saved-money").closest(".big").hidden = !saved;
  if (!saved) return say(hint, "Counted from the first charge that ends, against plugging in");
  const { currency, plugged_cost: before, cost } = saved;
  const since = whenWords(saved.since_ns / NS_PER_S, now).split(", ")[0];
  say(hint, `Against plugging in at once, since ${since}`);
  const amount = before - cost;
  say(byId("saved-money"), money(amount, currency, Math.abs(amount) < 100 ? 2 : 0));
  const part = before > 0 ? `${number((100 * amount) / before)} % less` : "";
  say(byId("saved-share"), part);
  const [before_g, carbon_g] = [saved.plugged_carbon_g ?? 0, saved.carbon_g ?? 0];
  const carbon = (before_g - carbon_g) / 1000;
  const perUnit = saved.energy_wh > 0 ? (cost / saved.energy_wh) * 1000 : NaN;
  showFacts(byId("saved-facts"), [
    ["Charged", `${kilowattHours(saved.energy_wh)} kWh`],
    ["From the sun", `${number(share(saved) * 100)} %`],
    ["Each kWh", money(perUnit, currency, 3)],
    // Where nobody knows the grid's carbon, nothing is said of it.
    ...(before_g || carbon_g ? [["Carbon", `${number(carbon, 1)} kg less`]] : []),
  ]);
}

/** What was ignored, missing or stood in for: the newest first. */
export function showNotes(notes, now) {
  byId("notes").hidden = notes.length === 0;
  const list = byId("note-list");
  const newest = [...notes].reverse();
  while (list.children.length > newest.length) list.lastElementChild.remove();
  newest.forEach((note, index) => {
    const row = list.children[index] ?? addNote(list);
    say(row.children[0], whenWords(note.time_ns / NS_PER_S, now).split(", ").at(-1));
    say(row.children[1].children[0], note.text.charAt(0).toUpperCase() + note.text.slice(1));
    const times = note.times > 1 ? `${note.times} times` : "";
    const day = whenWords(note.time_ns / NS_PER_S, now).split(", ").slice(0, -1)[0] ?? "";
    say(row.children[1].children[1], [note.about, day, times].filter(Boolean).join(" · "));
  });
}

function addNote(list) {
  const row = add(list, "li");
  add(row, "time");
  const words = add(row, "p");
  add(words, "b");
  add(words, "small");
  return row;
}
