import { Agent, request } from "node:http";
import { AttackedServer } from "../test/attack/attacked-server.js";
import { asAcme, asOperator } from "../test/attack/credentials.js";
import { plantCanaries } from "../test/attack/plant-canaries.js";
import { buildProcesses } from "../test/built-processes.js";
import { median } from "./report/ratios.js";

// What is foreign is answered as what is absent, and nobody should be able to tell by the clock either. Asks for both in
// turns, over one connection, and compares the medians; a second absent account says how much of a ratio is noise.

const WARM_UP = 100;
const ROUNDS = 1_000;
const DEPTH = 24;
const ABSENT = "nobody-a";
const TOLERATED = 0.05;

interface Ask {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

const graphql = (query: string): Ask => ({
  method: "POST",
  path: "/graphql",
  body: JSON.stringify({ query }),
});
const WAYS: Readonly<Record<string, (id: string) => Ask>> = {
  "GraphQL, account": (id) => graphql(`{ account(id: "${id}") { id name } }`),
  "GraphQL, config": (id) => graphql(`{ config(accountId: "${id}", configId: "open") { etag values } }`),
  "GraphQL, write": (id) =>
    graphql(
      `mutation { patchConfig(input: { accountId: "${id}", configId: "open", patch: { a: 1 } }) { __typename } }`,
    ),
  "REST, GET": (id) => ({ method: "GET", path: `/v2/accounts/${id}/configs/open` }),
  "REST, PATCH": (id) => ({
    method: "PATCH",
    path: `/v2/accounts/${id}/configs/open`,
    body: '{"data":{"a":1}}',
  }),
};

const processes = await buildProcesses();
const server = await AttackedServer.start();
await plantCanaries(server);
const deepest = await makeDeep();
const FOREIGN: Readonly<Record<string, string>> = {
  "its reseller": "summit",
  "the root": "northstar",
  "a sibling": "globex",
  [`${DEPTH} levels deep`]: deepest,
  "absent as well": "nobody-b",
};
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const headers = await asAcme();
let worst = 0;
for (const [way, ask] of Object.entries(WAYS)) {
  console.log(`\n${way}: median of ${ROUNDS}, in microseconds`);
  for (const [who, id] of Object.entries(FOREIGN)) {
    const { foreign, absent } = await compare(ask(id), ask(ABSENT));
    const ratio = foreign / absent;
    if (id !== "nobody-b") worst = Math.max(worst, Math.abs(ratio - 1));
    console.log(
      `  ${who.padEnd(16)} ${foreign.toFixed(0).padStart(6)}   absent ${absent.toFixed(0).padStart(6)}   ratio ${ratio.toFixed(3)}`,
    );
  }
}
agent.destroy();
await server.close();
processes.remove();
console.log(`\nfarthest from 1: ${(worst * 100).toFixed(1)} % (at most ${TOLERATED * 100} %)`);
process.exitCode = worst > TOLERATED ? 1 : 0;

/** A chain of accounts below somebody else's: its lineage is the longest to be read. */
async function makeDeep(): Promise<string> {
  const operator = await asOperator();
  let parent = "harbor";
  for (let level = 3; level <= DEPTH; level++) {
    const { body = "", ...ask } = graphql(
      `mutation { createAccount(input: { id: "deep-${level}", name: "x", parentId: "${parent}" }) { account { id } } }`,
    );
    await server.ask({ ...ask, headers: operator, body });
    parent = `deep-${level}`;
  }
  return parent;
}

async function compare(one: Ask, other: Ask): Promise<{ foreign: number; absent: number }> {
  const times = { foreign: [] as number[], absent: [] as number[] };
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    // Each is as often the first as the second.
    const order = round % 2 === 0 ? (["foreign", "absent"] as const) : (["absent", "foreign"] as const);
    for (const which of order) {
      const microseconds = await timeOf(which === "foreign" ? one : other);
      if (round >= WARM_UP) times[which].push(microseconds);
    }
  }
  return { foreign: median(times.foreign), absent: median(times.absent) };
}

function timeOf({ method, path, body }: Ask): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const sent = request({
      agent,
      host: "127.0.0.1",
      port: server.port,
      method,
      path,
      headers: { ...headers, ...length },
    });
    sent.on("response", (response) => {
      response.resume().on("end", () => resolve((performance.now() - start) * 1_000));
    });
    sent.on("error", reject).end(body);
  });
}
