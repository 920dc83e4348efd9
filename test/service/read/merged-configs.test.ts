import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ConfigSchema, Perspective } from "../../../src/schema/config-schema.js";
import { loadSchemaRegistry, type SchemaRegistry } from "../../../src/schema/schema-registry.js";
import { MergedConfigs, mergeOf } from "../../../src/service/read/merged-configs.js";
import type { LayerVersions } from "../../../src/service/read/stored-layers.js";
import type { MergeCache } from "../../../src/store/merge-cache.js";
import { createRedisMergeCache } from "../../../src/store/redis/redis-merge-cache.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import type { StoredDocument } from "../../../src/store/store.js";
import { cases, SEED } from "../../cases.js";
import { startFairClock } from "../../fair-time.js";
import { redisCommand } from "../../redis/redis-command.js";
import { sharedRedisUrl } from "../../redis/run-redis.js";
import { until } from "../../redis/until.js";

const registry = registryOf({
  "account_config.mail": { type: "object", properties: { host: { type: "string" } } },
  "system_config.mail": {
    type: "object",
    properties: { host: { type: "string", default: "localhost" }, password: { type: "string" } },
  },
});
const schema = registry.configs.get("mail") as ConfigSchema;
/** The same but for what an account may set. */
const stricter = registryOf({
  "account_config.mail": { type: "object", properties: { host: { type: "string", maxLength: 20 } } },
  "system_config.mail": schema.system?.schema,
}).configs.get("mail") as ConfigSchema;
const forAccount = schema.forAccount as Perspective;
const { forSystem } = schema;
const openSchema = registryOf({
  "account_config.open": { type: "object", additionalProperties: true },
}).configs.get("open") as ConfigSchema;
const open = { schema: openSchema, perspective: openSchema.forAccount as Perspective };

function registryOf(files: Readonly<Record<string, unknown>>): SchemaRegistry {
  const folder = mkdtempSync(join(tmpdir(), "strata-merges-"));
  for (const [name, file] of Object.entries(files))
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(file));
  const loaded = loadSchemaRegistry(folder);
  rmSync(folder, { recursive: true });
  return loaded;
}

const stored = (override: StoredDocument["override"], sequence: number): StoredDocument => ({
  version: { revision: 1, sequence, nonce: `n${sequence}-${process.pid}-${performance.timeOrigin}` },
  override,
  updatedAt: "2026-01-01T00:00:00Z",
  updatedBy: "ada",
});

function openCache(): MergeCache {
  const cache = createRedisMergeCache({ target: parseRedisUrl(sharedRedisUrl()), onNotice: () => {} });
  onTestFinished(() => cache.close());
  return cache;
}

interface Gateway {
  readonly loads: () => number;
  read(documents: Documents, side?: typeof forAccount): Promise<unknown>;
}

type Documents = readonly (StoredDocument | undefined)[];

/** Layers of which as many documents were read along as given. */
const layersOf = (documents: Documents, read: Documents = []): LayerVersions => ({
  ancestry: undefined,
  keys: documents.map((_, index) => ({ accountId: `a${index}`, configId: "mail" })),
  versions: documents.map((document) => document?.version),
  documents: read,
  position: { incarnation: "", sequence: 0 },
});

/** One process: merges of its own, over a cache that others share. */
function gateway(shared: MergeCache | undefined, config = schema): Gateway {
  const merges = new MergedConfigs({ bytes: 2 ** 20, shared });
  let loads = 0;
  return {
    loads: () => loads,
    async read(documents, side = config.forAccount as Perspective) {
      const read = async () => {
        loads++;
        return layersOf(documents, documents);
      };
      const found = await merges.of({ schema: config, perspective: side }, layersOf(documents), read);
      return found && { values: found.config.merged.values, layers: found.config.layers };
    },
  };
}

/** Until the caches are connected, and what was put into them has arrived. */
async function settle(...caches: readonly MergeCache[]): Promise<void> {
  for (const cache of caches) {
    await until("the cache answers", async () => {
      cache.put("probe", "text");
      return (await cache.get("probe")) === "text";
    });
  }
}

