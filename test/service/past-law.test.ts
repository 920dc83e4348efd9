import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { OPEN_PRINCIPAL, SCOPES } from "../../src/auth/principal.js";
import type { StrataError } from "../../src/domain/errors.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { HistoryRetention, Store } from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { FAST_DISK } from "../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";
import { CONFIG, PastLife, type Seen, seenIn } from "./past-life.js";

const IS_LONG = process.env.STRATA_TEST_LONG === "1";
const STEPS = IS_LONG ? 100_000 : Math.max(150, cases(250));
const MOMENTS = IS_LONG ? 1_000 : Math.max(15, cases(30));
const EVERYTHING = { historyRevisions: 1_000_000, historyBytes: 2 ** 40 };

const property = { x: {}, y: {} };
const SCHEMAS = {
  [`account_config.${CONFIG}`]: { type: "object", properties: property },
  [`system_config.${CONFIG}`]: {
    type: "object",
    properties: { ...property, x: { default: { x: 7 } }, secret: {} },
  },
};

/** Numbers between 0 and 1, the same ones for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const STORES: Readonly<Record<string, (kept: HistoryRetention) => Promise<Store>>> = {
  LMDB: (kept) => openLmdbStore({ folder: temporaryFolder(FAST_DISK), ...kept }),
  Redis: (kept) => openRedisStore({ target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID(), ...kept }),
};

async function liveOn(store: Store, random: () => number, kept?: number): Promise<[PastLife, string[]]> {
  onTestFinished(() => store.close());
  const life = new PastLife(store, loadSchemaRegistry(schemaFolder(SCHEMAS)), random, kept);
  const times: string[] = [];
  for (let step = 0; step < STEPS || !life.hasForgotten; step++) {
    await life.step();
    times.push(life.now);
  }
  return [life, times];
}

const codeOf = (error: unknown) => (error as StrataError).code;

describe.each(Object.keys(STORES))(`on %s, R20 (LAW_SEED=${SEED})`, (name) => {
  const open = STORES[name] as (typeof STORES)[string];

  it("a config as of a moment is what was read then, and changesSince what differs and who did it", async () => {
    const random = randomNumbers(SEED);
    const [life, times] = await liveOn(await open(EVERYTHING), random);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    let [seen, refused, changed] = [0, 0, 0];
    for (let index = 0; index < MOMENTS; index++) {
      const [from = "", to = ""] = [pick(times), pick(times)].sort();
      for (const id of life.alive.keys()) {
        const past = [life.seenAt(id, from), life.seenAt(id, to)] as const;
        const found = await life.read(id, from).then(seenIn, codeOf);
        expect(found).toEqual(past[0]);
        if (typeof past[0] === "string") refused++;
        else seen++;
        if (typeof past[0] === "string" || typeof past[1] === "string") continue;
        const after = await life.read(id, to);
        const expected = life.expectedChanges(id, past as readonly [Seen, Seen], [from, to]);
        expect(await life.changes(after, from)).toEqual(expected);
        changed += expected.filter(({ by }) => by !== undefined).length;
        const own = {
          ...OPEN_PRINCIPAL,
          isSuperadmin: false,
          accountId: id,
          scopes: new Set(SCOPES),
          issuedAt: 2 ** 40,
        };
        if (id === "") continue;
        const told = await life.changes(await life.read(id, to, own), from, own);
        expect(told).toEqual(life.expectedChanges(id, past as readonly [Seen, Seen], [from, to], id));
      }
    }
    expect(Math.min(seen, changed)).toBeGreaterThan(0);
    expect(IS_LONG && refused === 0).toBe(false);
  });

  it("where ten revisions are kept, what is older is refused, and the oldest moment that is told can be read", async () => {
    const random = randomNumbers(SEED + 1);
    const kept = 10;
    const [life, times] = await liveOn(await open({ ...EVERYTHING, historyRevisions: kept }), random, kept);
    let refused = 0;
    const moments = Array.from({ length: MOMENTS }, () => times[Math.floor(random() * times.length)]);
    for (const moment of [times[0], ...moments] as string[]) {
      for (const id of life.alive.keys()) {
        const expected = life.seenAt(id, moment);
        const error = await life.read(id, moment).then(
          (snapshot) => {
            expect(seenIn(snapshot)).toEqual(expected);
          },
          (refusal: StrataError) => refusal,
        );
        if (error === undefined) continue;
        expect(error.code).toBe(expected);
        if (error.code !== "REVISION_NOT_FOUND") continue;
        refused++;
        const oldest = String(error.oldest);
        expect(seenIn(await life.read(id, oldest))).toEqual(life.seenAt(id, oldest));
        const before = new Date(Date.parse(oldest) - 1).toISOString();
        expect(await life.read(id, before).catch(codeOf)).toBe("REVISION_NOT_FOUND");
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});
