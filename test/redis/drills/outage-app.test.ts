import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { until } from "../until.js";
import { ANSWERED_WITHIN_MS } from "./kills-load.js";
import { openApp } from "./outage-app.js";
import { BACK_WITHIN_MS, OUTAGE_MS, OUTAGES, openPlace, type Place } from "./outage-place.js";

const AT_ONCE = 200;
const BURSTS = 2;

interface Request {
  readonly name: string;
  readonly needsStore: boolean;
  readonly method: "GET" | "POST" | "PATCH";
  readonly url: string;
  readonly payload?: unknown;
  /** What the status may be while the store does not answer. */
  readonly failures: readonly number[];
}

interface Answer {
  readonly request: Request;
  readonly status: number;
  /** Whether it is what was asked for. */
  readonly isFine: boolean;
  readonly codes: readonly string[];
  readonly milliseconds: number;
}

const graphql = (name: string, query: string, needsStore = true): Request => ({
  name,
  needsStore,
  method: "POST",
  url: "/graphql",
  payload: { query },
  failures: [200],
});
const write = (account: string, n: number) =>
  graphql(
    "write by GraphQL",
    `mutation {
      patchConfig(input: { accountId: "${account}", configId: "conferences", patch: { pin_timeout: ${1_000 + n} } }) {
        __typename
      }
    }`,
  );
const urlOf = (account: string) => `/v2/accounts/${account}/configs/conferences`;

/** In turn, each about an account of its own, until there are enough. */
const KINDS: readonly ((account: string, n: number) => Request)[] = [
  (account) =>
    graphql("read by GraphQL", `{ config(accountId: "${account}", configId: "conferences") { id etag } }`),
  (account) => ({
    name: "read by REST",
    needsStore: true,
    method: "GET",
    url: urlOf(account),
    failures: [503],
  }),
  write,
  (account, n) => ({
    name: "write by REST",
    needsStore: true,
    method: "PATCH",
    url: urlOf(account),
    payload: { data: { pin_timeout: 1_000 + n } },
    failures: [503, 504],
  }),
  () => graphql("schemas by GraphQL", "{ configSchemas { id title } }", false),
  () => ({ name: "live", needsStore: false, method: "GET", url: "/health/live", failures: [] }),
  () => ({ name: "ready", needsStore: true, method: "GET", url: "/health/ready", failures: [503] }),
];
const accountOf = (n: number) => `account${n}`;
const MIXED = Array.from({ length: AT_ONCE }, (_, n) =>
  KINDS.slice(n % KINDS.length, (n % KINDS.length) + 1).map((kind) => kind(accountOf(n), n)),
).flat();

/** With an account for each request, and everything asked once so that what follows is not slowed by a first time. */
async function openWarmApp(place: Place): Promise<FastifyInstance> {
  const app = await openApp(place.proxy.port);
  const accounts = MIXED.map((_, n) =>
    graphql(
      "account",
      `mutation { createAccount(input: { id: "${accountOf(n)}", name: "n", parentId: "summit" }) { __typename } }`,
    ),
  );
  for (const requests of [accounts, MIXED]) {
    // A few at a time: a first time takes long.
    for (let from = 0; from < requests.length; from += 20) {
      const answers = await askAll(app, requests.slice(from, from + 20));
      expect(answers.filter(({ isFine }) => !isFine)).toEqual([]);
    }
  }
  return app;
}

async function askAll(app: FastifyInstance, requests: readonly Request[]): Promise<Answer[]> {
  return Promise.all(requests.map((request) => ask(app, request)));
}

async function ask(app: FastifyInstance, request: Request): Promise<Answer> {
  const start = performance.now();
  const { method, url, payload } = request;
  const response = await app.inject({
    method,
    url,
    headers: { host: "127.0.0.1", ...(payload !== undefined && { "content-type": "application/json" }) },
    ...(payload !== undefined && { payload: JSON.stringify(payload) }),
  });
  const { errors = [] } = response.json<{ errors?: { extensions: { code: string } }[] }>();
  const codes = errors.map(({ extensions }) => extensions.code);
  return {
    request,
    status: response.statusCode,
    isFine: response.statusCode === 200 && errors.length === 0,
    codes,
    milliseconds: performance.now() - start,
  };
}

const UNAVAILABLE = ["STORE_UNAVAILABLE", "WRITE_OUTCOME_UNKNOWN"];

/** What is wrong with it as an answer during an outage; undefined: nothing. */
function fault({ request, status, isFine, codes, milliseconds }: Answer): string | undefined {
  const told = `${request.name}: ${status} ${codes.join(" ")} after ${Math.round(milliseconds)} ms`;
  if (milliseconds > ANSWERED_WITHIN_MS) return told;
  if (!request.needsStore) return isFine ? undefined : told;
  const isToldRight = request.failures.includes(status) && codes.every((code) => UNAVAILABLE.includes(code));
  return isToldRight && !isFine ? undefined : told;
}

/** Enough of them to see what is the matter. */
function faults(answers: readonly Answer[]): string[] {
  return answers.flatMap((answer) => fault(answer) ?? []).slice(0, 10);
}

function slowest(answers: readonly Answer[]): number {
  return Math.round(Math.max(...answers.map(({ milliseconds }) => milliseconds)));
}

test.each(OUTAGES)(
  `while Redis $what ${AT_ONCE} requests at a time are answered in time, each with what is the matter`,
  async ({ what, begin, end }) => {
    const place = await openPlace();
    const app = await openWarmApp(place);
    await begin(place);
    const bursts: Promise<Answer[]>[] = [];
    for (let burst = 0; burst < BURSTS; burst++) {
      bursts.push(askAll(app, MIXED));
      await delay(OUTAGE_MS / BURSTS);
    }
    const answers = (await Promise.all(bursts)).flat();
    await end(place);
    const back = performance.now();
    const isBack = async () =>
      (await askAll(app, MIXED.slice(0, KINDS.length))).every(({ isFine }) => isFine);
    await until("everything is answered", isBack, BACK_WITHIN_MS);
    const backMs = Math.round(performance.now() - back);
    console.log(`${what}: slowest answer ${slowest(answers)} ms, back after ${backMs} ms`);
    expect(faults(answers)).toEqual([]);
  },
);

test(`${AT_ONCE} writes of one config during an outage are answered in time: none waits for all that came before it`, async () => {
  const place = await openPlace();
  const app = await openWarmApp(place);
  place.server.pause();
  const answers = await askAll(
    app,
    MIXED.map((_, n) => write(accountOf(0), n)),
  );
  place.server.resume();
  console.log(`${AT_ONCE} writes of one config: slowest answer ${slowest(answers)} ms`);
  expect(faults(answers)).toEqual([]);
});
