import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OPEN_PRINCIPAL } from "../src/auth/principal.js";
import { blameAfter, blameText } from "../src/domain/change/blame.js";
import type { JsonObject } from "../src/domain/json/json.js";
import { loadSchemaRegistry } from "../src/schema/schema-registry.js";
import { AccountService } from "../src/service/account-service.js";
import { ConfigService } from "../src/service/config-service.js";
import { blamedDocument } from "../src/service/read/blamed-document.js";
import { MergedConfigs } from "../src/service/read/merged-configs.js";
import { createRequestReader } from "../src/service/read/request-reader.js";
import { documentText } from "../src/store/document-text.js";
import { openDatabase, putBeginning } from "../src/store/lmdb/folder/lmdb-environment.js";
import type { Database } from "../src/store/lmdb/lmdb-database.js";
import { passCommit } from "../src/store/lmdb/lmdb-index.js";
import { rememberOperation } from "../src/store/lmdb/lmdb-operations.js";
import { decide, feedKey, putDocument, type Retention } from "../src/store/lmdb/lmdb-records.js";
import { openLmdbStore } from "../src/store/lmdb/lmdb-store.js";
import { versionOf } from "../src/store/lmdb/lmdb-versions.js";
import { changeBody, documentBody, recordOf } from "../src/store/records.js";
import { type Commit, NAMED_OPERATIONS, OPERATION_LIFE_MS, type Store } from "../src/store/store.js";
import { median } from "./report/ratios.js";

// What history costs: a read as of a past moment beside a cold read of now, with many revisions between, and the part of a
// write that history and blame take. CPU of this process, in turns, so that whatever the machine does hits all of them; the
// embedded store. Quote the ratios; the times are this machine's, today.

const REVISIONS = Number(process.env.HISTORY_REVISIONS ?? 10_000);
const FIELDS = 30;
const ROUNDS = 15;
const READS = 200;
const WRITES = 100;
const CONFIG = "bench";
const KEPT = { historyRevisions: 100_000, historyBytes: 2 ** 40 };

const schemas = mkdtempSync(join(tmpdir(), "strata-bench-"));
const folders = [schemas];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "strata-bench-"));
  folders.push(made);
  return made;
};

/** CPU that each of so many runs takes, in microseconds. */
async function cpuOf(times: number, run: (n: number) => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let n = 0; n < times; n++) await run(n);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

function values(n: number): JsonObject {
  return Object.fromEntries(
    Array.from({ length: FIELDS }, (_, i) => [`setting_${i}`, i === n % FIELDS ? n : i]),
  );
}

interface Services {
  readonly store: Store;
  readonly configs: ConfigService;
}

async function openServices(): Promise<Services> {
  const store = await openLmdbStore({ folder: folder(), ...KEPT });
  const registry = loadSchemaRegistry(schemas);
  const dependencies = { store, now: () => new Date(), newId: () => randomUUID(), registry };
  const accounts = new AccountService(dependencies);
  for (const [id, parentId] of [["root"], ["shop", "root"], ["one", "shop"]] as const)
    await accounts.create(OPEN_PRINCIPAL, { id, name: id, parentId, isReseller: id === "shop" });
  // Nothing is kept: each read is a cold one.
  const configs = new ConfigService({ ...dependencies, merges: new MergedConfigs({ bytes: 1 }) });
  return { store, configs };
}

const target = (accountId: string | undefined) => ({ accountId, configId: CONFIG });

function set({ configs }: Services, accountId: string | undefined, n: number): Promise<unknown> {
  return configs.write(OPEN_PRINCIPAL, {
    target: target(accountId),
    intent: { kind: "SET", values: values(n) },
    note: "because",
  });
}

async function reads(services: Services): Promise<void> {
  const owners = [undefined, "shop", "one"];
  for (let n = 0; n < 3; n++) for (const owner of owners) await set(services, owner, n);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const moment = new Date().toISOString();
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (let n = 0; n < REVISIONS; n++) await set(services, owners[n % 3], n + 10);
  const read = (asOf?: string) => async () => {
    const reader = createRequestReader(services.store, OPEN_PRINCIPAL);
    const { config } = await services.configs.effective(OPEN_PRINCIPAL, target("one"), reader, asOf);
    return config.fields.length;
  };
  const [now, then] = await inTurns([() => cpuOf(READS, read()), () => cpuOf(READS, read(moment))]);
  console.log(
    `\nA read of ${FIELDS} fields with provenance, ${REVISIONS} revisions later; median of ${ROUNDS} rounds`,
  );
  print("cold, now", now);
  print("as of a moment before them", then);
  console.log(`  as of ÷ now: ${ratio(then, now)} (promised: at most 2)`);
}

