/* Draws the timeline of a rehearsal from the story that stands in the page. */
"use strict";
(() => {
  const story = JSON.parse(document.getElementById("story").textContent);
  // What is empty is left out.
  for (const lane of story.lanes) Object.assign(lane, { rows: [], states: [], unit: "", ...lane });
  const byId = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const REST = new Set(
    "off closed locked idle standby docked paused none clear not_home 0 False".split(" "),
  );
  const GONE = new Set(["unavailable", "unknown", ""]);
  const TONES = { conflict: "conflict", loop: "loop", promise: "promise" };
  const tone = (kind) => `var(--${TONES[kind] || "other"})`;
  const LANE = 20, LINE = 38, GROUP = 30, TOP = 34, NARROW = 640;
  const APART_S = 300, MOMENTS = 6;
  let day = 0, hours = 24, from = 0;

  const clockOf = (options) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: story.timezone, ...options });
  const hourMinute = clockOf({ hour: "2-digit", minute: "2-digit" });
  const toTheSecond = clockOf({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const dayName = clockOf({ weekday: "long", day: "numeric", month: "long" });
  const moment = clockOf({ weekday: "short", day: "numeric", month: "short" });
  const dateOf = (second) => new Date(story.start_ms + second * 1000);

  function draw(name, attributes, parent) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (parent) parent.append(node);
    return node;
  }

  function write(text, attributes, parent) {
    const node = draw("text", attributes, parent);
    node.textContent = text;
    return node;
  }

  /** Which of the rows of bands are seen between two seconds. */
  const seen = (rows, begin, end) => rows.filter((row) => row[1] > begin && row[0] < end);

  function span(begin, end) {
    const length = end - begin;
    const words =
      length < 90 ? `${Math.round(length)} s`
      : length < 5400 ? `${Math.round(length / 60)} min`
      : `${(length / 3600).toFixed(1)} h`;
    return `${toTheSecond.format(dateOf(begin))} – ${toTheSecond.format(dateOf(end))}, ${words}`;
  }

  function tip(node, title, ...lines) {
    node.dataset.tip = JSON.stringify([title, ...lines.filter(Boolean)]);
  }

  function ownerOf(cause) {
    if (cause < 0) return "itself";
    return story.causes[cause].split(" → ").some(isScene) ? "scene" : "hand";
  }
  const isScene = (who) => who.startsWith("automation.") || who.startsWith("script.");

  function bands(lane, view, y, group) {
    for (const [begin, end, state, cause] of seen(lane.rows, view.begin, view.end)) {
      const word = lane.states[state];
      const x = view.x(Math.max(begin, view.begin));
      const width = Math.max(view.x(Math.min(end, view.end)) - x, 1.5);
      const isPerson = lane.group === "People";
      const isRest = REST.has(word) && (!isPerson || word === "not_home");
      const isFault = lane.group === "Faults";
      const look = isFault || GONE.has(word) ? "gone" : isRest ? "rest"
        : isPerson ? (word === "home" ? "home" : "away") : ownerOf(cause);
      const height = isRest ? 3 : LANE - 6;
      const box = draw("rect", {
        x, y: y + (LANE - height) / 2, width, height, rx: isRest ? 1.5 : 4, class: look,
      }, group);
      tip(box, `${lane.name}: ${word}`, span(begin, end),
        cause >= 0 && story.causes[cause]);
      if (!isRest && look !== "gone" && width > word.length * 6.2 + 10)
        write(word, { x: x + 6, y: y + LANE / 2 + 4, class: `inside ${look}` }, group);
    }
  }

  function line(lane, view, y, group) {
    const rows = lane.rows;
    const inside = rows.filter((row) => row[0] >= view.begin && row[0] <= view.end);
    const before = rows.findLast((row) => row[0] < view.begin);
    const shown = before ? [[view.begin, before[1]], ...inside] : inside;
    if (!shown.length) return;
    const all = rows.map((row) => row[1]);
    const low = Math.min(...all), high = Math.max(...all);
    const share = (value) => (high > low ? (value - low) / (high - low) : 0.5);
    const at = (value) => y + LINE - 5 - share(value) * (LINE - 12);
    const last = shown.at(-1);
    const points = [...shown, [view.end < story.end_s ? view.end : story.end_s, last[1]]];
    // A power stays until the next is told; a temperature creeps there.
    const isStep = lane.unit === "W" || lane.unit === "kW";
    const to = ([t, v], k) => {
      const x = view.x(t).toFixed(1), height = at(v).toFixed(1);
      return k === 0 ? `M${x} ${height}` : isStep ? `H${x}V${height}` : `L${x} ${height}`;
    };
    draw("path", { d: points.map(to).join(""), class: "curve" }, group);
    for (const [t, v] of inside.filter((_, k) => k % Math.ceil(inside.length / 120) === 0)) {
      const dot = draw("rect", {
        x: view.x(t) - 4, y, width: 8, height: LINE, fill: "transparent",
      }, group);
      tip(dot, `${lane.name}: ${v} ${lane.unit}`, toTheSecond.format(dateOf(t)));
    }
  }

  function marks(lane, view, y, group) {
    for (const [t, state, cause, trigger] of lane.rows) {
      if (t < view.begin || t >= view.end) continue;
      const word = lane.states[state];
      const kind = word === "refused" ? "refused" : word === "failed" ? "failed" : "fired";
      const dot = draw("circle", {
        cx: view.x(t), cy: y + LANE / 2, r: kind === "refused" ? 3.5 : 5.5, class: kind,
      }, group);
      tip(dot, `${lane.name}: ${word}`, toTheSecond.format(dateOf(t)),
        trigger >= 0 && story.triggers[trigger], cause >= 0 && `after ${story.causes[cause]}`);
    }
  }

  const SHAPES = { bands, line, marks };

  /** Whether a lane has anything to tell between two seconds. */
  function isLively(lane, view) {
    if (lane.shape === "line") return lane.rows.length > 1;
    if (lane.shape === "marks")
      return lane.rows.some((row) => row[0] >= view.begin && row[0] < view.end);
    const rows = seen(lane.rows, view.begin, view.end);
    const words = rows.map((row) => lane.states[row[2]]).filter((word) => !GONE.has(word));
    return words.length > 0 && (rows.length > 1 || !REST.has(words[0]));
  }

  function viewOf(width) {
    const shown = story.days[day];
    const isNarrow = width < NARROW;
    const left = isNarrow ? 0 : 190;
    const begin = hours === 24 ? shown.begin_s : shown.begin_s + from * 3600;
    const end = hours === 24 ? shown.end_s : Math.min(begin + hours * 3600, shown.end_s);
    return {
      begin, end, left, width, isNarrow,
      x: (second) => left + ((second - begin) / (end - begin)) * (width - left - 2),
    };
  }

  function hoursOf(view, svg, height) {
    const many = view.isNarrow ? 6 : 12;
    const step = [300, 600, 900, 1800, 3600, 7200, 10800, 14400]
      .find((s) => (view.end - view.begin) / s <= many) || 14400;
    for (let t = view.begin; t <= view.end + 1; t += step) {
      const x = view.x(t);
      draw("line", { x1: x, x2: x, y1: TOP - 8, y2: height, class: "grid" }, svg);
      const anchor = t === view.begin ? "start" : t + step > view.end + 1 ? "end" : "middle";
      write(hourMinute.format(dateOf(t)), { x, y: 14, class: "hour", "text-anchor": anchor }, svg);
    }
  }

  function flags(view, svg, height) {
    for (const one of story.findings) {
      let last = -9;
      for (const t of one.moments_s) {
        const x = view.x(t);
        if (t < view.begin || t >= view.end || x - last < 3) continue;
        last = x;
        const flag = draw("g", { class: "flag" }, svg);
        draw("line", {
          x1: x, x2: x, y1: TOP - 12, y2: height, stroke: tone(one.kind), "stroke-opacity": 0.45,
        }, flag);
        draw("path", { d: `M${x} ${TOP - 16}l5 5-5 6-5-6z`, fill: tone(one.kind) }, flag);
        tip(flag, `${one.kind}: ${one.title}`, toTheSecond.format(dateOf(t)));
        flag.addEventListener("click", () => { location.hash = one.id; });
      }
    }
  }

  function show() {
    const place = byId("lanes");
    const width = place.clientWidth;
    const view = viewOf(width);
    const lanes = story.lanes.filter((lane) => isLively(lane, view));
    const label = view.isNarrow ? 15 : 0;
    const heightOf = (lane) => (lane.shape === "line" ? LINE : LANE) + label + 3;
    let groups = 0, last = "";
    for (const lane of lanes) {
      if (lane.group !== last) groups += 1;
      last = lane.group;
    }
    const height = TOP + groups * GROUP + lanes.reduce((sum, lane) => sum + heightOf(lane), 0);
    const svg = draw("svg", {
      viewBox: `0 0 ${width} ${height}`, height, role: "img",
      "aria-label": `What happened on ${dayName.format(dateOf(view.begin))}`,
    });
    svg.innerHTML =
      '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" ' +
      'patternTransform="rotate(45)"><rect width="2.5" height="6" fill="var(--itself)"/>' +
      "</pattern></defs>";
    hoursOf(view, svg, height);
    let y = TOP;
    last = "";
    for (const lane of lanes) {
      if (lane.group !== last) {
        const heading = lane.group[0].toUpperCase() + lane.group.slice(1);
        write(heading, { x: 0, y: y + 19, class: "group" }, svg);
        y += GROUP;
        last = lane.group;
      }
      const tall = lane.shape === "line" ? LINE : LANE;
      const middle = view.isNarrow ? y + 11 : y + tall / 2 + 4.5;
      const name = lane.name.length > 27 ? `${lane.name.slice(0, 26)}…` : lane.name;
      const said = write(name, { x: 0, y: middle }, svg);
      tip(said, lane.name, lane.entity);
      SHAPES[lane.shape](lane, view, y + label, draw("g", {}, svg));
      y += heightOf(lane);
    }
    flags(view, svg, height);
    place.replaceChildren(svg);
    const hoursShown = hours === 24 ? "" :
      `, ${hourMinute.format(dateOf(view.begin))} – ${hourMinute.format(dateOf(view.end))}`;
    const noon = dateOf(story.days[day].begin_s + 43200);
    byId("shown").textContent = dayName.format(noon) + hoursShown;
    [...byId("days").children].forEach((button, k) =>
      button.setAttribute("aria-pressed", k === day));
    for (const button of document.querySelectorAll(".zoom button"))
      button.setAttribute("aria-pressed", Number(button.dataset.hours) === hours);
  }

  function go(second, wanted) {
    day = Math.max(story.days.findIndex((one) => second < one.end_s), 0);
    hours = wanted;
    const hour = (second - story.days[day].begin_s) / 3600;
    from = Math.max(0, Math.floor(hour - wanted / 2));
    show();
    byId("days").children[day].scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function step(sign) {
    const shown = story.days[day];
    const length = (shown.end_s - shown.begin_s) / 3600;
    from += sign * hours;
    if (hours === 24 || from < 0 || from >= length) {
      const next = day + sign;
      if (next < 0 || next >= story.days.length) {
        from = Math.min(Math.max(from, 0), length - hours);
        return show();
      }
      day = next;
      from = sign > 0 ? 0 : 24 - hours;
    }
    show();
  }

  function dayButtons() {
    const short = clockOf({ weekday: "short" });
    story.days.forEach((one, k) => {
      const button = document.createElement("button");
      const noon = dateOf(one.begin_s + 43200);
      const small = document.createElement("small");
      small.textContent = short.format(noon).slice(0, 2);
      button.append(small, String(Number(one.date.slice(8))));
      const kinds = new Set(story.findings
        .filter((f) => f.moments_s.some((t) => t >= one.begin_s && t < one.end_s))
        .map((f) => f.kind));
      [...kinds].forEach((kind, n) => {
        const dot = document.createElement("i");
        dot.style.background = tone(kind);
        dot.style.left = `calc(50% - ${kinds.size * 3.5}px + ${n * 7}px)`;
        button.append(dot);
      });
      button.setAttribute("aria-label", dayName.format(noon));
      button.addEventListener("click", () => { day = k; show(); });
      byId("days").append(button);
    });
  }

  function momentButtons() {
    for (const one of story.findings) {
      const place = document.querySelector(`#${one.id} .moments`);
      if (!place) continue;
      const apart = one.moments_s.filter((t, k, all) => !k || t - all[k - 1] > APART_S);
      for (const t of apart.slice(0, MOMENTS)) {
        const button = document.createElement("button");
        button.textContent =
          `${moment.format(dateOf(t))}, ${toTheSecond.format(dateOf(t))}`;
        button.addEventListener("click", () => {
          go(t, 1);
          byId("timeline").scrollIntoView({ behavior: "smooth" });
        });
        place.append(button);
      }
    }
  }

  function showTip(event) {
    const node = event.target.closest && event.target.closest("[data-tip]");
    const box = byId("tip");
    box.hidden = !node;
    if (!node) return;
    const [title, ...lines] = JSON.parse(node.dataset.tip);
    box.replaceChildren(document.createElement("b"));
    box.firstChild.textContent = title;
    for (const text of lines) {
      const row = document.createElement("span");
      row.textContent = text;
      box.append(row);
    }
    const x = Math.min(event.clientX + 14, innerWidth - box.offsetWidth - 10);
    const isLow = event.clientY + box.offsetHeight + 30 > innerHeight;
    box.style.left = `${Math.max(x, 8)}px`;
    box.style.top = `${isLow ? event.clientY - box.offsetHeight - 14 : event.clientY + 16}px`;
  }

  byId("back").addEventListener("click", () => step(-1));
  byId("on").addEventListener("click", () => step(1));
  for (const button of document.querySelectorAll(".zoom button"))
    button.addEventListener("click", () => {
      const middle = viewOf(byId("lanes").clientWidth);
      const at = hours === 24 ? middle.begin + 12 * 3600 : (middle.begin + middle.end) / 2;
      hours = Number(button.dataset.hours);
      from = hours === 24 ? 0 : Math.max(0,
        Math.floor((at - story.days[day].begin_s) / 3600 - hours / 2 + 0.5));
      show();
    });
  for (const bar of document.querySelectorAll(".spark [data-day]"))
    bar.addEventListener("click", () => {
      day = Number(bar.dataset.day);
      hours = 24;
      show();
      byId("timeline").scrollIntoView({ behavior: "smooth" });
    });
  addEventListener("pointermove", (event) => event.pointerType === "mouse" && showTip(event));
  addEventListener("click", showTip);
  addEventListener("keydown", (event) => {
    if (event.target.closest("#timeline") === null) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  dayButtons();
  momentButtons();
  const first = story.findings.find((one) => one.moments_s.length);
  day = first ? Math.max(story.days.findIndex((d) => first.moments_s[0] < d.end_s), 0) : 0;
  if (day === 0 && !first && story.days.length > 1) day = 1;
  const strip = byId("days"), chosen = strip.children[day];
  strip.scrollLeft = chosen.offsetLeft - strip.offsetLeft - strip.clientWidth / 2 + 20;
  new ResizeObserver(show).observe(byId("lanes"));
})();
