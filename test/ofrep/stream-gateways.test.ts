import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { generateKeyPair, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { SharedSigning } from "../../src/ofrep/stream-signing.js";
import { RedisKeys } from "../../src/store/redis/redis-keys.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import { writeKeys } from "../attack/key-file-attacks.js";
import { EventReader } from "../graphql/server/stream/event-reader.js";
import { LiveApp } from "../graphql/server/stream/live-app.js";
import { TOKEN_ACCESS } from "../http/token-access.js";
import { redisCommand } from "../redis/redis-command.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { temporaryFolder } from "../temporary-folder.js";

// Tokens are checked with public keys, so there is no secret that the operator has given to all gateways.

const keys = await generateKeyPair("RS256");

async function asAcme(): Promise<{ readonly authorization: string }> {
  // The accounts are as old as the first gateway.
  const now = Math.floor(Date.now() / 1_000) + 2;
  const token = await new SignJWT({ sub: "ada", account_id: "acme", iat: now, exp: now + 3_600 })
    .setProtectedHeader({ alg: "RS256", kid: "one" })
    .sign(keys.privateKey);
  return { authorization: `Bearer ${token}` };
}

type Place = NonNullable<Parameters<typeof LiveApp.forTest>[0]>["store"];
async function openGateway(store: NonNullable<Place>): Promise<LiveApp> {
  const file = join(temporaryFolder(), "keys.json");
  await writeKeys(file, { one: keys });
  return LiveApp.forTest({ access: { ...TOKEN_ACCESS, secret: undefined, keySet: file }, store });
}
const onRedis = (cell: string = randomUUID()): NonNullable<Place> => ({
  kind: "redis",
  target: parseRedisUrl(sharedRedisUrl()),
  cell,
  allowUnsafe: false,
  waitReplicas: 0,
  stateFolder: temporaryFolder(),
});

interface Bulk {
  readonly status: number;
  readonly tag: string;
  /** Of the event stream, at the given gateway in place of the one that told it. */
  at(gateway: LiveApp): string;
}

async function bulk({ origin }: LiveApp, condition?: string): Promise<Bulk> {
  const response = await fetch(`${origin}/ofrep/v1/evaluate/flags?configs=conferences`, {
    method: "POST",
    headers: {
      ...(await asAcme()),
      "accept-encoding": "identity",
      ...(condition !== undefined && { "if-none-match": condition }),
    },
  });
  const text = await response.text();
  const url = text === "" ? "" : JSON.parse(text).eventStreams[0].url;
  const tag = response.headers.get("etag") ?? "";
  return { status: response.status, tag, at: (gateway) => url.replace(origin, gateway.origin) };
}

async function listen(url: string): Promise<EventReader> {
  const reader = await EventReader.open(url);
  expect(reader.response.status).toBe(200);
  await reader.block();
  await reader.block();
  return reader;
}

const tagIn = async (reader: EventReader) => JSON.parse((await reader.event())?.data ?? "null").etag;

describe("gateways on one Redis", () => {
  test("take each other's addresses of event streams, and have the same tags", async () => {
    const place = onRedis();
    const [one, other] = [await openGateway(place), await openGateway(place)];
    const told = await bulk(one);
    expect(await bulk(other, told.tag)).toMatchObject({ status: 304, tag: told.tag });
    const [here, there] = [await listen(told.at(one)), await listen(told.at(other))];
    await one.write({ pin_timeout: 5_001 }, await asAcme());
    const tags = [await tagIn(here), await tagIn(there)];
    expect(new Set([...tags, (await bulk(one)).tag, (await bulk(other)).tag]).size).toBe(1);
    // What the client of the first has missed, the second tells it.
    expect(await tagIn(await EventReader.open(told.at(other)))).toBe(tags[0]);
    await other.write({ pin_timeout: 5_002 }, await asAcme());
    expect(await tagIn(here)).toBe(await tagIn(there));
  });

  test("take no addresses of a gateway on another store", async () => {
    const [one, other] = [await openGateway(onRedis()), await openGateway(onRedis())];
    const told = await bulk(one);
    expect((await fetch(told.at(other))).status).toBe(401);
    expect((await bulk(other, told.tag)).status).toBe(200);
  });

  test("go over to another secret where theirs is gone, all to the same", async () => {
    const place = { target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID() };
    const stores = [await openRedisStore(place), await openRedisStore(place)] as const;
    const now = () => new Date();
    const signings = stores.map((store) => new SharedSigning({ readSecret: () => store.secret(), now }));
    const look = async () => {
      for (const signing of signings) await signing.look();
      return [...new Set(signings.map(({ id }) => id))];
    };
    try {
      expect(signings.map(({ isOffered }) => isOffered)).toEqual([false, false]);
      const before = await look();
      expect(before).toEqual([expect.stringMatching(/^[\w-]{8}$/)]);
      expect(await look()).toEqual(before);
      await redisCommand(sharedRedisUrl(), "DEL", new RedisKeys(place.cell).secret);
      const after = await look();
      expect([after.length, after[0] === before[0]]).toEqual([1, false]);
      await stores[0].close();
      expect(await look()).toEqual(after);
    } finally {
      for (const signing of signings) signing.close();
      for (const store of stores) await store.close();
    }
  });
});

test("a gateway on a folder takes the addresses from before it was started again", async () => {
  const place = { kind: "lmdb", folder: temporaryFolder() } as const;
  const before = await openGateway(place);
  const told = await bulk(before);
  await before.app.app.close();
  const after = await openGateway(place);
  expect(await bulk(after, told.tag)).toMatchObject({ status: 304 });
  const reader = await listen(told.at(after));
  await after.write({ pin_timeout: 5_003 }, await asAcme());
  expect(await tagIn(reader)).toBe((await bulk(after)).tag);
});
