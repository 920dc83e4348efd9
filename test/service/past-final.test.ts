import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import { loadSchemaRegistry, type SchemaRegistry } from "../../src/schema/schema-registry.js";
import { AccountService } from "../../src/service/account-service.js";
import { ConfigService } from "../../src/service/config-service.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { Store } from "../../src/store/store.js";
import { cases } from "../cases.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";
import { createMerges, OPEN_SCHEMAS } from "./services.js";

const WRITES = process.env.STRATA_TEST_LONG === "1" ? 5_000 : Math.max(40, cases(80));
const WRITERS = 4;
const BEHIND_MS = 80;
/** Of every document, whatever is read of it later. */
const KEPT = { historyRevisions: 2 * WRITES, historyBytes: 2 ** 30 };
const TARGETS = ["root", "leaf", undefined].map((accountId) => ({ accountId, configId: "open" }));

type Target = (typeof TARGETS)[number];

/** The stores of two gateways over the same data. LMDB has one gateway. */
const STORES: Readonly<Record<string, () => Promise<readonly [Store, Store]>>> = {
  async LMDB() {
    // On a disk, so that commits take their time.
    const store = await openLmdbStore({ folder: temporaryFolder(), ...KEPT });
    onTestFinished(() => store.close());
    return [store, store];
  },
  async Redis() {
    const options = { target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID(), ...KEPT };
    const stores = [await openRedisStore(options), await openRedisStore(options)] as const;
    onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
    return stores;
  },
};

/** A gateway whose clock is so many milliseconds behind. */
class Gateway {
  readonly #configs: ConfigService;
  readonly accounts: AccountService;

  constructor(
    private readonly store: Store,
    registry: SchemaRegistry,
    private readonly behind: number,
  ) {
    const now = () => new Date(Date.parse(this.now));
    const dependencies = { store, now, newId: () => randomUUID(), registry, deadlineMs: 60_000 };
    this.accounts = new AccountService(dependencies);
    this.#configs = new ConfigService({ ...dependencies, merges: createMerges() });
  }

  get now(): string {
    return new Date(Date.now() - this.behind).toISOString();
  }

  write(target: Target, patch: Record<string, number>) {
    return this.#configs.write(OPEN_PRINCIPAL, { target, intent: { kind: "PATCH", patch } });
  }

  async read(moment: string): Promise<string> {
    const reader = createRequestReader(this.store, OPEN_PRINCIPAL);
    const found = TARGETS.map(async (target) => {
      const { etag, config } = await this.#configs.effective(OPEN_PRINCIPAL, target, reader, moment);
      return [etag, config.values];
    });
    return JSON.stringify(await Promise.all(found));
  }
}

describe.each(Object.keys(STORES))("on %s, R20", (name) => {
  it("what was read as of a moment stays so, whatever is being written at the time", async () => {
    const stores = await (STORES[name] as (typeof STORES)[string])();
    const registry = loadSchemaRegistry(schemaFolder(OPEN_SCHEMAS));
    const gateways = [
      new Gateway(stores[0], registry, 0),
      new Gateway(stores[1], registry, BEHIND_MS),
    ] as const;
    for (const [id, parentId] of [["root"], ["leaf", "root"]] as const)
      await gateways[0].accounts.create(OPEN_PRINCIPAL, { id, name: id, parentId, isReseller: false });
    // By the clock of the other gateway too they exist.
    await setTimeout(2 * BEHIND_MS);
    const told: { readonly moment: string; readonly answer: string }[] = [];
    let isWriting = true;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let count = 0; count < WRITES / WRITERS; count++)
        await gateways[count % 2 === 0 ? 0 : 1].write(TARGETS[(count + writer) % TARGETS.length] as Target, {
          [`w${writer}`]: count,
        });
    });
    const readers = gateways.map(async (gateway) => {
      while (isWriting) {
        const moment = gateway.now;
        told.push({ moment, answer: await gateway.read(moment) });
        await setTimeout(Math.random() * 3);
      }
    });
    await Promise.all(writers);
    isWriting = false;
    await Promise.all(readers);
    const answers = new Set(told.map(({ answer }) => answer));
    expect(answers.size).toBeGreaterThan(5);
    for (const { moment, answer } of told)
      expect([moment, await gateways[0].read(moment)]).toEqual([moment, answer]);
  });
});
