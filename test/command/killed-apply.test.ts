import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import type { Constraint } from "../../src/domain/merge/constraint.js";
import { keptPins } from "../../src/domain/write/pins.js";
import { openLmdbReads } from "../../src/store/lmdb/lmdb-reads.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisReads } from "../../src/store/redis/redis-open-reads.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { DocumentKey, Store, StoredDocument, StoreReads } from "../../src/store/store.js";
import { type Ended, originOf, spawnStrata, strata } from "../archive/strata-process.js";
import { SEED } from "../cases.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { type Random, randomOf } from "../service/impact/impact-world.js";
import { putDocument } from "../service/put-document.js";
import { Services } from "../service/services.js";
import { storedDocuments } from "../store/stored-documents.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";

const IS_LONG = process.env.STRATA_TEST_LONG === "1";
const CONFIGS = ["c0", "c1", "c2"];
const OWNERS = [undefined, "root", "shop", "a", "b", "stall", "c"] as const;
const KEYS: readonly DocumentKey[] = OWNERS.flatMap((accountId) =>
  CONFIGS.map((configId) => ({ accountId, configId })),
);
const SCHEMAS = Object.fromEntries(
  CONFIGS.flatMap((id) =>
    ["account", "system"].map((side) => [`${side}_config.${id}`, { additionalProperties: true }]),
  ),
);

/** A store of one kind, under a place of its own. */
interface Place {
  /** What commands are told of it, besides the schemas. */
  readonly settings: Readonly<Record<string, string>>;
  open(): Promise<Store>;
  reads(): Promise<StoreReads>;
}

function embedded(): Place {
  const folder = join(temporaryFolder(), "store");
  return {
    settings: { STRATA_STORE: `lmdb:${folder}` },
    open: () => openLmdbStore({ folder }),
    reads: () => openLmdbReads(folder),
  };
}

function onRedis(): Place {
  const [url, cell] = [sharedRedisUrl(), randomUUID()];
  const at = { target: parseRedisUrl(url), cell };
  return {
    settings: { STRATA_STORE: url, STRATA_CELL: cell, STRATA_STATE: temporaryFolder() },
    open: () => openRedisStore({ ...at, allowUnsafe: false, waitReplicas: 0 }),
    reads: () => openRedisReads(at),
  };
}

function randomValues(pick: Random, nulls: boolean): JsonObject {
  const scalar = () => pick<Json>([0, 1, "x", [null], {}, ...(nulls ? [null] : [])]);
  const names = ["a", "b", "", "d"].filter(() => pick([true, false]));
  return Object.fromEntries(
    names.map((name) => [name, pick<() => Json>([scalar, () => ({ x: scalar(), y: scalar() })])()]),
  );
}

/** A store with documents, constraints and pins by chance, and a folder of declared documents: the same for the same seed. */
class World {
  readonly schemas = schemaFolder(SCHEMAS);
  readonly folder = join(temporaryFolder(), "declared");
  readonly planFile = join(temporaryFolder(), "plan.json");
  pruning: readonly string[] = [];
  readonly #pick: Random;
  #gateway: (ReturnType<typeof spawnStrata> & { readonly origin: Promise<string> }) | undefined;

  constructor(
    private readonly place: Place,
    seed: number,
  ) {
    this.#pick = randomOf(seed);
  }

  get settings(): Readonly<Record<string, string>> {
    return { ...this.place.settings, STRATA_SCHEMAS: this.schemas, STRATA_EXAMPLES: "off" };
  }

