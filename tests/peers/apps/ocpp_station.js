// A charging station made of a library alone: argv says which, where, who and how strict; lines of
// stdin are questions for the central system; every answer and every call is a line of stdout.

const readline = require("node:readline");

const [library, url, identity, version, strict, password] = process.argv.slice(2);
const ANSWERS = {
  GetConfiguration: { configurationKey: [], unknownKey: [] },
  GetVariables: (asked) => ({
    getVariableResult: asked.getVariableData.map((one) => ({
      ...one,
      attributeStatus: "UnknownVariable",
    })),
  }),
  SetVariables: (asked) => ({
    setVariableResult: asked.setVariableData.map(({ component, variable }) => ({
      component,
      variable,
      attributeStatus: "Accepted",
    })),
  }),
  GetDiagnostics: { fileName: "log.txt" },
  UnlockConnector: { status: "Unlocked" },
};

function say(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

function answer(action, payload) {
  say({ called: action, payload });
  const known = ANSWERS[action] ?? { status: "Accepted" };
  return typeof known === "function" ? known(payload) : known;
}

async function withRpc() {
  const { RPCClient } = require("ocpp-rpc");
  const client = new RPCClient({
    endpoint: url,
    identity,
    protocols: [`ocpp${version}`],
    strictMode: strict === "strict",
    password: password || undefined,
    reconnect: false,
  });
  client.handle(({ method, params }) => answer(method, params));
  await client.connect();
  return (action, payload) => client.call(action, payload);
}

async function withTs() {
  const { OcppClient } = require("ocpp-ts");
  const client = new OcppClient(identity);
  for (const action of [
    "SetChargingProfile",
    "GetConfiguration",
    "ChangeConfiguration",
    "TriggerMessage",
    "RemoteStopTransaction",
  ]) {
    client.on(action, (payload, reply) => reply(answer(action, payload)));
  }
  client.on("error", (error) => say({ error: error.message }));
  const connected = new Promise((resolve) => client.on("connect", resolve));
  const basic = Buffer.from(`${identity}:${password}`).toString("base64");
  client.connect(`${url}/`, { Authorization: `Basic ${basic}` });
  await connected;
  return (action, payload) => client.callRequest(action, payload);
}

async function main() {
  const ask = library === "ocpp-ts" ? await withTs() : await withRpc();
  say({ connected: version });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [action, payload] = JSON.parse(line);
    if (action === "cut") {
      process.exit(0); // The socket dies with it, without a word.
    }
    try {
      say({ asked: action, answer: await ask(action, payload) });
    } catch (error) {
      say({ asked: action, error: error.rpcErrorCode ?? error.code ?? error.message });
    }
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
