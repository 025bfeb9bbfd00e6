/** A schematic map: the household's places, the car, and the way it went on this trip. */

import { live } from "/live.js";
import { add, byId, isPlace, mark, number, placeName, say, SIGNAL } from "/words.js";

const M_PER_DEG = 111_320;
const EDGE = 44;
const TOP = 84; // below the words over the map
const TRAIL_MAX = 1500;
const STEP_M = 25;
const ICONS = {
  home: "M-5.5 1V5.5h11V1M-7.5 1.5L0-6l7.5 7.5",
  work: "M-6-2.5h12v8h-12ZM-2.5-2.5v-3h5v3",
  school: "M-7-2L0-5.5 7-2 0 1.5ZM-4-.5v4c2 2 6 2 8 0v-4",
  shop: "M-6.5-5h2l1.5 7h7l1.5-5h-9M-2 5.5h.1M3.5 5.5h.1",
};
const OTHER = "M0-5.5a4 4 0 0 1 4 4c0 3-4 7-4 7s-4-4-4-7a4 4 0 0 1 4-4Z";

const svg = byId("map");
let rings, trailLine, way, places, arrow, scaleBar, scaleText;
let trail = [];
let trailOf = "";
let drawn = "";
let view = null;
let target = null;
let shown = null;

/** Draw what never changes. */
export function drawMap() {
  rings = add(svg, "g", { class: "rings" });
  way = add(svg, "path", { class: "way" });
  trailLine = add(svg, "path", { class: "trail" });
  places = add(svg, "g");
  arrow = add(svg, "g", { class: "arrow" });
  add(arrow, "circle", { r: 17, class: "arrow-halo" });
  add(arrow, "circle", { r: 11 });
  add(arrow, "path", { d: "M0 -6.5L4.5 5L0 2.5L-4.5 5Z" });
  const scale = add(svg, "g", { class: "scale" });
  scaleBar = add(scale, "path");
  scaleText = add(scale, "text");
  new ResizeObserver(() => {
    drawn = "";
  }).observe(svg);
}

/** Take the car's position; the trail begins anew with every trip and every car. */
export function showMap(state, vin, signals) {
  const here = positionOf(signals);
  const driving = signals[SIGNAL.mode] === "DRIVING";
  const trip = `${vin} ${driving ? signals[SIGNAL.destination] : ""}`;
  if (driving && trip !== trailOf) {
    trail = [];
    trailOf = trip;
  }
  if (here && driving) extend(here);
  const fresh = frame(state.places, here);
  if (fresh) drawPlaces(state.places);
  if (!here || !view) {
    arrow.setAttribute("opacity", 0);
    return;
  }
  const [x, y] = project(here);
  target = { x, y, heading: signals[SIGNAL.heading] ?? 0 };
  if (!shown || fresh) shown = { ...target };
  mark(trailLine, "d", driving || trail.length ? pathOf(trail) : "");
  const goal = driving && state.places.find((one) => isPlace(one, signals[SIGNAL.destination]));
  mark(way, "d", goal ? pathOf([here, [goal.latitude_deg, goal.longitude_deg]]) : "");
  arrow.setAttribute("opacity", 1);
  say(byId("map-words"), wordsFor(signals, here, goal));
}

/** Let the arrow glide to where the car is. */
export function moveMap(elapsed) {
  if (!target || !shown) return;
  const share = Math.min(1, elapsed * 8);
  const turn = ((target.heading - shown.heading + 540) % 360) - 180;
  shown.x += (target.x - shown.x) * share;
  shown.y += (target.y - shown.y) * share;
  shown.heading += turn * share;
  mark(
    arrow,
    "transform",
    `translate(${shown.x.toFixed(1)} ${shown.y.toFixed(1)}) rotate(${shown.heading.toFixed(0)})`,
  );
}

function positionOf(signals) {
  const latitude = signals[SIGNAL.latitude];
  const longitude = signals[SIGNAL.longitude];
  return Number.isFinite(latitude) && Number.isFinite(longitude) ? [latitude, longitude] : null;
}

function extend(here) {
  if (trail.length && metresBetween(trail.at(-1), here) < STEP_M) return;
  trail.push(here);
  if (trail.length > TRAIL_MAX) trail = trail.filter((_, index) => index % 2 === 0);
}

