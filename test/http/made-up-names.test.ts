import { METHODS } from "node:http";
import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { OTHER_SETTINGS, TestApp } from "../graphql/test-app.js";
import { heapMebibytes } from "../heap.js";
import { SECRET, TOKEN_ACCESS } from "./token-access.js";

/** Everything in a request that a caller makes up. */

const LONG = "x".repeat(4_000);
const JSON_TYPE = { "content-type": "application/json" };

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly payload?: string;
}

const post = (body: unknown, headers: Record<string, string> = {}): Asked => ({
  method: "POST",
  url: "/graphql",
  headers: { ...JSON_TYPE, ...headers },
  payload: JSON.stringify(body),
});

async function token(header: Record<string, unknown>, claims: Record<string, unknown>): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ sub: "ada", account_id: "acme", iat: now, exp: now + 600, ...claims })
    .setProtectedHeader({ alg: "HS256", ...header })
    .sign(new TextEncoder().encode(SECRET));
}

/** One of each kind, with a name that comes only once. */
const KINDS: readonly ((name: string, index: number) => Asked | Promise<Asked>)[] = [
  (name) => post({ query: `subscription{${name}}` }),
  (name) => post({ query: `subscription{${name} ${name}b}` }),
  (name) => post({ query: `subscription ${name}{...on ${name}{a}}` }),
  (name) => post({ query: `mutation{${name}}` }),
  (name) => post({ query: `{${name}}` }),
  (name) => post({ query: `query ${name}{__typename}` }),
  (name) => post({ query: `{${name}: __typename}` }),
  (name) => post({ query: `fragment ${name} on Query{__typename} {...${name}}` }),
  (name) => post({ query: `query($${name}: ${name}){__typename}` }),
  (name) => post({ query: "query a{__typename} query b{__typename}", operationName: name }),
  (name) => post({ query: `{${name}(` }),
  (name) => post({ query: `${name}{__typename}` }),
  (name) => post({ query: "{__typename}", extensions: { [name]: name } }),
  (name) => post({ query: `{account(id: "${name.slice(0, 60)}"){id}}` }),
  (name) => post({ query: `{config(accountId: "acme", configId: "${name}"){id}}` }),
  (name) =>
    post({ query: "{__typename}" }, { accept: `application/json;${name}`, origin: `https://${name}` }),
  (name) => post({ query: "{__typename}" }, { "content-type": `application/json; x=${name}` }),
  (name) => post({ query: "{__typename}" }, { "x-request-id": name.slice(0, 64) }),
  (name) => post({ query: "{__typename}" }, { authorization: `Bearer ${name}` }),
  async (name) =>
    post({ query: "{__typename}" }, { authorization: `Bearer ${await token({ kid: name }, {})}` }),
  async (name) => {
    const given = await token({}, { sub: name.slice(-200), account_id: name.slice(-60) });
    return post({ query: "{viewer{subject account{id}}}" }, { authorization: `Bearer ${given}` });
  },
  (name) => ({
    method: "GET",
    url: `/graphql?query={${name}}`,
    headers: { "apollo-require-preflight": "1" },
  }),
  (name) => ({ method: "GET", url: `/${name}` }),
  (name) => ({ method: "GET", url: `/v2/${name}` }),
  (name) => ({ method: "GET", url: `/v2/accounts/${name.slice(-60)}/configs/${name}` }),
  (name, index) => ({ method: METHODS[index % METHODS.length] ?? "GET", url: `/${name}` }),
  (_, index) => ({ method: METHODS[index % METHODS.length] ?? "GET", url: "/graphql" }),
  (name, index) => ({ method: METHODS[index % METHODS.length] ?? "GET", url: `/v2/${name}` }),
];

test("thousands of made-up names leave the series of /metrics, and the heap, as they were", async () => {
  const { app } = await TestApp.forTest(undefined, {
    ...OTHER_SETTINGS,
    access: TOKEN_ACCESS,
    rateLimit: 100_000,
    cacheMebibytes: 8,
  });
  let made = 0;
  const round = async (rounds: number) => {
    for (let index = 0; index < rounds; index++) {
      const asked = await Promise.all(KINDS.map((kind) => kind(`n${made++}${LONG}n${made}`, index)));
      for (const { headers = {}, ...each } of asked)
        await app.inject({ ...(each as object), headers: { host: "strata.example", ...headers } });
    }
  };
  const series = async () => {
    const lines = (await app.inject("/metrics")).payload.split("\n");
    // What Node says of itself has a series for each kind of resource that is open.
    return lines.filter((line) => line.startsWith("strata_")).map((line) => line.replace(/ [^ ]+$/, ""));
  };
  // As many rounds as there are methods, so that each outcome has been there.
  await round(METHODS.length + 5);
  await series();
  const [before, heap] = [await series(), heapMebibytes()];
  await round(100);
  const [after, grown] = [await series(), heapMebibytes() - heap];
  console.log(
    `${made} names; ${after.length} lines of series; the heap has grown by ${grown.toFixed(1)} MiB`,
  );
  expect(after.filter((line) => !before.includes(line))).toEqual([]);
  expect(after.join("\n")).not.toMatch(/xxx|n\d+x/);
  expect(before.length).toBeLessThan(2_000);
  // Texts of queries that are sound are kept, in caches of 20 MiB together; and the test keeps the log.
  expect(grown).toBeLessThan(24);
}, 300_000);
