import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import { StrataError } from "../../../src/domain/errors.js";
import type { JsonObject } from "../../../src/domain/json/json.js";
import { loadSchemaRegistry } from "../../../src/schema/schema-registry.js";
import { AccountService, type NewAccount } from "../../../src/service/account-service.js";
import type { ConfigTarget } from "../../../src/service/config-catalog.js";
import { ConfigService } from "../../../src/service/config-service.js";
import type { ConfigSnapshot } from "../../../src/service/read/config-snapshot.js";
import { LineageCache } from "../../../src/service/read/lineage-cache.js";
import { MergedConfigs } from "../../../src/service/read/merged-configs.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import { observeStore } from "../../../src/store/observed-store.js";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import { type Flaw, flawedStore } from "./linearizability-flaws.js";

/** What a gateway is started with: the one argument, as JSON. */
export interface GatewaySettings {
  readonly url: string;
  readonly cell: string;
  /** A folder. */
  readonly schemas: string;
  readonly cacheMebibytes?: number;
  /** What is wrong with it, to see whether a drill finds out. */
  readonly flaw?: Flaw | undefined;
}

/** Of a config what a client sees of it. */
export interface ShownConfig {
  readonly values: JsonObject;
  /** Of the layers that can be written; revision 0: nothing is stored. */
  readonly layers: readonly { readonly accountId?: string | undefined; readonly revision: number }[];
}

/** What it can be asked, and what it answers. */
export interface GatewayCalls {
  read: { asked: { readonly target: ConfigTarget }; answer: ShownConfig };
  patch: {
    asked: { readonly target: ConfigTarget; readonly patch: JsonObject };
    answer: ShownConfig & { readonly revision: number };
  };
  create: { asked: { readonly account: NewAccount }; answer: object };
  /** Each with a reader of its own, a few at a time; answers with the value of one setting of each. */
  readMany: {
    asked: { readonly targets: readonly ConfigTarget[]; readonly setting: string };
    answer: { readonly found: readonly unknown[]; readonly milliseconds: number };
  };
  /** What it has asked the store since the last time: how often, and for how many accounts and documents in all. */
  calls: {
    asked: object;
    answer: Readonly<Record<string, { readonly times: number; readonly size: number }>>;
  };
  heap: { asked: object; answer: { readonly bytes: number } };
}

export type GatewayCall = keyof GatewayCalls;
export type Asked<Call extends GatewayCall> = GatewayCalls[Call]["asked"];
export type Answer<Call extends GatewayCall> = GatewayCalls[Call]["answer"];
export interface Failure {
  readonly failure: StrataError["code"];
  readonly message: string;
}

/**
 * A gateway as a process of its own, put together as the app does it, but without faces: does what each line of its input
 * says, and answers with a line that has the same id, in whatever order things get done. Ends with its input.
 */
const MEBIBYTE = 2 ** 20;
const READS_AT_ONCE = 16;

const settings: GatewaySettings = JSON.parse(process.argv[2] ?? "");
const calls = new Map<string, { times: number; size: number }>();
const store = observeStore(
  flawedStore(
    await openRedisStore({ target: parseRedisUrl(settings.url), cell: settings.cell }),
    settings.flaw,
  ),
  ({ operation, size }) => {
    const before = calls.get(operation) ?? { times: 0, size: 0 };
    calls.set(operation, { times: before.times + 1, size: before.size + size });
  },
);
const registry = loadSchemaRegistry(settings.schemas);
const bytes = (settings.cacheMebibytes ?? 192) * MEBIBYTE;
const merges = new MergedConfigs({ bytes: Math.floor((bytes * 2) / 3) });
const lineages = new LineageCache(bytes / 3);
const dependencies = { store, now: () => new Date(), newId: randomUUID };
const configs = new ConfigService({ ...dependencies, registry, merges });
const accounts = new AccountService({ ...dependencies, registry });

function shown({ config }: ConfigSnapshot): ShownConfig {
  const layers = config.layers.filter(({ kind }) => kind !== "SCHEMA");
  return {
    values: config.values,
    layers: layers.map(({ accountId, revision }) => ({ accountId, revision: revision ?? 0 })),
  };
}

function read(target: ConfigTarget): Promise<ConfigSnapshot> {
  return configs.effective(OPEN_PRINCIPAL, target, createRequestReader(store, OPEN_PRINCIPAL, lineages));
}

const handlers: { [Call in GatewayCall]: (asked: Asked<Call>) => Promise<Answer<Call>> } = {
  async read({ target }) {
    return shown(await read(target));
  },
  async patch({ target, patch }) {
    const written = await configs.write(OPEN_PRINCIPAL, { target, intent: { kind: "PATCH", patch } });
    if (written.result !== "written" || written.revision === undefined)
      throw new Error(`nothing was written: ${written.result}`);
    return { ...shown(written.snapshot), revision: written.revision };
  },
  create({ account }) {
    return accounts.create(OPEN_PRINCIPAL, account).then(() => ({}));
  },
  async readMany({ targets, setting }) {
    const start = performance.now();
    const found: unknown[] = [];
    const left = targets.entries();
    const reader = async () => {
      for (const [index, target] of left) found[index] = (await read(target)).config.values[setting];
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, reader));
    return { found, milliseconds: performance.now() - start };
  },
  async calls() {
    const answer = Object.fromEntries(calls);
    calls.clear();
    return answer;
  },
  async heap() {
    globalThis.gc?.();
    return { bytes: process.memoryUsage().heapUsed };
  },
};

function failed(error: unknown): Failure {
  if (error instanceof StrataError) return { failure: error.code, message: error.message };
  return { failure: "INTERNAL_SERVER_ERROR", message: String(error) };
}

async function handle<Call extends GatewayCall>(
  call: Call,
  asked: Asked<Call>,
): Promise<Answer<Call> | Failure> {
  return handlers[call](asked).catch(failed);
}

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

say({ id: 0 });
for await (const line of createInterface(process.stdin)) {
  const { id, call, asked } = JSON.parse(line);
  void handle(call, asked).then((answer) => say({ id, answer }));
}
await store.close();