  async plant(): Promise<void> {
    await this.#opened(async (store) => {
      const services = new Services(store, this.schemas);
      await services.tree(["root"], ["shop*", "root"], ["a", "shop"], ["b", "shop"]);
      await services.tree(["stall*", "shop"], ["c", "stall"]);
    });
  }

  /** Other documents, and other files. */
  async shuffle(): Promise<void> {
    const pick = this.#pick;
    await this.#opened(async (store) => {
      for (const key of KEYS) {
        const override = randomValues(pick, false);
        const constraints: Constraint[] = pick([true, false, false, false])
          ? [{ pointer: pick(["/a", "/b/x", "/"]), kind: "LOCK", reason: "by chance" }]
          : [];
        const isKept = constraints.length > 0 || Object.keys(override).length > 0;
        const pins = keptPins(["/a", "/", "/b/x"], override);
        await putDocument(store, key, isKept ? override : undefined, { constraints, pins });
      }
    });
    rmSync(this.folder, { recursive: true, force: true });
    for (const { accountId = "system", configId } of KEYS) {
      mkdirSync(join(this.folder, accountId), { recursive: true });
      if (pick([true, true, true, false]))
        this.#declare(`${accountId}/${configId}.json`, randomValues(pick, true));
    }
    this.pruning = pick([["--prune"], []]);
    // What a constraint forbids is left out, as a person would.
    for (const file of await this.#refused()) rmSync(join(this.folder, file));
    if ((await this.#refused()).length > 0) this.pruning = [];
  }

  async #refused(): Promise<string[]> {
    const { output } = await this.plan("--json", ...this.pruning);
    return JSON.parse(output).refused.map(({ file }: { file: string }) => file);
  }

  /** Plans into `planFile`. @returns the writes */
  async planned(): Promise<readonly { accountId: string | null; configId: string }[]> {
    const { code, output } = await this.plan("--json", "--out", this.planFile, ...this.pruning);
    expect(code).not.toBe(1);
    return JSON.parse(output).writes;
  }

  plan(...args: string[]) {
    return strata(["plan", this.folder, ...args], this.settings);
  }

  apply(...args: string[]) {
    return strata(["apply", this.folder, ...args], this.settings);
  }

  spawnApply(...args: string[]) {
    return spawnStrata(["apply", this.folder, ...args], { ...this.settings });
  }

  /** Starts it where none runs: in a process of its own, as LMDB bears a folder only once in a process. @returns its origin */
  async gateway(): Promise<string> {
    if (this.#gateway === undefined) {
      const { child, ended } = spawnStrata([], this.settings);
      this.#gateway = { child, ended, origin: originOf(child) };
    }
    return this.#gateway.origin;
  }

  async stopGateway(): Promise<void> {
    const gateway = this.#gateway;
    this.#gateway = undefined;
    gateway?.child.kill("SIGKILL");
    await gateway?.ended;
  }

  documents(): Promise<(StoredDocument | undefined)[]> {
    return this.#reading((reads) => storedDocuments(reads, KEYS));
  }

  sequence(): Promise<number> {
    return this.#reading(sequenceOf);
  }

  /** Resolves once so many commits are made, or when told to stop. */
  async whenAt(sequence: number, stop: AbortSignal): Promise<void> {
    await this.#reading(async (reads) => {
      while (!stop.aborted && (await sequenceOf(reads)) < sequence) await delay(1);
    });
  }

  async #opened<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = await this.place.open();
    return work(store).finally(() => store.close());
  }

  async #reading<T>(work: (reads: StoreReads) => Promise<T>): Promise<T> {
    const reads = await this.place.reads();
    return work(reads).finally(() => reads.close());
  }

  #declare(file: string, values: JsonObject): void {
    writeFileSync(join(this.folder, file), JSON.stringify(values));
  }
}

async function sequenceOf(reads: StoreReads): Promise<number> {
  return (await reads.versions({ accounts: [], documents: [] })).sequence;
}

const contentOf = (document: StoredDocument | undefined) => [
  document?.override,
  document?.constraints,
  document?.pins,
];

/** What is to be killed while it applies. */
interface Run {
  readonly apply: Promise<Ended>;
  kill(): Promise<unknown>;
}

/** Starts an apply on a world with these options. */
type Start = (world: World, options: readonly string[]) => Promise<Run>;

const itself: Start = async (world, options) => {
  const { child, ended } = world.spawnApply(...options);
  return { apply: ended, kill: async () => child.kill("SIGKILL") };
};

/** While a gateway writes for it. */
const overGateway: Start = async (world, options) =>
  itself(world, [...options, "--url", await world.gateway()]);