/** What a commit writes beside history and blame. The checks that it makes are not in it: they count for the history here. */
function withoutHistory(database: Database, commit: Commit, n: number): void {
  const { write, at, by, note, operation } = commit;
  if (write.on !== "document") throw new Error("a document is written here");
  const version = { revision: n, sequence: n, nonce: operation.id.slice(0, 16) };
  versionOf(database, write.key);
  const origin = { at, by, note };
  putDocument(
    database,
    write.key,
    recordOf(version, documentBody({ kind: write.kind, ...origin }, documentText(write))),
    version,
  );
  passCommit(database, CONFIG, n);
  rememberOperation(database, operation, { version, at }, Date.now(), OPERATION_LIFE_MS);
  database.put(feedKey(n), recordOf(version, changeBody({ write, ...origin, schema: undefined })));
  database.put("seq", String(n));
  database.put("time", at);
}

function commitOf(n: number, blame: string): Commit {
  return {
    expect: { documents: [], accounts: [] },
    write: { on: "document", key: target(undefined), kind: "SET", override: values(n), blame },
    at: new Date().toISOString(),
    by: "ada",
    schema: undefined,
    note: "because",
    operation: { id: randomUUID(), digest: "digest" },
  };
}

function openBare(): Database {
  const database = openDatabase({ folder: folder(), mapSizeBytes: 2 ** 30 });
  database.transactionSync(() => putBeginning(database));
  return database;
}

async function writes(services: Services): Promise<void> {
  const [full, bare] = [openBare(), openBare()];
  const retention: Retention & { earliest: string } = {
    ...KEPT,
    ...{ feedEntries: 1_000_000, namedOperations: NAMED_OPERATIONS, operationLifeMs: OPERATION_LIFE_MS },
    now: Date.now,
    earliest: "",
  };
  const key = target(undefined);
  const readHistory: Store["history"] = (of) => services.store.history(of);
  const blame = async (n: number): Promise<string> => {
    const [config] = (await services.store.layers([key], "write")).configs;
    const stored = config?.documents[0];
    return blameText(blameAfter(stored && (await blamedDocument(readHistory, key, stored)), values(n)));
  };
  const text = await blame(0);
  let [fulls, bares, count] = [0, 0, 0];
  const [whole, blamed, withIt, without] = await inTurns([
    () => cpuOf(WRITES, () => set(services, undefined, count++)),
    () => cpuOf(WRITES, blame),
    () =>
      cpuOf(WRITES, () => {
        const commit = commitOf(++fulls, text);
        const { write } = commit;
        if (write.on !== "document") return undefined;
        return full.childTransaction(() => decide(full, commit, documentText(write), retention));
      }),
    () =>
      cpuOf(WRITES, () => {
        const commit = commitOf(++bares, text);
        return bare.childTransaction(() => withoutHistory(bare, commit, bares));
      }),
  ]);
  console.log(`\nA write of ${FIELDS} fields through the service; median of ${ROUNDS} rounds`);
  print("all of it", whole);
  print("of that, finding and making blame", blamed);
  print("a commit in the store", withIt);
  print("the same without history and blame", without);
  const price = whole.map((each, round) => {
    const history = (blamed[round] ?? 0) + (withIt[round] ?? 0) - (without[round] ?? 0);
    return each / (each - history);
  });
  console.log(`  with history ÷ without: ${median(price).toFixed(2)} (promised: at most 1.25)`);
  await Promise.all([full.close(), bare.close()]);
}

/** Each in its turn, round by round; the first round warms up. */
async function inTurns<const T extends readonly (() => Promise<number>)[]>(
  measured: T,
): Promise<{ [K in keyof T]: number[] }> {
  const found = measured.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [index, measure] of measured.entries()) {
      const cpu = await measure();
      if (round > 0) found[index]?.push(cpu);
    }
  return found as { [K in keyof T]: number[] };
}

function print(what: string, cpu: readonly number[]): void {
  console.log(`  ${what.padEnd(36)} ${median(cpu).toFixed(0).padStart(6)} µs of CPU`);
}

function ratio(top: readonly number[], bottom: readonly number[]): string {
  return median(top.map((each, round) => each / (bottom[round] ?? Number.NaN))).toFixed(2);
}

const open = { type: "object", additionalProperties: true };
for (const kind of ["account", "system"])
  writeFileSync(join(schemas, `${kind}_config.${CONFIG}.json`), JSON.stringify(open));
try {
  const services = await openServices();
  await reads(services);
  await writes(services);
  await services.store.close();
} finally {
  for (const each of folders) rmSync(each, { recursive: true, force: true });
}
