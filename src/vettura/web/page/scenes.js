/** Scenes: on or off, when they ran last, run now, and what the last runs did step by step. */

import { pending } from "/bar.js";
import { askEntity, live } from "/live.js";
import { domainOf, spoken } from "/things.js";
import { add, byId, dateWords, dayOf, hourMinute, mark, say, whoWords } from "/words.js";

const SHOWN = new Set(["automation", "script", "scene"]);
const RUN = {
  automation: ["automation.trigger", { skip_condition: true }],
  script: ["script.turn_on", {}],
  scene: ["scene.turn_on", {}],
};
const ENDS = {
  finished: "ran",
  stopped: "stopped itself",
  failed: "failed",
  refused: "was not let run",
  aborted: "was cut short",
};
const RESULT_MAX = 140;
let shape = "";
let rows = [];

/** Draw or bring up to date every scene. */
export function showScenes(state, now) {
  const scenes = scenesOf(state);
  byId("scenes").hidden = scenes.length === 0;
  const wanted = JSON.stringify(scenes);
  if (wanted !== shape) {
    shape = wanted;
    const list = byId("scene-list");
    list.replaceChildren();
    rows = scenes.map(([entity, about]) => makeRow(list, entity, about));
  }
  say(byId("scenes-words"), summary(state, scenes));
  for (const show of rows) show(state, now);
}

const scenesOf = (state) =>
  Object.values(state.devices)
    .filter((about) => about.origin === "scenes")
    .flatMap((about) => Object.entries(about.entities))
    .filter(([entity]) => SHOWN.has(domainOf(entity)))
    .sort(([, one], [, other]) => (one.name < other.name ? -1 : 1));

function summary(state, scenes) {
  const off = scenes.filter(([entity]) => isDisabled(entity, state.entities[entity])).length;
  const count = `${scenes.length} ${scenes.length === 1 ? "scene" : "scenes"}`;
  return off ? `${count}, ${off} switched off` : count;
}

const isDisabled = (entity, shown) =>
  domainOf(entity) === "automation" && shown?.state === "off";

function makeRow(list, entity, about) {
  const row = add(list, "li", { class: "scene", "data-scene": entity });
  const domain = domainOf(entity);
  const toggle = domain === "automation" ? makeToggle(row, entity, about) : add(row, "span");
  const more = add(row, "button", { type: "button", class: "scene-words" });
  mark(more, "aria-expanded", false);
  add(more, "b", {}, about.name);
  const last = add(more, "small");
  const run = add(row, "button", { type: "button", class: "chip" }, "Run");
  mark(run, "aria-label", `Run ${about.name} now`);
  run.addEventListener("click", () => {
    const [action, data] = RUN[domain];
    pending(run, entity, () => askEntity(entity, action, data), `${about.name} runs`);
  });
  const traces = add(row, "div", { class: "traces", hidden: "" });
  const open = opener(more, traces, entity);
  more.addEventListener("click", open.toggle);
  return (state, now) => {
    const shown = state.entities[entity];
    const newest = state.runs.findLast((one) => one.scene === entity);
    if (domain === "automation") mark(toggle, "aria-checked", shown?.state === "on");
    mark(row, "data-off", isDisabled(entity, shown));
    mark(row, "data-result", newest?.state ?? "");
    say(last, lastWords(shown, newest, now));
    open.refresh(newest?.run ?? "");
  };
}

function makeToggle(row, entity, about) {
  const toggle = add(row, "button", { type: "button", role: "switch", class: "toggle" });
  mark(toggle, "aria-label", `${about.name} is enabled`);
  add(toggle, "i");
  toggle.addEventListener("click", () => {
    const turn = toggle.getAttribute("aria-checked") === "true" ? "off" : "on";
    const words = `${about.name} is ${turn}`;
    pending(toggle, entity, () => askEntity(entity, `automation.turn_${turn}`), words);
  });
  return toggle;
}

function lastWords(shown, newest, now) {
  if (newest) {
    const at = newest.start_ns / 1e9;
    const why = newest.reason || (newest.trigger && `by ${newest.trigger}`);
    return [`${timeWords(at, now)} ${ENDS[newest.state] ?? newest.state}`, why]
      .filter(Boolean)
      .join(" · ");
  }
  const last = Date.parse(shown?.attributes?.last_triggered ?? "");
  return Number.isFinite(last) ? `${timeWords(last / 1000, now)} ran` : "Has not run yet";
}

const timeWords = (at, now) =>
  dayOf(at) === dayOf(now) ? hourMinute(at) : `${dateWords(at)}, ${hourMinute(at)}`;

/** Opens and closes what a scene did, and reads it anew when it has run again. */
function opener(button, box, entity) {
  let read = null;
  const load = async () => {
    const address = `/api/scenes/${encodeURIComponent(entity)}/traces`;
    const response = await fetch(address).catch(() => null);
    const { traces } = response?.ok ? await response.json() : { traces: [] };
    box.replaceChildren();
    if (traces.length === 0) add(box, "p", { class: "hint" }, "Nothing to show yet");
    for (const trace of traces) showTrace(box, trace);
  };
  return {
    toggle: () => {
      box.hidden = !box.hidden;
      mark(button, "aria-expanded", !box.hidden);
      if (!box.hidden) load();
    },
    refresh: (run) => {
      if (read !== null && run !== read && !box.hidden) load();
      read = run;
    },
  };
}

function showTrace(box, trace) {
  const item = add(box, "details", { class: "trace", "data-result": trace.state });
  const head = add(item, "summary");
  add(head, "time", {}, hourMinute(trace.start_ns / 1e9));
  const by = [...(trace.cause.chain ?? []), trace.cause.who].slice(0, -1).map(whoWords);
  const why = trace.trigger || by.join(" → ") || "by hand";
  add(head, "span", {}, [why, trace.reason].filter(Boolean).join(" · "));
  add(head, "em", {}, trace.state);
  const steps = add(item, "ol");
  for (const step of trace.steps ?? []) showStep(steps, step, trace.start_ns);
  if (box.children.length === 1) item.open = true;
}

function showStep(list, step, start) {
  const item = add(list, "li");
  const after = (step.time_ns - start) / 1e9;
  add(item, "time", {}, after >= 0.5 ? `+${after.toFixed(after < 10 ? 1 : 0)} s` : "");
  add(item, "b", {}, pathWords(step.path));
  const text = step.error || step.result || "";
  const short = text.length > RESULT_MAX ? `${text.slice(0, RESULT_MAX)}…` : text;
  add(item, "code", step.error ? { class: "wrong" } : {}, short);
}

/** "action/0/choose/1/sequence/0" as "Action 1, choose 2, step 1". */
function pathWords(path) {
  const words = path
    .split("/")
    .map((part) => (/^\d+$/.test(part) ? ` ${Number(part) + 1}` : `, ${part}`));
  return spoken(words.join("").replaceAll("sequence", "step").slice(2));
}

/** Whether there is anything of scenes to look at. */
export const hasScenes = () => live.state !== null && scenesOf(live.state).length > 0;
