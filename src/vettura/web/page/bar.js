/** What every view shares: the bar at the top, the banner, and how an order's end is shown. */

import { live, nowSeconds, order } from "/live.js";
import { add, byId, dateWords, hourMinute, mark, say, setTimezone } from "/words.js";

const TOAST_MS = 6000;
const busy = new Set();
let timezoneShown = "";

/** Connect the bar's buttons; `restyle` is called when light becomes dark or back. */
export function connectBar(restyle) {
  connectTheme(restyle);
  for (const button of byId("speeds").children) {
    button.addEventListener("click", () => setSpeed(button));
  }
  for (const link of document.querySelectorAll(".views a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
  }
}

/** Bring the bar up to what is known. */
export function showBar(state) {
  document.body.removeAttribute("data-waiting");
  if (state.timezone !== timezoneShown) {
    timezoneShown = state.timezone;
    setTimezone(state.timezone);
  }
  say(byId("home-title"), state.title);
  showBanner(state);
  for (const button of byId("speeds").children) {
    mark(button, "aria-pressed", Number(button.dataset.factor) === live.clock.factor);
  }
}

/** Show the home's time; returns it in seconds since the epoch. */
export function showClock() {
  const now = nowSeconds();
  say(byId("clock"), hourMinute(now));
  say(byId("date"), dateWords(now));
  return now;
}

function showBanner(state) {
  const banner = byId("banner");
  let words = "";
  if (!live.connected) words = "Connection lost. The page picks up where it was as soon as it can.";
  else if (!state.bus.up) words = "The bus is away, the car goes on. Reconnecting…";
  banner.hidden = words === "";
  if (words) say(banner.querySelector("span"), words);
}

async function setSpeed(button) {
  const factor = Number(button.dataset.factor);
  await pending(button, "speed", () => order("/api/clock", { factor }), "");
}

/** Whether an order of that kind is on its way. */
export const isBusy = (key) => busy.has(key);

/** Show that an order is on its way, then what became of it. One at a time for each kind. */
export async function pending(button, key, start, words) {
  if (busy.has(key)) return;
  busy.add(key);
  mark(button, "aria-busy", true);
  const { ok, reason } = await start();
  busy.delete(key);
  button.removeAttribute("aria-busy");
  mark(button, "data-result", ok ? "done" : "refused");
  setTimeout(() => button.removeAttribute("data-result"), 900);
  if (!ok) toast(sentence(reason), "refused");
  else if (words) toast(words, "done");
}

const sentence = (reason) => (reason ? reason[0].toUpperCase() + reason.slice(1) : "Refused");

function toast(words, kind) {
  const toasts = byId("toasts");
  while (toasts.children.length > 2) toasts.firstElementChild.remove();
  const item = add(toasts, "p", { class: kind }, words);
  setTimeout(() => item.remove(), kind === "done" ? TOAST_MS / 2 : TOAST_MS);
}

/** Light or dark: as the system says, until the viewer says otherwise. */
function connectTheme(restyle) {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = remembered();
  if (chosen) root.dataset.theme = chosen;
  byId("theme").addEventListener("click", () => {
    const dark = (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
    root.dataset.theme = dark ? "light" : "dark";
    remember(root.dataset.theme);
    restyle();
  });
  system.addEventListener("change", restyle);
}

function remembered() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

function remember(theme) {
  try {
    localStorage.setItem("theme", theme);
  } catch {
    /* A private window forgets; that is all. */
  }
}
