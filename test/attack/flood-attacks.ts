import assert from "node:assert/strict";
import type { Attack } from "./attack.js";
import type { AttackedServer } from "./attacked-server.js";
import { bearer, token } from "./credentials.js";
import type { Answer } from "./exchange.js";

export const PER_SECOND = 20;
const FLOOD = 150;
const PATH = "/v2/accounts/acme/configs/open";
const QUERY = { method: "POST", path: "/graphql", body: '{"query":"{ __typename }"}' };

type Headers = () => Promise<Readonly<Record<string, string>>>;
const as =
  (sub: string): Headers =>
  async () =>
    bearer(await token({ account_id: "acme", sub }));

async function flood(
  server: AttackedServer,
  headers: Headers,
  ask: (i: number) => "graphql" | "rest",
): Promise<Answer> {
  const sent = await headers();
  const answers = await Promise.all(
    Array.from({ length: FLOOD }, (_, i) =>
      ask(i) === "rest"
        ? server.ask({ path: PATH, headers: sent })
        : server.ask({ ...QUERY, headers: { "Content-Type": "application/json", ...sent } }),
    ),
  );
  const refused = answers.filter(({ status }) => status === 429);
  // All of them take less than two seconds to send.
  assert.ok(
    answers.length - refused.length <= 3 * PER_SECOND,
    `${answers.length - refused.length} were answered`,
  );
  const last = refused.at(-1);
  assert.ok(last !== undefined, "nobody was told to wait");
  return last;
}

const WAIT = { status: 429, also: ({ headers }: Answer) => assert.equal(headers["retry-after"], "1") };

/** One caller floods, and others are answered meanwhile. */
async function beside(server: AttackedServer): Promise<Answer> {
  const [answer, ...others] = await Promise.all([
    flood(server, as("flooding"), () => "graphql"),
    ...Array.from({ length: 10 }, async (_, i) =>
      server.ask({ path: PATH, headers: await as(`other-${i}`)() }),
    ),
  ]);
  for (const { status } of others) assert.equal(status, 200);
  return answer;
}

export const FLOOD_ATTACKS: readonly Attack[] = [
  {
    name: "queries",
    send: (server) => flood(server, as("ada"), () => "graphql"),
    expected: { ...WAIT, code: "RATE_LIMITED" },
  },
  {
    name: "requests to the REST face",
    send: (server) => flood(server, as("bob"), () => "rest"),
    expected: { ...WAIT, code: "REST 429" },
  },
  {
    name: "both in turns, which are counted together",
    send: (server) => flood(server, as("eve"), (i) => (i % 2 === 0 ? "rest" : "graphql")),
    expected: WAIT,
  },
  { name: "of one caller, while others are answered", send: beside, expected: WAIT },
  {
    name: "guesses at tokens",
    send: (server) =>
      flood(
        server,
        async () => bearer("a.b.c"),
        () => "rest",
      ),
    expected: WAIT,
  },
];
