/** Where power goes: wall, battery, wheels, cabin, electronics; dots that run with it. */

import { add, byId, isCalm, kilowatts, mark, say, SIGNAL } from "/words.js";

const QUIET_W = 5;
const NODES = {
  wall: {
    x: 40,
    y: 104,
    name: "Wall",
    icon: "M-7 -9v6M7 -9v6M-10 -3h20v3a10 10 0 0 1-20 0ZM0 10v5",
  },
  motor: {
    x: 264,
    y: 30,
    name: "Wheels",
    icon:
      "M-11 0a11 11 0 1 0 22 0a11 11 0 1 0-22 0M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0" +
      "M0-11v8M0 3v8M-11 0h8M3 0h8",
  },
  cabin: {
    x: 264,
    y: 104,
    name: "Cabin",
    icon: "M-4 3.5v-11a4 4 0 0 1 8 0v11a6.5 6.5 0 1 1-8 0ZM0 -4v12",
  },
  electronics: {
    x: 264,
    y: 178,
    name: "Electronics",
    icon: "M-7-7h14v14h-14ZM-3-7v-4M3-7v-4M-3 7v4M3 7v4M-7-3h-4M-7 3h-4M7-3h4M7 3h4",
  },
};
const PATHS = {
  wall: "M63 104H107",
  motor: "M185 84C218 66 206 30 241 30",
  cabin: "M195 104H241",
  electronics: "M185 124C218 142 206 178 241 178",
};
const svg = byId("flow");
const lines = {};
const powers = {};
let ring;
let percent;

/** Draw the diagram once; numbers and dots follow. */
export function drawFlow() {
  for (const [name, path] of Object.entries(PATHS)) {
    add(svg, "path", { d: path, class: "rail" });
    lines[name] = { element: add(svg, "path", { d: path, class: "stream" }), power: 0, at: 0 };
  }
  add(svg, "circle", { cx: 151, cy: 104, r: 40, class: "ring-rail" });
  ring = add(svg, "circle", {
    cx: 151,
    cy: 104,
    r: 40,
    class: "ring",
    pathLength: 100,
    transform: "rotate(-90 151 104)",
  });
  percent = add(svg, "text", { x: 151, y: 111, class: "ring-text" }, "–");
  add(svg, "text", { x: 151, y: 171, class: "node-name" }, "Battery");
  for (const [name, node] of Object.entries(NODES)) {
    const group = add(svg, "g", { class: "node", transform: `translate(${node.x} ${node.y})` });
    add(group, "circle", { r: 23 });
    add(group, "path", { d: node.icon });
    const beside = name === "wall" ? {} : { x: 32, class: "beside" };
    const below = name === "wall" ? [43, 63] : [-4, 16];
    const label = add(group, "text", { ...beside, y: below[0] }, node.name);
    const text = add(group, "text", { ...beside, y: below[1] });
    label.classList.add("node-name");
    text.classList.add("node-power");
    powers[name] = { group, text };
  }
}

/** Take the powers [W]; positive leaves the battery, except from the wall. */
export function showFlow(signals) {
  const watts = {
    wall: signals[SIGNAL.wallPower] ?? 0,
    motor: signals[SIGNAL.wheelPower] ?? 0,
    cabin: signals[SIGNAL.climatePower] ?? 0,
    electronics: signals[SIGNAL.auxiliaryPower] ?? 0,
  };
  for (const [name, power] of Object.entries(watts)) {
    lines[name].power = power;
    const flows = Math.abs(power) > QUIET_W;
    mark(lines[name].element, "class", `stream${flows ? "" : " still"}${power < 0 ? " back" : ""}`);
    lines[name].element.setAttribute(
      "stroke-width",
      (2.5 + Math.min(4, Math.abs(power) / 12000)).toFixed(1),
    );
    mark(powers[name].group, "class", `node${flows ? " live" : ""}`);
    say(powers[name].text, `${kilowatts(Math.abs(power) < 50 && !flows ? 0 : power)} kW`);
  }
  const charge = signals[SIGNAL.charge];
  say(percent, charge === undefined ? "–" : `${Math.round(charge)} %`);
  mark(ring, "stroke-dasharray", `${(charge ?? 0).toFixed(1)} 100`);
  say(byId("flow-words"), flowWords(watts, signals[SIGNAL.batteryPower] ?? 0));
}

function flowWords(watts, battery) {
  if (watts.wall > QUIET_W) return `${kilowatts(watts.wall)} kW from the wall`;
  if (watts.motor < -200) return `Regenerating ${kilowatts(-watts.motor)} kW`;
  if (Math.abs(battery) > 100) return `Using ${kilowatts(-battery)} kW`;
  return "At rest";
}

/** Move the dots by `elapsed` seconds: faster with more power, backwards when regenerating. */
export function moveFlow(elapsed) {
  if (isCalm()) return;
  for (const line of Object.values(lines)) {
    if (Math.abs(line.power) <= QUIET_W) continue;
    const pace = 10 + 9 * Math.log2(1 + Math.abs(line.power) / 500);
    line.at = (line.at - Math.sign(line.power) * pace * elapsed) % 1200;
    line.element.setAttribute("stroke-dashoffset", line.at.toFixed(1));
  }
}