function metresBetween(one, other) {
  const north = (other[0] - one[0]) * M_PER_DEG;
  const east = (other[1] - one[1]) * M_PER_DEG * Math.cos((one[0] * Math.PI) / 180);
  return Math.hypot(north, east);
}

/** Choose what is in view; true when it changed. Grows for a car that leaves, never jitters. */
function frame(known, here) {
  const points = known.map((place) => [place.latitude_deg, place.longitude_deg]);
  if (here && !inside(here)) points.push(here, ...trail);
  if (points.length === 0) return false;
  const box = svg.getBoundingClientRect();
  const beyond = points.length > known.length ? here : "";
  const key = `${box.width} ${box.height} ${known.length} ${beyond}`;
  if (
    box.width === 0 ||
    key === drawn ||
    (view && drawn && points.length === known.length && sameSize(box))
  )
    return false;
  drawn = key;
  const latitudes = points.map((point) => point[0]);
  const longitudes = points.map((point) => point[1]);
  const middle = [mean(latitudes), mean(longitudes)];
  const wide = Math.cos((middle[0] * Math.PI) / 180);
  const metres = {
    x: Math.max(800, (Math.max(...longitudes) - Math.min(...longitudes)) * M_PER_DEG * wide),
    y: Math.max(800, (Math.max(...latitudes) - Math.min(...latitudes)) * M_PER_DEG),
  };
  const room = { x: box.width - 2 * EDGE - 40, y: box.height - EDGE - TOP };
  const zoom = Math.min(room.x / metres.x, room.y / metres.y);
  view = { middle, wide, zoom, width: box.width, height: box.height };
  mark(svg, "viewBox", `0 0 ${box.width} ${box.height}`);
  return true;
}

const mean = (values) => (Math.max(...values) + Math.min(...values)) / 2;
const sameSize = (box) => view.width === box.width && view.height === box.height;

function inside(here) {
  if (!view) return false;
  const [x, y] = project(here);
  return x > 20 && y > 20 && x < view.width - 20 && y < view.height - 20;
}

function project([latitude, longitude]) {
  return [
    view.width / 2 + (longitude - view.middle[1]) * M_PER_DEG * view.wide * view.zoom,
    (view.height + TOP - EDGE) / 2 - (latitude - view.middle[0]) * M_PER_DEG * view.zoom,
  ];
}

const pathOf = (points) =>
  points
    .map(
      (point, index) =>
        `${index ? "L" : "M"}${project(point)
          .map((at) => at.toFixed(1))
          .join(" ")}`,
    )
    .join("");

function drawPlaces(known) {
  places.replaceChildren();
  rings.replaceChildren();
  const home = known.find((place) => place.kind === "home") ?? known[0];
  if (!home) return;
  const [homeX, homeY] = project([home.latitude_deg, home.longitude_deg]);
  const step = niceMetres(view.height / 3 / view.zoom);
  for (let count = 1; count <= 6; count += 1) {
    add(rings, "circle", { cx: homeX, cy: homeY, r: count * step * view.zoom });
  }
  for (const place of known) drawPlace(place);
  const length = step * view.zoom;
  mark(scaleBar, "d", `M${view.width - 20 - length} ${view.height - 22}v5h${length}v-5`);
  mark(scaleText, "x", view.width - 20);
  mark(scaleText, "y", view.height - 28);
  say(scaleText, step < 1000 ? `${step} m` : `${step / 1000} km`);
}

function drawPlace(place) {
  const [x, y] = project([place.latitude_deg, place.longitude_deg]);
  const pin = add(places, "g", {
    class: `place ${place.kind}`,
    transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
  });
  add(pin, "circle", { r: 13 });
  add(pin, "path", { d: ICONS[place.kind] ?? OTHER });
  const left = x > view.width - 110;
  add(
    pin,
    "text",
    { x: left ? -20 : 20, y: 4.5, "text-anchor": left ? "end" : "start" },
    place.name,
  );
}

/** The largest 1, 2 or 5 times a power of ten below. */
function niceMetres(metres) {
  const power = 10 ** Math.floor(Math.log10(metres));
  return [5, 2, 1].find((factor) => factor * power <= metres) * power;
}

function wordsFor(signals, here, goal) {
  if (goal) {
    const left = metresBetween(here, [goal.latitude_deg, goal.longitude_deg]) / 1000;
    return `${number(left, 1)} km from ${goal.name}`;
  }
  const place = placeName(live.state.places, signals[SIGNAL.place]);
  return place ? `At ${place}` : "On the way";
}