describe("a cache that gateways share", () => {
  test("saves the others from reading, and tells them the very same", async () => {
    const documents = [stored({ host: "own" }, 1), undefined, stored({ host: "all", password: "s3cret" }, 2)];
    const [one, two] = [openCache(), openCache()];
    const [first, second] = [gateway(one), gateway(two)];
    await settle(one, two);
    const answer = await first.read(documents);
    expect(answer).toMatchObject({ values: { host: "own" }, layers: [{ revision: 1 }, undefined, {}] });
    await settle(one, two);
    expect(await second.read(documents)).toEqual(answer);
    expect([first.loads(), second.loads()]).toEqual([1, 0]);
  });

  test("holds nothing that an account may not see", async () => {
    const documents = [undefined, undefined, stored({ host: "all", password: "s3cret-in-cache" }, 3)];
    const cache = openCache();
    const texts: string[] = [];
    const listening = {
      ...cache,
      put: (_key: string, text: string) => void texts.push(text),
    };
    await gateway(listening).read(documents);
    expect(texts).toHaveLength(1);
    expect(texts[0]).not.toContain("s3cret");
  });

  test("keeps apart what another schema, another side or another version makes", async () => {
    const documents = [undefined, undefined, stored({ host: "all", password: "p" }, 4)];
    const [one, two, three] = [openCache(), openCache(), openCache()];
    const [first, other] = [gateway(one), gateway(two, stricter)];
    await settle(one, two, three);
    await first.read(documents);
    await settle(one, two, three);
    await other.read(documents);
    expect(other.loads()).toBe(1);
    const second = gateway(three);
    expect(await second.read(documents.slice(2), forSystem)).toMatchObject({ values: { password: "p" } });
    expect(await second.read([undefined, undefined, stored({ host: "later" }, 5)])).toMatchObject({
      values: { host: "later" },
    });
    expect(second.loads()).toBe(2);
  });

  test("that holds nonsense is as good as empty", async () => {
    const documents = [stored({ host: "own" }, 6), undefined, undefined];
    const cache = openCache();
    for (const nonsense of ["", "{", "[]", "null", '"text"']) {
      const broken = { ...cache, get: async () => nonsense };
      expect(await gateway(broken).read(documents)).toMatchObject({ values: { host: "own" } });
    }
  });

  test("that is not there costs nothing but the reading", async () => {
    const target = parseRedisUrl("redis://127.0.0.1:1");
    const cache = createRedisMergeCache({ target, onNotice: () => {} });
    onTestFinished(() => cache.close());
    const elapsed = startFairClock();
    expect(await gateway(cache).read([stored({ host: "own" }, 7)])).toMatchObject({
      values: { host: "own" },
    });
    expect(elapsed()).toBeLessThan(500);
  });

  test("is told each thing for an hour, and not for ever", async () => {
    const cache = openCache();
    await settle(cache);
    cache.put("some-key", "text");
    await settle(cache);
    expect(await cache.get("some-key")).toBe("text");
    expect(await redisCommand(sharedRedisUrl(), "TTL", "strata:merge:some-key")).toBeGreaterThan(3_000);
  });
});