/** The gateway that writes for it. */
const itsGateway: Start = async (world, options) => ({
  ...(await overGateway(world, options)),
  kill: () => world.stopGateway(),
});

/** What an apply says whose gateway is gone: it never says that nothing was written where that is not known. */
const GONE = /^(The gateway did not answer: it may have written or not\. Run it again\.)?\n?$/;

interface Kills {
  all: number;
  /** Those that left some writes made, and some to make. */
  halfway: number;
}

/** Applies and kills it after some write, so often at most; then once more without. */
async function applyKilled(
  world: World,
  start: Start,
  options: readonly string[],
  most: number,
): Promise<Kills> {
  const kills = { all: 0, halfway: 0 };
  const end = (await world.sequence()) + (await world.planned()).length;
  while (kills.all < most) {
    const [over, before] = [new AbortController(), await world.sequence()];
    const { apply, kill } = await start(world, options);
    void apply.finally(() => over.abort());
    await world.whenAt(before + Math.floor(Math.random() * (end - before + 1)), over.signal);
    await delay(Math.random() * 4);
    await kill();
    const { code, errors } = await apply;
    if (code === 0) return kills;
    expect(errors).toMatch(GONE);
    kills.all++;
    const after = await world.sequence();
    if (before < after && after < end) kills.halfway++;
  }
  const { apply } = await start(world, options);
  expect(await apply).toMatchObject({ code: 0, errors: "" });
  return kills;
}

/** Kills of one kind on one kind of store, in a usual run and in a long one. */
const KINDS: readonly (readonly [string, () => Place, Start, number, number])[] = [
  ["strata apply on an embedded store", embedded, itself, 3, 60],
  ["strata apply on Redis", onRedis, itself, 2, 60],
  ["strata apply --url", embedded, overGateway, 2, 60],
  ["a gateway that writes for strata apply --url", embedded, itsGateway, 0, 60],
];

describe("Killed at random while it applies, and run again, until it comes through:", () => {
  test.each(KINDS.filter((kind) => IS_LONG || kind[3] > 0))(
    `%s leaves the declared state, and each write once (LAW_SEED=${SEED})`,
    async (_, placeOf, start, usual, long) => {
      const kills = { all: 0, halfway: 0 };
      const [world, twin] = [new World(placeOf(), SEED), new World(placeOf(), SEED)];
      await Promise.all([world.plant(), twin.plant()]);
      // A kill that comes before the first write, or after the last, tests little: some are to come in between.
      for (let round = 0; kills.all < (IS_LONG ? long : usual) || kills.halfway === 0; round++) {
        expect(round).toBeLessThan(200);
        await world.shuffle();
        await twin.shuffle();
        const { all, halfway } = await expectDeclared(world, twin, start, round % 2 === 0);
        kills.all += all;
        kills.halfway += halfway;
      }
      console.log(`${kills.all} kills, ${kills.halfway} of them half-way`);
    },
    3_600_000,
  );
});

/** @param twin the same world, to which nothing happens @param isAgreed whether it applies an agreed plan */
async function expectDeclared(world: World, twin: World, start: Start, isAgreed: boolean): Promise<Kills> {
  const [plan, before] = [await world.planned(), await world.documents()];
  const options = isAgreed ? ["--plan", world.planFile] : world.pruning;
  const kills = await applyKilled(world, start, options, IS_LONG ? 4 : 2);
  await world.stopGateway();
  expect(await twin.apply(...twin.pruning)).toMatchObject({ code: 0, errors: "" });
  const [after, wanted] = [await world.documents(), await twin.documents()];
  expect(after.map(contentOf)).toEqual(wanted.map(contentOf));
  const written = new Set(plan.map(({ accountId, configId }) => `${accountId} ${configId}`));
  for (const [index, { accountId = null, configId }] of KEYS.entries()) {
    const made = written.has(`${accountId} ${configId}`) ? 1 : 0;
    expect(after[index]?.version.revision ?? 0).toBe((before[index]?.version.revision ?? 0) + made);
  }
  expect(await world.plan(...world.pruning)).toMatchObject({ code: 0 });
  return kills;
}
