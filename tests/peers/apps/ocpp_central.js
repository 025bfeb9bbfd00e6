// A central system made of a library alone: it says yes to all, prints every call as a line of
// stdout, and asks the station what lines of stdin say.

const readline = require("node:readline");

const [library, version, strict] = process.argv.slice(2);
const OLD = version === "1.6";
const accepted = { status: "Accepted" };
const ANSWERS = {
  BootNotification: () => ({ ...accepted, currentTime: new Date().toISOString(), interval: 300 }),
  Heartbeat: () => ({ currentTime: new Date().toISOString() }),
  Authorize: () => (OLD ? { idTagInfo: accepted } : { idTokenInfo: accepted }),
  StartTransaction: () => ({ transactionId: 4711, idTagInfo: accepted }),
  NotifyEVChargingNeeds: () => accepted,
};
let station = null;

function say(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

function answer(action, payload) {
  say({ called: action, payload });
  return (ANSWERS[action] ?? (() => ({})))();
}

async function withRpc() {
  const { RPCServer } = require("ocpp-rpc");
  const server = new RPCServer({ protocols: [`ocpp${version}`], strictMode: strict === "strict" });
  server.auth((accept) => accept({}));
  server.on("client", (client) => {
    station = (action, payload) => client.call(action, payload);
    client.handle(({ method, params }) => answer(method, params));
    say({ connected: client.identity, protocol: client.protocol });
  });
  const http = await server.listen(0, "127.0.0.1");
  say({ port: http.address().port });
}

function withTs(port) {
  const { OcppServer } = require("ocpp-ts");
  const server = new OcppServer();
  server.on("connection", (client) => {
    station = (action, payload) => client.callRequest(action, payload);
    for (const action of [
      ...Object.keys(ANSWERS),
      "StatusNotification",
      "MeterValues",
      "StopTransaction",
    ]) {
      client.on(action, (payload, reply) => reply(answer(action, payload)));
    }
    say({ connected: client.getCpId() });
  });
  server.on("authorization", (_id, _request, done) => done());
  server.listen(port);
  say({ port });
}

async function main() {
  if (library === "ocpp-ts") {
    // This library cannot say which free port it took.
    const probe = require("node:net").createServer();
    await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const { port } = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    withTs(port);
  } else {
    await withRpc();
  }
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [action, payload] = JSON.parse(line);
    try {
      say({ asked: action, answer: await station(action, payload) });
    } catch (error) {
      say({ asked: action, error: error.rpcErrorCode ?? error.code ?? error.message });
    }
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
