import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import { STREAM_TIMES } from "../../../src/stream/stream-times.js";
import { TestApp } from "../../graphql/test-app.js";
import { SECRET, TOKEN_ACCESS } from "../../http/token-access.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { RedisServer } from "../redis-server.js";
import { until } from "../until.js";
import { goOn, overEvents, overWebSocket, ToldRecord } from "./live-clients.js";

const HOURS = process.env.STRATA_TEST_LONG === "1" ? 24 : 1;
const QUARTER_MS = 15 * 60_000;
const TOKEN_MS = 10 * 60_000;
const CLIENTS = 6;
const CELL = randomUUID();

let server: RedisServer;
let apps: TestApp[] = [];
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await server.stop();
});

/** The only clock that tokens and commits know. */
let time = Date.now();
const now = () => new Date(time);

async function startGateway(examples: boolean): Promise<TestApp> {
  const store = {
    kind: "redis" as const,
    target: parseRedisUrl(server.url),
    cell: CELL,
    allowUnsafe: false,
    waitReplicas: 0,
    stateFolder: temporaryFolder(),
  };
  const streams = { ...STREAM_TIMES, recheck: 50, keepAlive: 200, grace: 500 };
  const app = await TestApp.open(undefined, { store, access: TOKEN_ACCESS, examples }, { now, streams });
  await app.app.listen({ host: "127.0.0.1", port: 0 });
  return app;
}

const originOf = ({ app }: TestApp) => `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

async function headers(): Promise<Record<string, string>> {
  const token = await new SignJWT({ superadmin: true })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("ada")
    .setIssuedAt(Math.floor(time / 1_000) - 1)
    .setExpirationTime(Math.floor((time + TOKEN_MS) / 1_000))
    .sign(new TextEncoder().encode(SECRET));
  return { authorization: `Bearer ${token}` };
}

/** Of acme's conferences, or of the system's. */
async function patch(path: string, data: object): Promise<void> {
  const response = await fetch(`${originOf(apps[0] as TestApp)}/v2/${path}`, {
    method: "PATCH",
    headers: { "content-type": "application/json", ...(await headers()) },
    body: JSON.stringify({ data }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

const ends = () =>
  apps
    .flatMap(({ log }) => log)
    .filter((line) => line.includes('"stream ended"') && line.includes('"expired"'));

test(`${HOURS} hours in which tokens expire, gateways restart in turn and Redis is killed: no subscriber is silently stale`, async () => {
  apps = [await startGateway(true), await startGateway(false)];
  const origins = apps.map(originOf);
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const records = Array.from({ length: CLIENTS }, () => new ToldRecord());
  for (const [number, record] of records.entries()) {
    const over = number % 2 === 0 ? overEvents : overWebSocket;
    void goOn(origins, leaving.signal, (origin) => over(origin, record, leaving.signal, headers));
  }
  await until("all have a first state", () => records.every(({ values }) => values.length > 0), 30_000);
  const written: number[] = [];
  for (let quarter = 0; quarter < HOURS * 4; quarter++) {
    for (let number = 0; number < 3; number++) {
      written.push(10_000 + written.length);
      await patch("accounts/acme/configs/conferences", { pin_timeout: written.at(-1) });
    }
    if (quarter % 4 === 1) {
      const index = (quarter >> 2) % 2;
      const old = apps[index] as TestApp;
      const next = await startGateway(false);
      [apps[index], origins[index]] = [next, originOf(next)];
      await old.close();
    }
    if (quarter % 8 === 3) await server.restart();
    time += QUARTER_MS;
    await until(
      "every subscriber is told what is in force",
      () => records.every(({ values }) => values.at(-1) === written.at(-1)),
      30_000,
    );
  }
  for (const { values, resets } of records) {
    expect(resets).toBe(0);
    expect(values.slice(1)).toEqual(written);
  }
  console.info(
    `${written.length} writes in ${HOURS} hours; streams that ended with their token: ${ends().length}`,
  );
  expect(ends().length).toBeGreaterThan(0);
}, 600_000);