describe("merges of one process", () => {
  test("are made once, however many ask at the same time", async () => {
    const { read, loads } = gateway(undefined);
    const documents = [stored({ host: "own" }, 8), undefined, undefined];
    const answers = await Promise.all(Array.from({ length: 20 }, () => read(documents)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(loads()).toBe(1);
  });

  test("share what lies below the account's own document with all that inherit it", async () => {
    const merges = new MergedConfigs({ bytes: 2 ** 20 });
    const inherited = [stored({ host: "reseller" }, 10), stored({ port: 1 }, 11)];
    let reads = 0;
    const fieldOf = async (own: StoredDocument, isAtHand: boolean) => {
      const documents = [own, ...inherited];
      const read = async () => {
        reads++;
        return layersOf(documents, documents);
      };
      const found = await merges.of(open, layersOf(documents, isAtHand ? [own] : []), read);
      expect(found?.config.merged.values).toEqual({ host: "reseller", port: 1, ...own.override });
      return found?.config.merged.fields.at(["host"]);
    };
    const field = await fieldOf(stored({ name: "one" }, 12), true);
    expect(field).toMatchObject({ pointer: "/host", contributions: [{ layer: 2, value: "reseller" }] });
    expect(await fieldOf(stored({ name: "two" }, 13), false)).toBe(field);
    expect(reads).toBe(2);
    expect(await fieldOf(stored({ host: "own" }, 14), true)).toMatchObject({
      contributions: [{ layer: 3 }, { layer: 2 }],
    });
    expect(await fieldOf(stored({ name: "four" }, 15), true)).toBe(field);
    expect(reads).toBe(2);
  });

  test("read what accounts inherit once, whatever their own documents are", async () => {
    const merges = new MergedConfigs({ bytes: 2 ** 20 });
    const inherited = [undefined, stored({ port: 1 }, 20)];
    let reads = 0;
    const values = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const own = n === 0 ? undefined : stored({ n }, 100 + n);
        const documents = [own, ...inherited];
        const read = async () => {
          reads++;
          await sleep(1);
          return layersOf(documents, documents);
        };
        return (await merges.of(open, layersOf(documents, [own]), read))?.config.merged.values;
      }),
    );
    expect(values).toEqual(values.map((_, n) => (n === 0 ? { port: 1 } : { port: 1, n })));
    expect(reads).toBe(1);
  });

  test("are of the versions that were asked for, or of those that the asker itself reads then", async () => {
    const merges = new MergedConfigs({ bytes: 2 ** 20 });
    const version = (v: number): Documents => [undefined, stored({ v }, 30 + v)];
    const [before, after, last] = [version(1), version(2), version(3)] as const;
    // The document changes before the first asker has read it. Whoever waits for that read asks again.
    const ask = async (documents: Documents) => {
      const read = async () => {
        await sleep(1);
        return layersOf(documents, documents);
      };
      const found = await merges.of(open, layersOf(before), read);
      expect(found?.layers.versions).toEqual(documents.map((document) => document?.version));
      return found?.config.merged.values;
    };
    expect(await Promise.all([ask(after), ask(last)])).toEqual([{ v: 2 }, { v: 3 }]);
    expect(await ask(before)).toEqual({ v: 1 });
  });

  test("have as many layers as were asked for, whatever is merged meanwhile", async () => {
    const merges = new MergedConfigs({ bytes: 2 ** 20 });
    const system = stored({ v: 1 }, 50);
    const [withReseller, without] = [
      [undefined, undefined, system],
      [undefined, system],
    ];
    const slowly = (documents: Documents) => async () => {
      await sleep(5);
      return layersOf(documents, documents);
    };
    const asked = [withReseller, without].map((documents) =>
      merges.of(open, layersOf(documents), slowly(documents)),
    );
    // While both wait for the same document, the merge of more layers gets known.
    const all = layersOf(withReseller, withReseller);
    await merges.of(open, all, async () => all);
    const found = await Promise.all(asked);
    expect(found.map((each) => each?.config.layers.length)).toEqual([3, 2]);
  });

  test(`are what the documents alone make, whoever asks for what at the same time (LAW_SEED=${SEED})`, async () => {
    const versions = [undefined, ...[1, 2, 3].map((v) => stored({ [`v${v}`]: v, same: v }, 60 + v))];
    const version = fc.constantFrom(...versions);
    const layers = fc.oneof(fc.tuple(version, version), fc.tuple(version, version, version));
    const ask = fc.record({ asked: layers, changed: fc.option(layers), read: fc.nat(3), wait: fc.nat(3) });
    const law = fc.asyncProperty(fc.array(ask, { maxLength: 12 }), fc.nat(2), async (asks, kibibytes) => {
      const merges = new MergedConfigs({ bytes: 1 + kibibytes * 4 * 2 ** 10 });
      const check = async ({ asked, changed, read, wait }: (typeof asks)[number]) => {
        const now = changed ?? asked;
        for (let n = 0; n < wait; n++) await nextTurn();
        const found = await merges.of(open, layersOf(asked, asked.slice(0, read)), async () => {
          for (let n = 0; n < wait; n++) await nextTurn();
          return layersOf(now, now);
        });
        const given = [asked, now].find(
          (documents) =>
            JSON.stringify(layersOf(documents).versions) === JSON.stringify(found?.layers.versions),
        );
        const expected = mergeOf(open.perspective, given ?? []);
        expect(found?.config.layers).toEqual(expected.layers);
        expect(found?.config.merged.values).toEqual(expected.merged.values);
        expect(found?.config.merged.fields.list()).toEqual(expected.merged.fields.list());
      };
      await Promise.all(asks.map(check));
    });
    await fc.assert(law, { seed: SEED, numRuns: cases(250) });
  });

  test("of an account that is gone are none, and the others that wait read for themselves", async () => {
    const merges = new MergedConfigs({ bytes: 2 ** 20 });
    const documents = [undefined, stored({ v: 1 }, 40)];
    const [gone, there] = await Promise.all([
      merges.of(open, layersOf(documents), async () => undefined),
      merges.of(open, layersOf(documents), async () => layersOf(documents, documents)),
    ]);
    expect(gone).toBeUndefined();
    expect(there?.config.merged.values).toEqual({ v: 1 });
  });

  test("that could not be made are tried again", async () => {
    const merges = new MergedConfigs({ bytes: 2 ** 20 });
    const documents = [stored({ host: "own" }, 9)];
    const fail = () => Promise.reject(new Error("no store"));
    const from = { schema, perspective: forAccount };
    await expect(merges.of(from, layersOf(documents), fail)).rejects.toThrow("no store");
    const read = async () => layersOf(documents, documents);
    const found = await merges.of(from, layersOf(documents), read);
    expect(found?.config.merged.values.host).toBe("own");
  });
});
