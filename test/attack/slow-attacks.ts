import assert from "node:assert/strict";
import { connect } from "node:net";
import type { TimeOuts } from "../../src/http/connection-limits.js";
import type { Attack } from "./attack.js";
import type { AttackedServer } from "./attacked-server.js";
import { asAcme } from "./credentials.js";
import { type Answer, message, type Part } from "./exchange.js";

/** The real ones are tens of seconds: too long to wait for. */
export const SHORT: TimeOuts = { headers: 500, request: 1_000, silence: 800, keepAlive: 500, check: 100 };
/** A slow peer is let go after the longest of them and some. */
const LET_GO_MS = 4_000;
const READ_NOTHING_MS = 2_000;
const DRIP_MS = 150;

const TOO_SLOW = { status: 408, code: "BAD_USER_INPUT" };
const drip = (text: string): Part[] => [...text].flatMap((character) => [character, DRIP_MS]);
const letGo = ({ milliseconds }: Answer): void => assert.ok(milliseconds < LET_GO_MS, `${milliseconds} ms`);

async function head(headers: Record<string, string>): Promise<Buffer> {
  return message({ method: "POST", path: "/graphql", headers: { ...(await asAcme()), ...headers } });
}

function slowly(
  name: string,
  parts: () => Promise<Part[]> | Part[],
  expected: Attack["expected"] = TOO_SLOW,
): Attack {
  return {
    name,
    send: async (server) => server.send(await parts(), true),
    expected: { also: letGo, ...expected },
  };
}

const SET = `mutation ($values: JSONObject!) {
  setConfig(input: { accountId: "acme", configId: "c", values: $values }) { __typename } }`;
const ALIASES = Array.from({ length: 30 }, (_, i) => `a${i}: values`).join(" ");
/** Some six megabytes: more than the buffers between two processes take. */
const LARGE = JSON.stringify({ query: `{ config(accountId: "acme", configId: "c") { ${ALIASES} } }` });

/** Asks for megabytes, reads none of them for a while, and then what is still to come. */
async function readNothing(server: AttackedServer, poke: boolean): Promise<Answer> {
  const headers = await asAcme();
  const values = { big: Array.from({ length: 200 }, (_, i) => `${i} ${"x".repeat(1_000)}`) };
  const body = JSON.stringify({ query: SET, variables: { values } });
  await server.ask({ method: "POST", path: "/graphql", headers, body });
  const ask = {
    method: "POST",
    path: "/graphql",
    headers: { ...headers, Connection: "keep-alive" },
    body: LARGE,
  };
  const socket = connect(server.port, "127.0.0.1").pause();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  let received = 0;
  socket
    .on("error", () => {})
    .on("data", (chunk) => {
      received += chunk.length;
    });
  socket.pause().write(message(ask));
  const poking = setInterval(() => poke && socket.write("G"), 100);
  await new Promise((resolve) => setTimeout(resolve, READ_NOTHING_MS));
  clearInterval(poking);
  socket.resume();
  await closed;
  assert.ok(received < 4 * 2 ** 20, `${received} bytes came`);
  return server.ask({ path: "/health/live" });
}

/** Many slow ones at once, while somebody else asks. */
async function manySlow(server: AttackedServer): Promise<Answer> {
  const slow = Array.from({ length: 100 }, () =>
    server.send(["GET / HTTP/1.1\r\nHost: a\r\n", 300, "X: 1\r\n"], true),
  );
  const others = await Promise.all(Array.from({ length: 20 }, () => server.ask({ path: "/health/live" })));
  for (const { status } of others) assert.equal(status, 200);
  const answers = await Promise.all(slow);
  for (const answer of answers) letGo(answer);
  return answers[0] as Answer;
}

export const SLOW_ATTACKS: readonly Attack[] = [
  slowly("nothing at all", () => [""]),
  slowly("headers, letter by letter", () =>
    drip(`GET / HTTP/1.1\r\nHost: strata.example\r\nX: ${"x".repeat(200)}`),
  ),
  slowly("headers that never end", () => ["GET / HTTP/1.1\r\nHost: a\r\n"]),
  slowly("a body with a length, letter by letter", async () => [
    await head({ "Content-Length": "1000" }),
    ...drip(" ".repeat(100)),
  ]),
  slowly("a body in chunks, letter by letter", async () => [
    await head({ "Transfer-Encoding": "chunked" }),
    ...Array(50).fill(["1\r\n \r\n", DRIP_MS]).flat(),
  ]),
  slowly(
    "the second request's headers",
    () => [
      "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n",
      100,
      ...drip(`GET /health/live HTTP/1.1\r\nX: ${"x".repeat(100)}`),
    ],
    { status: 200 },
  ),
  slowly("nothing after a first request", () => ["GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"], {
    status: 200,
  }),
  slowly("a body that stops", async () => [await head({ "Content-Length": "1000" }), "{"], { status: 0 }),
  { name: "a hundred slow ones", send: manySlow, expected: TOO_SLOW },
  {
    name: "a reader that reads nothing",
    send: (server) => readNothing(server, false),
    expected: { status: 200 },
  },
  {
    name: "a reader that reads nothing and goes on writing",
    send: (server) => readNothing(server, true),
    expected: { status: 200 },
  },
];
