/** The page: joins the line, the scene and the cards, and draws at most once a frame. */

import { connectBar, showBar, showClock } from "/bar.js";
import { connectControls, showCards } from "/cards.js";
import { drawFlow, moveFlow, showFlow } from "/flow.js";
import { connectHistory, restyle, showHistory } from "/history.js";
import { car, chooseCar, follow, live } from "/live.js";
import { drawMap, moveMap, showMap } from "/map.js";
import { fitScenery, move, paintSky, pose } from "/scene.js";
import { add, byId, hourMinute, mark, say, SIGNAL, skyWords, toldWords, whoWords } from "/words.js";

const TOLD_SHOWN = 6;
const SOMEWHERE = { latitude: 45, longitude: 9 };
let shownRevision = -1;
let lastFrame = 0;

function frame(at) {
  const elapsed = Math.min(0.1, (at - lastFrame) / 1000);
  lastFrame = at;
  if (live.ready) {
    if (live.revision !== shownRevision) {
      show();
      if (shownRevision < 0) performance.mark("first data");
      shownRevision = live.revision;
    }
    showTime();
    move(elapsed);
    moveFlow(elapsed);
    moveMap(elapsed);
  }
  requestAnimationFrame(frame);
}

/** Bring the page up to what is known. */
function show() {
  const { state } = live;
  const shown = car();
  showBar(state);
  showCarNames(state);
  say(byId("sky-words"), skyWords(state.weather?.condition));
  if (!shown) return;
  const { signals } = shown;
  pose(signals);
  showCards(shown, signals);
  showFlow(signals);
  showMap(state, live.vin, signals);
  showTold(shown.audits);
}

function showTime() {
  const now = showClock();
  const { latitude, longitude } = where();
  paintSky(now, latitude, longitude, live.state.weather?.condition);
  showHistory();
}

/** Where the sky is looked at: at the car, or else at home. */
function where() {
  const signals = car()?.signals ?? {};
  const place = live.state.places[0];
  if (Number.isFinite(signals[SIGNAL.latitude])) {
    return { latitude: signals[SIGNAL.latitude], longitude: signals[SIGNAL.longitude] };
  }
  if (place) return { latitude: place.latitude_deg, longitude: place.longitude_deg };
  return SOMEWHERE;
}

function showCarNames(state) {
  const names = byId("cars");
  const vins = Object.keys(state.cars);
  names.hidden = vins.length < 2;
  if (names.hidden) return;
  vins.forEach((vin, index) => {
    let button = names.children[index];
    if (!button) {
      button = add(names, "button", { type: "button" });
      button.addEventListener("click", () => chooseCar(button.dataset.vin));
    }
    button.dataset.vin = vin;
    say(button, state.cars[vin].name);
    mark(button, "aria-pressed", vin === live.vin);
  });
}

/** Who told the car what, and what became of it: the newest first. */
function showTold(audits = []) {
  const newest = audits.slice(-TOLD_SHOWN).reverse();
  say(byId("told-words"), newest.length === 0 ? "Nothing yet" : "");
  const list = byId("told");
  while (list.children.length > newest.length) list.lastElementChild.remove();
  newest.forEach((audit, index) => showRow(list.children[index] ?? addRow(list), audit));
}

function addRow(list) {
  const row = add(list, "li");
  add(row, "time");
  const words = add(row, "p");
  add(words, "b");
  add(words, "small");
  add(row, "span");
  return row;
}

function showRow(row, audit) {
  const [time, words, result] = row.children;
  const [what, who] = words.children;
  say(time, hourMinute(audit.time_ns / 1e9));
  say(what, toldWords(audit));
  say(who, [whoWords(audit.who), audit.reason].filter(Boolean).join(" · "));
  say(result, audit.result);
  mark(row, "data-result", audit.result);
}

connectBar(restyle);
connectControls();
connectHistory();
drawFlow();
drawMap();
fitScenery();
window.addEventListener("resize", fitScenery);
follow(() => {});
requestAnimationFrame(frame);
