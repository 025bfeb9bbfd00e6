// Run by Node: a client made from the public protocol alone, calling every RPC there is.
// Usage: node node_client.js PORT DESCRIPTORS_OF_KUKSA DESCRIPTORS_OF_VELOCITAS PATHS_AS_JSON
"use strict";
const fs = require("node:fs");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [, , port, kuksaFile, velocitasFile, pathsText] = process.argv;
const { speed, window: pane, other, seat, unknown } = JSON.parse(pathsText);
const OPTIONS = { keepCase: true, longs: Number, enums: String, oneofs: true, arrays: true };
const DEADLINE_MS = 30_000;

function stubs(file) {
  const set = loader.loadFileDescriptorSetFromBuffer(fs.readFileSync(file), OPTIONS);
  return grpc.loadPackageDefinition(set);
}

const kuksa = stubs(kuksaFile).kuksa.val;
const velocitas = stubs(velocitasFile).sdv.databroker.v1;
const made = (Service) =>
  new Service(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
const v1 = made(kuksa.v1.VAL);
const v2 = made(kuksa.v2.VAL);
const broker = made(velocitas.Broker);
const collector = made(velocitas.Collector);

const say = (rpc, what) => process.stdout.write(JSON.stringify({ rpc, ...what }) + "\n");
const deadline = () => ({ deadline: Date.now() + DEADLINE_MS });

// One question, one answer; an error becomes its status code.
function ask(client, name, request) {
  return new Promise((resolve) => {
    client[name](request, deadline(), (error, reply) =>
      resolve(error ? { code: error.code, details: error.details } : reply)
    );
  });
}

// The first message of a server's stream that `accept` takes; the stream is then cancelled.
function hear(client, name, request, accept) {
  return new Promise((resolve) => {
    const stream = client[name](request, deadline());
    let done = false;
    const end = (value) => {
      if (done) return;
      done = true;
      stream.cancel();
      resolve(value);
    };
    stream.on("data", (message) => accept(message) && end(message));
    stream.on("error", (error) => end({ code: error.code, details: error.details }));
    stream.on("end", () => end({ ended: true }));
  });
}

// Waits for messages of a stream that stays open.
function reader(stream) {
  const heard = [];
  const waiting = [];
  const put = (message) => (waiting.length ? waiting.shift()(message) : heard.push(message));
  stream.on("data", put);
  stream.on("error", (error) => put({ code: error.code, details: error.details }));
  return () =>
    heard.length
      ? Promise.resolve(heard.shift())
      : new Promise((resolve) => waiting.push(resolve));
}

// Made from descriptors, this library's maps are lists of pairs, which on the wire is the same.
const record = (pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
const pairs = (record) =>
  Object.entries(record).map(([key, value]) => ({ key, value }));

const byPath = (path) => ({ path });
const percent = (value) => ({ uint32: value });

async function readByV2() {
  say("v2/GetServerInfo", await ask(v2, "GetServerInfo", {}));
  const { metadata } = await ask(v2, "ListMetadata", { root: pane });
  say("v2/ListMetadata", { metadata });
  const all = await ask(v2, "ListMetadata", { root: "Vehicle" });
  say("v2/ListMetadata", { count: all.metadata.length });
  const id = { id: metadata[0].id };
  say("v2/GetValue", await ask(v2, "GetValue", { signal_id: byPath(speed) }));
  say("v2/GetValue", await ask(v2, "GetValue", { signal_id: id }));
  say("v2/GetValue", await ask(v2, "GetValue", { signal_id: byPath(unknown) }));
  say("v2/GetValues", await ask(v2, "GetValues", { signal_ids: [byPath(speed), id] }));
  return metadata[0].id;
}

async function actuateByV2(id) {
  const moved = hear(v2, "Subscribe", { signal_paths: [pane] }, (message) =>
    record(message.entries)[pane].value?.uint32 === 12
  );
  const movedById = hear(v2, "SubscribeById", { signal_ids: [id] }, (message) =>
    record(message.entries)[id].value?.uint32 === 12
  );
  const wish = { signal_id: byPath(pane), value: percent(12) };
  say("v2/Actuate", await ask(v2, "Actuate", wish));
  say("v2/Subscribe", { entries: record((await moved).entries) });
  say("v2/SubscribeById", { entry: record((await movedById).entries)[id] });
  const far = { signal_id: byPath(pane), value: percent(101) };
  say("v2/Actuate", await ask(v2, "Actuate", far));
  say("v2/Actuate", await ask(v2, "Actuate", { signal_id: byPath(speed), value: { float: 3 } }));
  say("v2/Actuate", await ask(v2, "Actuate", { signal_id: byPath(pane), value: { string: "up" } }));
  say("v2/BatchActuate", await ask(v2, "BatchActuate", { actuate_requests: [
    { signal_id: byPath(pane), value: percent(0) },
    { signal_id: byPath(other), value: percent(8) },
  ] }));
  say("v2/ActuateStream", await new Promise((resolve) => {
    const stream = v2.ActuateStream(deadline(), (error, reply) =>
      resolve(error ? { code: error.code, details: error.details } : reply)
    );
    for (const value of [4, 6]) stream.write({ signal_id: byPath(other), value: percent(value) });
    stream.end();
  }));
  await hear(v2, "Subscribe", { signal_paths: [other] }, (message) =>
    record(message.entries)[other].value?.uint32 === 6
  );
  const branch = await hear(v2, "Subscribe", { signal_paths: ["Vehicle.Cabin"] }, () => true);
  say("v2/Subscribe", branch);
}

// Claims an actuator, half-closes its side as kuksa-client does, and still hears what is asked.
async function provideByV2() {
  const { metadata } = await ask(v2, "ListMetadata", { root: seat });
  const id = metadata[0].id;
  const stream = v2.OpenProviderStream(deadline());
  const next = reader(stream);
  stream.write({ provide_actuation_request: { actuator_identifiers: [byPath(seat)] } });
  say("v2/OpenProviderStream", { claimed: await next() });
  const asked = next();
  say("v2/Actuate", await ask(v2, "Actuate", { signal_id: byPath(seat), value: { uint32: 120 } }));
  say("v2/OpenProviderStream", { asked: await asked });
  const give = (request_id, value) => {
    const data_points = pairs({ [id]: { value } });
    stream.write({ publish_values_request: { request_id, data_points } });
  };
  // Only what is refused is answered.
  give(7, { uint32: 119 });
  give(8, { string: "far" });
  const refused = (await next()).publish_values_response;
  say("v2/OpenProviderStream", { ...refused, status: record(refused.status) });
  say("v2/GetValue", await ask(v2, "GetValue", { signal_id: byPath(seat) }));
  const point = { value: { uint32: 121 } };
  const given = { signal_id: byPath(seat), data_point: point };
  say("v2/PublishValue", await ask(v2, "PublishValue", given));
  say("v2/GetValue", await ask(v2, "GetValue", { signal_id: byPath(seat) }));
  stream.end();
  const late = next();
  await ask(v2, "Actuate", { signal_id: byPath(seat), value: { uint32: 90 } });
  say("v2/OpenProviderStream", { after_half_close: await late });
  stream.cancel();
}

async function speakV1() {
  say("v1/GetServerInfo", await ask(v1, "GetServerInfo", {}));
  const entry = (path) => ({ path, view: "VIEW_ALL", fields: ["FIELD_VALUE", "FIELD_METADATA"] });
  say("v1/Get", await ask(v1, "Get", { entries: [entry(pane)] }));
  say("v1/Get", await ask(v1, "Get", { entries: [entry(unknown)] }));
  const update = (path, value) => ({
    entry: { path, actuator_target: value },
    fields: ["FIELD_ACTUATOR_TARGET"],
  });
  say("v1/Set", await ask(v1, "Set", { updates: [update(other, percent(2))] }));
  say("v1/Set", await ask(v1, "Set", { updates: [update(speed, { float: 3 })] }));
  const entries = [{ path: other, view: "VIEW_CURRENT_VALUE", fields: ["FIELD_VALUE"] }];
  const reached = (message) => message.updates.some((u) => u.entry.value?.uint32 === 2);
  say("v1/Subscribe", await hear(v1, "Subscribe", { entries }, reached));
  const stream = v1.StreamedUpdate(deadline());
  const next = reader(stream);
  stream.write({ updates: [update(other, percent(5))] });
  say("v1/StreamedUpdate", { reply: await next() });
  stream.write({ updates: [update(unknown, percent(5))] });
  say("v1/StreamedUpdate", { reply: await next() });
  stream.end();
}

async function speakSdv() {
  const names = [speed, pane];
  say("sdv.Broker/GetMetadata", await ask(broker, "GetMetadata", { names }));
  const read = async (datapoints) =>
    record((await ask(broker, "GetDatapoints", { datapoints })).datapoints);
  say("sdv.Broker/GetDatapoints", await read([speed, unknown]));
  const set = (points) => ask(broker, "SetDatapoints", { datapoints: pairs(points) });
  const answer = await set({ [other]: { uint32_value: 9 }, [speed]: { float_value: 3 } });
  say("sdv.Broker/SetDatapoints", { errors: record(answer.errors) });
  await set({ [other]: { uint32_value: 9 } });
  const query = `SELECT ${other} WHERE ${other} > 6`;
  const over = await hear(broker, "Subscribe", { query }, () => true);
  say("sdv.Broker/Subscribe", { fields: record(over.fields) });
  say("sdv.Broker/Subscribe", await hear(broker, "Subscribe", { query: "SELEKT" }, () => true));
  const own = "Vehicle.Private.Peer.Mood";
  const list = [{ name: own, data_type: "STRING", change_type: "ON_CHANGE", description: "Ours" }];
  const registered = await ask(collector, "RegisterDatapoints", { list });
  const id = record(registered.results)[own];
  say("sdv.Collector/RegisterDatapoints", { id });
  const mood = (text, of = id) => ({ datapoints: pairs({ [of]: { string_value: text } }) });
  say("sdv.Collector/UpdateDatapoints", await ask(collector, "UpdateDatapoints", mood("happy")));
  say("sdv.Broker/GetDatapoints", await read([own]));
  const stream = collector.StreamDatapoints(deadline());
  const next = reader(stream);
  stream.write(mood("glad"));
  const glad = (message) => record(message.fields)[own]?.string_value === "glad";
  const heard = await hear(broker, "Subscribe", { query: `SELECT ${own}` }, glad);
  say("sdv.Collector/StreamDatapoints", { fields: record(heard.fields) });
  stream.write(mood("nobody", 2147483647));
  say("sdv.Collector/StreamDatapoints", { errors: record((await next()).errors) });
  stream.end();
}

async function main() {
  const id = await readByV2();
  await actuateByV2(id);
  await provideByV2();
  await speakV1();
  await speakSdv();
  process.exit(0);
}

main();
