import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { schemaFolder } from "../../temporary-folder.js";
import { RedisServer } from "../redis-server.js";
import { RunningGateway } from "./running-gateway.js";
import { commandsDuring } from "./scale-commands.js";
import {
  configOf,
  fillStore,
  hasDocument,
  LABEL,
  labelOf,
  RESELLERS,
  SCALE_SCHEMAS,
} from "./scale-filling.js";

const FEW = 1_000;
const MANY = Number(process.env.STRATA_ACCOUNTS ?? 10_000);
const READS = Math.max(20_000, MANY);
const READS_AT_ONCE = 10_000;
const SAMPLE = 800;
const CACHE_MEBIBYTES = 8;
/** Of the heap: code that got compiled, buffers, what a cache's own books take. */
const BESIDE_MEBIBYTES = 4;
const MEBIBYTE = 2 ** 20;

interface Cost {
  /** What each read makes the server run, on average, those inside functions too. */
  readonly commands: Readonly<Record<string, number>>;
  /** How many accounts and documents each read asks the store for. */
  readonly asked: Readonly<Record<string, number>>;
}

let server: RedisServer;
const cells = new Map<number, string>();
beforeAll(async () => {
  server = await RedisServer.start();
  for (const accounts of [FEW, MANY]) {
    const cell = randomUUID();
    const start = performance.now();
    const stored = await fillStore(server.url, cell, accounts);
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    console.log(`${accounts} accounts: ${stored} records and documents put into Redis in ${seconds} s`);
    cells.set(accounts, cell);
  }
}, 900_000);
afterAll(() => server.stop());

async function openGateway(accounts: number, cacheMebibytes?: number): Promise<RunningGateway> {
  const gateway = await RunningGateway.start({
    url: server.url,
    cell: cells.get(accounts) ?? "",
    schemas: schemaFolder(SCALE_SCHEMAS),
    ...(cacheMebibytes !== undefined && { cacheMebibytes }),
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** @returns milliseconds for each */
async function readAll(gateway: RunningGateway, indexes: readonly number[]): Promise<number> {
  const targets = indexes.map(configOf);
  const { found, milliseconds } = await gateway.get("readMany", { targets, setting: LABEL });
  expect(found).toEqual(indexes.map(labelOf));
  return milliseconds / indexes.length;
}

/** Different accounts, with documents of their own or without, never those that a gateway has read to get warm. */
function sample(accounts: number, withDocuments: boolean): number[] {
  const size = withDocuments ? SAMPLE / 10 : SAMPLE;
  const chosen = new Set<number>();
  while (chosen.size < size) {
    const index = RESELLERS + Math.floor(Math.random() * (accounts - RESELLERS));
    if (hasDocument(index) === withDocuments) chosen.add(index);
  }
  return [...chosen];
}

describe(`A gateway above ${MANY} accounts`, () => {
  test(`asks Redis for as much as one above ${FEW}`, { timeout: 300_000 }, async () => {
    const [few, many] = [await measure(FEW), await measure(MANY)];
    for (const [name, { cost, milliseconds }] of many) {
      const ratio = milliseconds / (few.get(name)?.milliseconds ?? 0);
      const details = `${milliseconds.toFixed(3)} ms, ${ratio.toFixed(2)} times that of ${FEW} accounts`;
      console.log(`${name}: ${JSON.stringify(cost)}; ${details}`);
    }
    expect(costsOf(many)).toEqual(costsOf(few));
  });

  type Measured = Map<string, { cost: Cost; milliseconds: number }>;
  const costsOf = (measured: Measured) => [...measured].map(([name, { cost }]) => [name, cost]);

  async function measure(accounts: number): Promise<Measured> {
    const gateway = await openGateway(accounts);
    const measured: Measured = new Map();
    // What the accounts of a reseller share.
    await readAll(
      gateway,
      Array.from({ length: RESELLERS }, (_, index) => index),
    );
    for (const withDocuments of [false, true]) {
      const indexes = sample(accounts, withDocuments);
      for (const time of ["first", "second"]) {
        const name = `the ${time} read of an account ${withDocuments ? "with" : "without"} a document`;
        measured.set(name, await costOf(gateway, indexes));
      }
    }
    return measured;
  }

  async function costOf(gateway: RunningGateway, indexes: readonly number[]) {
    await gateway.get("calls", {});
    let milliseconds = 0;
    const commands = await commandsDuring(server, async () => {
      milliseconds = await readAll(gateway, indexes);
    });
    const asked = Object.entries(await gateway.get("calls", {}));
    const perRead = (counts: readonly (readonly [name: string, count: number])[]) => {
      // In tenths: what a gateway does by itself every ten seconds is less than half of that.
      const tenths = counts.map(
        ([name, count]) => [name, Math.round((10 * count) / indexes.length) / 10] as const,
      );
      return Object.fromEntries(tenths.filter(([, count]) => count > 0));
    };
    const cost: Cost = {
      commands: perRead([...commands]),
      asked: perRead(asked.map(([name, { size }]) => [name, size])),
    };
    return { cost, milliseconds };
  }

  test(`keeps to its memory over ${READS} reads`, { timeout: 900_000 }, async () => {
    const gateway = await openGateway(MANY, CACHE_MEBIBYTES);
    const before = (await gateway.get("heap", {})).bytes;
    const heaps: number[] = [];
    let milliseconds = 0;
    for (let read = 0; read < READS; read += READS_AT_ONCE) {
      const indexes = Array.from({ length: READS_AT_ONCE }, () => Math.floor(Math.random() * MANY));
      milliseconds += (await readAll(gateway, indexes)) * READS_AT_ONCE;
      heaps.push((await gateway.get("heap", {})).bytes);
    }
    const most = Math.max(...heaps);
    const [base, peak] = [before, most].map((bytes) => (bytes / MEBIBYTE).toFixed(1));
    const pace = (milliseconds / READS).toFixed(3);
    console.log(`${READS} reads, ${pace} ms each: heap ${base} MiB before, at most ${peak} MiB after`);
    expect(most - before).toBeLessThan((CACHE_MEBIBYTES + BESIDE_MEBIBYTES) * MEBIBYTE);
  });
});
