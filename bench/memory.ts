import type { Loader } from "./loader/loader.js";
import { MEMORY } from "./rows.js";
import { type ObservedStrata, startObservedStrata } from "./servers/observed-strata.js";
import type { Stage } from "./servers/stage.js";
import { heavy, light } from "./workload/queries.js";

export interface MemoryResult {
  readonly wanted: number;
  readonly requests: number;
  /** After garbage collection, in MB (10^6 bytes): when all was warm, on the way, in the end. */
  readonly heap: readonly number[];
  readonly rss: readonly number[];
  readonly growth: number;
  /** Undefined when there was no time for all the requests: then nothing is known. */
  readonly reached: boolean | undefined;
}

const SAMPLES = 10;
const ACCOUNTS = 1_000;
const WARM_REQUESTS = 20_000;
const WARM_MS = 40_000;
const MEGABYTE = 1e6;
const CONNECTIONS = 16;

/**
 * Reads the same thousand accounts again and again, one request in ten the heavy query: everything that may be remembered
 * is remembered when it begins, so that whatever the heap grows by from then on is never given back.
 */
export async function measureMemory(
  stage: Stage,
  loader: Loader,
  { requests, milliseconds }: { readonly requests: number; readonly milliseconds: number },
  onProgress: (text: string) => void,
): Promise<MemoryResult> {
  const start = performance.now();
  const population = { accounts: ACCOUNTS, ownEvery: 1, larger: false };
  const server = await startObservedStrata(stage, "lmdb", population);
  try {
    const load = {
      name: "memory",
      port: server.port,
      template: light(),
      other: { percent: 10, template: heavy() },
      order: { kind: "inTurn", count: ACCOUNTS, step: 1 },
      connections: CONNECTIONS,
    } as const;
    onProgress("memory: warming up");
    await loader.run(load, { requests: WARM_REQUESTS, milliseconds: WARM_MS });
    const samples = [await heapOf(server)];
    let made = 0;
    for (let sample = 1; sample <= SAMPLES; sample++) {
      const left = start + milliseconds - performance.now();
      if (left <= 0) break;
      const result = await loader.run(load, { requests: requests / SAMPLES, milliseconds: left });
      made += result.requests;
      samples.push(await heapOf(server));
      onProgress(`memory: ${made} of ${requests} requests, ${samples.at(-1)?.heapUsed.toFixed(2)} MB`);
    }
    const heap = samples.map(({ heapUsed }) => heapUsed);
    // From the least it ever was: what the warm-up leaves to be collected later would hide as much growth.
    const growth = (heap.at(-1) ?? Number.NaN) - Math.min(...heap);
    const reached = made < requests ? undefined : growth <= MEMORY.most;
    return { wanted: requests, requests: made, heap, rss: samples.map(({ rss }) => rss), growth, reached };
  } finally {
    await server.stop();
  }
}

async function heapOf(server: ObservedStrata): Promise<{ heapUsed: number; rss: number }> {
  const { heapUsed, rss } = (await server.ask({ ask: "heap" })) as { heapUsed: number; rss: number };
  return { heapUsed: heapUsed / MEGABYTE, rss: rss / MEGABYTE };
}
