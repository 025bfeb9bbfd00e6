/** The line to the server: one event stream in, orders out. */

const SILENCE_MS = 7000;
const DAY_S = 24 * 3600;
const COLUMNS_MAX = 6000;
const RUNS_MAX = 40;
const NOTES_MAX = 30;

/** What is known now. Changed in place; `revision` rises with every change. */
export const live = {
  ready: false,
  connected: false,
  revision: 0,
  historyRevision: 0,
  state: null,
  vin: null,
  clock: { time_ns: 0, factor: 1, at: 0 },
};

let source = null;
let lastId = "";
let heardAt = 0;
let onChange = () => {};

/** Follow the server for as long as the page lives; `changed` is called after every event. */
export function follow(changed) {
  onChange = changed;
  connect();
  setInterval(watch, 1000);
}

/** The car that the page shows, or null. */
export const car = () => live.state?.cars[live.vin] ?? null;

/** Show another car. */
export function chooseCar(vin) {
  live.vin = vin;
  live.historyRevision += 1;
  touched();
}

/** Seconds since the epoch on the household's clock, carried on between two events. */
export function nowSeconds() {
  const { time_ns, factor, at } = live.clock;
  return time_ns / 1e9 + ((performance.now() - at) / 1000) * (factor ?? 0);
}

function connect() {
  source?.close();
  source = new EventSource(lastId ? `/api/events?after=${lastId}` : "/api/events");
  heardAt = performance.now();
  source.addEventListener("snapshot", (event) => hear(event, takeSnapshot));
  source.addEventListener("delta", (event) => hear(event, takeDelta));
  source.addEventListener("beat", () => {
    heardAt = performance.now();
    setConnected(true);
  });
  source.addEventListener("error", () => setConnected(false));
}

/** A line can be dead without anyone saying so: after some silence, dial again. */
function watch() {
  const silent = performance.now() - heardAt > SILENCE_MS;
  if (silent) setConnected(false);
  if (silent || source.readyState === EventSource.CLOSED) connect();
}

function hear(event, take) {
  heardAt = performance.now();
  lastId = event.lastEventId;
  take(JSON.parse(event.data));
  setConnected(true);
  touched();
}

function setConnected(connected) {
  if (live.connected === connected) return;
  live.connected = connected;
  touched();
}

function touched() {
  live.revision += 1;
  onChange();
}

function takeSnapshot(state) {
  live.state = state;
  live.ready = true;
  if (!state.cars[live.vin]) live.vin = Object.keys(state.cars)[0] ?? null;
  live.historyRevision += 1;
  takeClock(state.clock);
}

function takeDelta(change) {
  const { state } = live;
  if (!state) return;
  if (change.clock) takeClock(change.clock);
  for (const key of ["bus", "weather", "today"]) if (change[key]) state[key] = change[key];
  Object.assign(state.meters, change.meters);
  takeHome(state, change);
  if (change.energy) takeEnergy(state.energy, change.energy);
  for (const [vin, news] of Object.entries(change.cars ?? {})) {
    if (state.cars[vin]) takeCar(state.cars[vin], news);
  }
  if (change.today) live.historyRevision += 1;
}

function takeHome(state, change) {
  for (const [device, about] of Object.entries(change.devices ?? {})) {
    const gone = Object.keys(state.devices[device]?.entities ?? {});
    for (const entity of gone) if (!about.entities?.[entity]) delete state.entities[entity];
    if (about.entities) state.devices[device] = about;
    else delete state.devices[device];
  }
  Object.assign(state.entities, change.entities);
  state.runs.push(...(change.runs ?? []));
  state.runs.splice(0, state.runs.length - RUNS_MAX);
}

function takeEnergy(known, news) {
  const { goals, modes, needs, notes = [], ...rest } = news;
  Object.assign(known, rest);
  for (const [name, values] of Object.entries({ goals, modes, needs })) {
    Object.assign(known[name], values);
  }
  for (const note of notes) {
    const same = (one) => one.about === note.about && one.text === note.text;
    known.notes = [...known.notes.filter((one) => !same(one)), note].slice(-NOTES_MAX);
  }
}

function takeCar(known, news) {
  if (news.seen_ns) known.seen_ns = news.seen_ns;
  Object.assign(known.signals, news.signals);
  if (news.samples) appendSamples(known.samples, news.samples);
  for (const session of news.sessions ?? []) {
    known.sessions = known.sessions.filter((one) => one.id !== session.id);
    known.sessions.push(session);
    known.sessions.splice(0, known.sessions.length - 100);
  }
  for (const audit of news.audits ?? []) {
    known.audits = known.audits.filter((one) => one.id !== audit.id);
    known.audits.push(audit);
    known.audits.splice(0, known.audits.length - 30);
  }
  if (news.samples || news.sessions) live.historyRevision += 1;
}

/** Append columns that are later than what is there, and forget what is older than a day. */
function appendSamples(known, news) {
  const last = known.time_s.at(-1) ?? -Infinity;
  const fresh = news.time_s.findIndex((time) => time > last);
  if (fresh < 0) return;
  const names = Object.keys(known);
  for (const name of names) known[name].push(...news[name].slice(fresh));
  const oldest = known.time_s.at(-1) - DAY_S;
  const old = Math.max(
    known.time_s.findIndex((time) => time >= oldest),
    known.time_s.length - COLUMNS_MAX,
    0,
  );
  if (old > 0) for (const name of names) known[name].splice(0, old);
}

function takeClock(clock) {
  live.clock = { ...clock, at: performance.now() };
}

/**
 * Post an order and return what became of it: `{ok, reason}`. Never throws.
 * @param {string} address
 * @param {object} [body]
 */
export async function order(address, body = {}) {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return await response.json();
  } catch {
    return { ok: false, reason: "the server cannot be reached just now" };
  }
}

/** Ask one entity of the home for something. */
export const askEntity = (entity, action, data = {}) =>
  order("/api/home/do", { entity, action, data });

/** Ask the shown car for something. */
export const ask = (verb, body) =>
  order(`/api/cars/${encodeURIComponent(live.vin)}/do/${verb}`, body);
