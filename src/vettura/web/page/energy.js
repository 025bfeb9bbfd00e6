/** The energy view: joins the line, the picture of the power, the plan, goals and books. */

import { connectBar, showBar, showClock } from "/bar.js";
import { showNotes, showSaved, takeBooks } from "/books.js";
import { showGoals } from "/goals.js";
import { follow, live } from "/live.js";
import { connectOutlook, showOutlook, takeOutlook } from "/outlook.js";
import { connectPlan, showPlan, takePlan } from "/plan.js";
import { drawPower, movePower, showPower } from "/power.js";
import { fitScenery, paintSky, pose } from "/scene.js";
import { byId, kilowatts, mark, nextCharge, number, say, SIGNAL, skyWords } from "/words.js";

const SOMEWHERE = { latitude_deg: 45, longitude_deg: 9 };
const RETRY_MS = 3000;
let shownRevision = -1;
let lastFrame = 0;
let lastState = null;
const parts = [
  { path: "plan", take: takePlan, version: ({ plan }) => plan?.time_ns },
  { path: "outlook", take: takeOutlook, version: ({ outlook }) => outlook || undefined },
  { path: "bills", take: takeBooks, version: ({ bills }) => bills },
];

function frame(at) {
  const elapsed = Math.min(0.1, (at - lastFrame) / 1000);
  lastFrame = at;
  if (live.ready) {
    const now = showClock();
    if (live.revision !== shownRevision) {
      if (shownRevision < 0) performance.mark("first data");
      shownRevision = live.revision;
      show(now);
    }
    const place = live.state.places.find((one) => one.kind === "home") ?? live.state.places[0];
    const { latitude_deg, longitude_deg } = place ?? SOMEWHERE;
    paintSky(now, latitude_deg, longitude_deg, live.state.weather?.condition);
    if (live.state.energy.is_there) {
      showPlan(live.state.energy, now);
      showOutlook(now);
      movePower(elapsed);
    }
  }
  requestAnimationFrame(frame);
}

/** Bring the view up to what is known. */
function show(now) {
  const { state } = live;
  const { energy } = state;
  showBar(state);
  // A new snapshot may come of a server that counts anew.
  if (state !== lastState) for (const part of parts) part.shown = undefined;
  lastState = state;
  say(byId("outside"), `${number(state.weather?.ambient_degc)}°`);
  say(byId("sky-words"), skyWords(state.weather?.condition));
  byId("absent").hidden = energy.is_there;
  byId("energy-grid").hidden = !energy.is_there;
  mark(byId("hero"), "data-energy", energy.is_there);
  pose(shownCar(state.cars));
  say(byId("energy-status"), statusWords(state, now));
  say(byId("energy-facts"), state.title);
  if (!energy.is_there) return;
  showPower(energy, state.cars);
  showGoals(state, now);
  showSaved(energy.saved, now);
  showNotes(energy.notes, now);
  for (const part of parts) refresh(part, energy);
}

/** Of several cars the one at the cable stands in the picture. */
function shownCar(cars) {
  const all = Object.values(cars).map((one) => one.signals);
  return all.find((one) => one[SIGNAL.cable] === true) ?? all[0] ?? {};
}

/** Read a part anew when there is another than the one that is shown; one at a time. */
async function refresh(part, energy) {
  const version = part.version(energy);
  if (version === undefined || version === part.shown || part.isBusy) return;
  part.isBusy = true;
  const response = await fetch(`/api/energy/${part.path}`).catch(() => null);
  if (response?.ok) {
    part.take(await response.json());
    part.shown = version;
  } else await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  part.isBusy = false;
  live.revision += 1;
}

/** The most telling thing first: what the grid gives or takes, then what the car will do. */
function statusWords({ energy, cars }, now) {
  if (!energy.is_there) return "No plan in this home";
  const { site } = energy;
  if (!site) return "Waiting for the first measurement";
  const coming = Object.entries(cars)
    .map(([vin, { name }]) => [name, nextCharge(energy, vin, now)])
    .filter(([, words]) => words)
    .map(([name, words]) => `${name} ${words}`);
  const grid = site.grid_w ?? 0;
  const flow =
    grid < -50
      ? `${kilowatts(-grid)} kW to the grid`
      : grid < 50
        ? "Nothing from the grid"
        : `${kilowatts(grid)} kW from the grid`;
  return [flow, coming[0]].filter(Boolean).join(" · ");
}

connectBar(() => {});
connectPlan();
connectOutlook();
drawPower();
fitScenery();
window.addEventListener("resize", fitScenery);
follow(() => {});
requestAnimationFrame(frame);
