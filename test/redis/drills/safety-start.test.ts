import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import type { StoreNotice } from "../../../src/store/store-notice.js";
import { fairNow } from "../../fair-time.js";
import { freePort } from "../free-port.js";
import { RedisServer } from "../redis-server.js";

const WITHIN_MS = 6_000;
const HOST = "127.0.0.1";
const PASSWORD = "correct-horse";
const WRONG = "battery-staple";
/** No name has so long a part: nobody has to be asked about it. */
const NO_NAME = `${"a".repeat(64)}.invalid`;

/** Each way to be mistaken about a server, and what is said of it besides the host. */
const MISTAKES = [
  ["a wrong password", () => `redis://:${WRONG}@${HOST}:${locked.port}`, "WRONGPASS"],
  ["a wrong user", () => `redis://somebody:${PASSWORD}@${HOST}:${locked.port}`, "WRONGPASS"],
  ["no password", () => `redis://${HOST}:${locked.port}`, "NOAUTH"],
  ["a user who may not load functions", () => `redis://limited:${PASSWORD}@${HOST}:${locked.port}`, "NOPERM"],
  ["a wrong password for a Cluster", () => `redis+cluster://:${WRONG}@${HOST}:${locked.port}`, "WRONGPASS"],
  ["a database that it does not have", () => `redis://:${PASSWORD}@${HOST}:${locked.port}/99`, "DB index"],
  ["a port where nobody listens", () => `redis://:${PASSWORD}@${HOST}:${nobody}`, "ECONNREFUSED"],
  ["a host that is none", () => `redis://:${PASSWORD}@${NO_NAME}:6379`, /ENOTFOUND|EAI_AGAIN/],
  ["TLS to a plain port", () => `rediss://:${PASSWORD}@${HOST}:${locked.port}`, "TLS"],
  [
    "a port where somebody listens and says nothing",
    () => `redis://:${PASSWORD}@${HOST}:${portOf(mute)}`,
    "Is it a Redis?",
  ],
  [
    "a port where something else answers",
    () => `redis://:${PASSWORD}@${HOST}:${portOf(web)}`,
    /protocol|Is it a Redis/i,
  ],
  [
    "a Cluster that is none",
    () => `redis+cluster://:${PASSWORD}@${HOST}:${locked.port}`,
    "cluster support disabled",
  ],
  ["a Cluster where nobody listens", () => `redis+cluster://:${PASSWORD}@${HOST}:${nobody}`, /Cluster/],
  [
    "a Sentinel that is none",
    () => `redis+sentinel://:${PASSWORD}@${HOST}:${locked.port}/name`,
    "'sentinel'",
  ],
  [
    "a Sentinel that does not know the primary",
    () => `redis+sentinel://${HOST}:${sentinel.port}/nobody`,
    "No such master",
  ],
  [
    "Sentinels where nobody listens",
    () => `redis+sentinel://:${PASSWORD}@${HOST}:${nobody}/name`,
    "unreachable",
  ],
] as const;

interface Failure {
  readonly url: string;
  readonly error: unknown;
  readonly notices: readonly StoreNotice[];
  readonly tookMs: number;
}

let locked: RedisServer;
let sentinel: RedisServer;
let nobody: number;
const mute = createServer();
const web = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.on("data", () => socket.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
});
const failures = new Map<string, Failure>();

beforeAll(async () => {
  [locked, sentinel] = await Promise.all([
    RedisServer.start(),
    RedisServer.start({}, { args: ["--sentinel"] }),
  ]);
  await locked.command("ACL", "SETUSER", "limited", "on", `>${PASSWORD}`, "~*", "&*", "+@all", "-function");
  await locked.command("CONFIG", "SET", "requirepass", PASSWORD);
  nobody = await freePort();
  for (const server of [mute, web]) await once(server.listen(0, HOST), "listening");
  // All at once: most of them take as long as a start may.
  await Promise.all(MISTAKES.map(async ([name, url]) => void failures.set(name, await failToOpen(url()))));
});
afterAll(async () => {
  for (const server of [mute, web]) server.close();
  await Promise.all([locked.stop(), sentinel.stop()]);
});

async function failToOpen(url: string): Promise<Failure> {
  const notices: StoreNotice[] = [];
  const start = fairNow();
  const onNotice = (notice: StoreNotice) => notices.push(notice);
  const opened = openRedisStore({ target: parseRedisUrl(url), cell: "start", onNotice });
  const error: unknown = await opened.then(
    (store) => store.close(),
    (problem: unknown) => problem,
  );
  return { url, error, notices, tookMs: fairNow() - start };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("a start that fails", () => {
  test.each(MISTAKES)("for %s says so within seconds, with host and reason", (name, _, reason) => {
    const { url, error, tookMs } = failureOf(name);
    const message = expect.stringMatching(reason);
    expect(error).toMatchObject({ name: "StrataError", code: "STORE_UNAVAILABLE", message });
    expect(error).toHaveProperty("message", expect.stringContaining(new URL(url).host));
    expect(tookMs).toBeLessThan(WITHIN_MS);
  });

  test.each(MISTAKES)("for %s never shows a password", (name) => {
    const { error, notices } = failureOf(name);
    const shown = inspect([error, notices], { depth: 10, showHidden: true });
    for (const password of [PASSWORD, WRONG]) expect(shown).not.toContain(password);
  });
});

function failureOf(name: string): Failure {
  const failure = failures.get(name);
  if (failure === undefined) throw new Error(`${name} was not tried`);
  return failure;
}
