import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import { onTestFinished } from "vitest";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import type { JsonObject } from "../../src/domain/json/json.js";
import { loadSchemaRegistry, type SchemaRegistry } from "../../src/schema/schema-registry.js";
import { AccountService } from "../../src/service/account-service.js";
import { ConfigService } from "../../src/service/config-service.js";
import { LiveConfigs } from "../../src/service/live/live-configs.js";
import type { ConfigSnapshot } from "../../src/service/read/config-snapshot.js";
import { LineageCache } from "../../src/service/read/lineage-cache.js";
import { MergedConfigs } from "../../src/service/read/merged-configs.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import type { WriteRequest, WriteResult } from "../../src/service/write/config-write.js";
import { KeyedMutex } from "../../src/service/write/keyed-mutex.js";
import type { WriteIntent } from "../../src/service/write/write-decision.js";
import type { Store } from "../../src/store/store.js";
import { storedDocuments } from "../store/stored-documents.js";
import { openTestStore } from "../store/test-store.js";

/** Every setting may be anything, for accounts and for the system. */
export const OPEN_SCHEMAS = {
  "account_config.open": { type: "object", additionalProperties: true },
  "system_config.open": { type: "object", additionalProperties: true },
};
export const SHIPPED_SCHEMAS = new URL("../../schemas", import.meta.url).pathname;

/** Tests of one file use the same schemas, and compiling them takes longer than most tests. */
const registries = new LRUCache<string, SchemaRegistry>({ max: 8 });

/** The registry of a folder; folders with the same files share one. */
function registryOf(folder: string): SchemaRegistry {
  const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
  const key = JSON.stringify(files);
  const registry = registries.get(key) ?? loadSchemaRegistry(folder);
  registries.set(key, registry);
  return registry;
}

const PATIENCE_MS = 60_000;

class PatientMutex extends KeyedMutex {
  override run<T>(key: string, _withinMs: number, work: () => Promise<T>): Promise<T> {
    return super.run(key, PATIENCE_MS, work);
  }
}

/** The use-cases over a real store of the test's own, with short words for what tests do all the time. */
export class Services {
  #ticks = 0;
  readonly #lineages = new LineageCache(16 * 2 ** 20);
  #patience = {};
  #schemas = "";
  #registry: SchemaRegistry | undefined;
  accounts!: AccountService;
  configs!: ConfigService;
  readonly live: LiveConfigs;

  constructor(
    readonly store: Store,
    schemas: string,
    private readonly now = (): Date => new Date(Date.UTC(2026, 0, 1) + this.#ticks++),
  ) {
    this.serve(schemas);
    this.live = new LiveConfigs({
      store,
      openConfigs: () => this.configs,
      now,
      createReader: (principal) => createRequestReader(store, principal, this.#lineages),
    });
  }

  /** From now on the schemas of another folder are in force. */
  serve(schemas: string): void {
    this.#schemas = schemas;
    const { store, now } = this;
    const dependencies = { store, now, newId: () => randomUUID() };
    const registry = registryOf(schemas);
    this.#registry = registry;
    this.accounts = new AccountService({ ...dependencies, registry });
    this.configs = new ConfigService({
      ...dependencies,
      registry,
      registryInForce: () => this.#registry ?? registry,
      merges: createMerges(),
      ...this.#patience,
    });
  }

  /** Where a test is about what writers do to each other, and not about how long they wait: no busy machine ends a write. */
  patient(): this {
    this.#patience = { deadlineMs: PATIENCE_MS, mutex: new PatientMutex() };
    this.serve(this.#schemas);
    return this;
  }

  /** Accounts in order, parents first: `["leaf", "reseller"]` hangs leaf under reseller; a `*` marks a reseller. */
  async tree(...accounts: (readonly [id: string, parentId?: string])[]): Promise<void> {
    for (const [id, parentId] of accounts) {
      await this.accounts.create(OPEN_PRINCIPAL, {
        id: id.replace("*", ""),
        name: id,
        parentId,
        isReseller: id.endsWith("*"),
      });
    }
  }

  read(accountId: string | undefined, configId: string): Promise<ConfigSnapshot> {
    return this.configs.effective(
      OPEN_PRINCIPAL,
      { accountId, configId },
      createRequestReader(this.store, OPEN_PRINCIPAL, this.#lineages),
    );
  }

  write(
    accountId: string | undefined,
    configId: string,
    intent: WriteIntent,
    options: Partial<WriteRequest> = {},
  ): Promise<WriteResult> {
    return this.configs.write(OPEN_PRINCIPAL, { target: { accountId, configId }, intent, ...options });
  }

  set(accountId: string | undefined, configId: string, values: JsonObject): Promise<WriteResult> {
    return this.write(accountId, configId, { kind: "SET", values });
  }

  patch(accountId: string | undefined, configId: string, patch: JsonObject): Promise<WriteResult> {
    return this.write(accountId, configId, { kind: "PATCH", patch });
  }

  reset(accountId: string | undefined, configId: string, pointers?: readonly string[]): Promise<WriteResult> {
    return this.write(accountId, configId, { kind: "RESET", pointers });
  }

  /** What the store holds, seen or not; undefined when there is nothing. */
  async stored(accountId: string | undefined, configId: string): Promise<JsonObject | undefined> {
    return (await storedDocuments(this.store, [{ accountId, configId }]))[0]?.override;
  }

  async revision(accountId: string | undefined, configId: string): Promise<number> {
    return (
      (await this.store.versions({ accounts: [], documents: [{ accountId, configId }] })).documents[0]
        ?.revision ?? 0
    );
  }
}

export async function openServices(schemas: string, folder?: string): Promise<Services> {
  const store = await openTestStore(folder);
  onTestFinished(() => store.close());
  return new Services(store, schemas);
}

/** As the app has them, without a cache that others share. */
export function createMerges(): MergedConfigs {
  return new MergedConfigs({ bytes: 128 * 2 ** 20 });
}

/** The written result, or a failed test. */
export function written(result: WriteResult): Extract<WriteResult, { result: "written" }> {
  if (result.result !== "written") throw new Error(`not written: ${JSON.stringify(result)}`);
  return result;
}
