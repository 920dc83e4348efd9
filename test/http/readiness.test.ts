import { renameSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../src/app.js";
import type { Settings } from "../../src/settings.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import { startFairClock } from "../fair-time.js";
import { OTHER_SETTINGS } from "../graphql/test-app.js";
import { freePort } from "../redis/free-port.js";
import { RedisServer } from "../redis/redis-server.js";
import { until } from "../redis/until.js";
import { SHIPPED_SCHEMAS } from "../service/services.js";
import { temporaryFolder } from "../temporary-folder.js";

const READY = { status: "ready", reads: "answered", writes: "accepted" };
const READING = {
  status: "ready",
  reads: "answered",
  writes: "refused",
  reason: "The store takes no writes: the log says why.",
};
const NOT_READY = {
  status: "not ready",
  reads: "refused",
  writes: "refused",
  reason: "The store cannot be read: the log says why.",
};

async function open(store: Settings["store"]): Promise<{ app: FastifyInstance; log: string[] }> {
  const log: string[] = [];
  const logger = pino({ level: "info" }, { write: (line: string) => log.push(line) });
  const settings = { ...OTHER_SETTINGS, store, schemas: SHIPPED_SCHEMAS, examples: true, corsOrigins: [] };
  const app = await createApp(settings, logger);
  onTestFinished(() => app.close());
  return { app, log };
}

const redisAt = (url: string): Settings["store"] => ({
  kind: "redis",
  target: parseRedisUrl(url),
  cell: "ready",
  allowUnsafe: false,
  waitReplicas: 0,
  stateFolder: temporaryFolder(),
});

async function ready(app: FastifyInstance): Promise<[status: number, body: unknown]> {
  const elapsed = startFairClock();
  const response = await app.inject({ url: "/health/ready", headers: { host: "127.0.0.1" } });
  expect(elapsed()).toBeLessThan(2_500);
  return [response.statusCode, response.json()];
}

const becomes = (app: FastifyInstance, body: unknown) =>
  until(
    JSON.stringify(body),
    async () => JSON.stringify((await ready(app))[1]) === JSON.stringify(body),
    12_000,
  );

/** Each way in which a Redis stops taking writes, and how that ends. */
const REFUSALS: readonly (readonly [
  name: string,
  begin: (server: RedisServer) => Promise<unknown>,
  end: (server: RedisServer) => Promise<unknown>,
  said: RegExp,
])[] = [
  [
    "has no memory left",
    (server) => server.command("CONFIG", "SET", "maxmemory", "1mb"),
    (server) => server.command("CONFIG", "SET", "maxmemory", "0"),
    /OOM/,
  ],
  [
    "was made a replica",
    async (server) => server.command("REPLICAOF", "127.0.0.1", String(await freePort())),
    (server) => server.command("REPLICAOF", "NO", "ONE"),
    /it is a replica/,
  ],
  [
    "lacks the replicas that it was told to have",
    (server) => server.command("CONFIG", "SET", "min-replicas-to-write", "1"),
    (server) => server.command("CONFIG", "SET", "min-replicas-to-write", "0"),
    /NOREPLICAS/,
  ],
  [
    "forbids the functions that write",
    (server) => server.command("ACL", "SETUSER", "default", "-fcall"),
    (server) => server.command("ACL", "SETUSER", "default", "+fcall"),
    /NOPERM/,
  ],
  [
    "holds writes back",
    (server) => server.command("CLIENT", "PAUSE", "30000", "WRITE"),
    (server) => server.command("CLIENT", "UNPAUSE"),
    /refused the last one/,
  ],
];

test.each(REFUSALS)(
  "a gateway whose Redis %s answers reads, says that it takes no writes, and recovers",
  {
    timeout: 40_000,
  },
  async (_, begin, end, said) => {
    const server = await RedisServer.start();
    onTestFinished(() => server.stop());
    const { app, log } = await open(redisAt(server.url));
    expect(await ready(app)).toEqual([200, READY]);
    await begin(server);
    await becomes(app, READING);
    expect(log.filter((line) => said.test(line))).not.toEqual([]);
    await end(server);
    await becomes(app, READY);
  },
);

test("a gateway whose Redis is stopped is not ready, and is again once it goes on", async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const { app } = await open(redisAt(server.url));
  server.pause();
  await becomes(app, NOT_READY);
  server.resume();
  await becomes(app, READY);
});

test("a gateway whose folder was moved away answers reads, says that it takes no writes, and recovers", async () => {
  const folder = join(temporaryFolder(), "store");
  const { app, log } = await open({ kind: "lmdb", folder });
  expect(await ready(app)).toEqual([200, READY]);
  renameSync(folder, `${folder}-aside`);
  await becomes(app, READING);
  expect(log.join("")).toMatch(/No writes are taken: .*was deleted or replaced/);
  renameSync(`${folder}-aside`, folder);
  await becomes(app, READY);
});

test("a gateway that cannot reach its Redis says within two seconds what is wrong, and how often it tries", async () => {
  const port = await freePort();
  const log: string[] = [];
  const logger = pino({ level: "info" }, { write: (line: string) => log.push(line) });
  const settings = { ...OTHER_SETTINGS, schemas: SHIPPED_SCHEMAS, examples: true, corsOrigins: [] };
  const elapsed = startFairClock();
  const opening = createApp({ ...settings, store: redisAt(`redis://127.0.0.1:${port}`) }, logger);
  opening.catch(() => "said below");
  // The look at whether this Redis takes writes may be heard first: it waits for the same connection.
  const said =
    /Redis at redis:\/\/127\.0\.0\.1:\d+ cannot be used: .*ECONNREFUSED.* Is it running there\? Trying again, at least once a second, for 4 more seconds\./;
  await until("it says so", () => said.test(log.join("")), 2_000);
  expect(elapsed()).toBeLessThan(2_500);
  await expect(opening).rejects.toThrow(/ECONNREFUSED/);
});
