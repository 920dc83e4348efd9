import type { LoadLimit } from "./loader/load.js";
import type { Loader } from "./loader/loader.js";
import type { Work } from "./measurements.js";
import type { Server } from "./servers/server.js";

/** What one round of one measurement came to. */
export interface Sample {
  /** Requests a second. */
  readonly rate: number;
  /** Of the server's process, user and system, in microseconds for each request; NaN where nobody knows. */
  readonly cpu: number;
  /** Of its database, the same; undefined when it has none. */
  readonly databaseCpu: number | undefined;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Of one core's time, how much the server and the load generator had: from 0 to 1, or more with several threads. */
  readonly serverBusy: number;
  readonly loaderBusy: number;
}

export interface Rounds {
  readonly rounds: number;
  readonly connections: number;
  /** Warmed up by so many requests, or for so long. */
  readonly warmRequests: number;
  readonly warmMs: number;
  readonly roundMs: number;
}

export type Samples = ReadonlyMap<string, readonly Sample[]>;

export interface Measured {
  readonly samples: Samples;
  /** What could not be measured, and why. */
  readonly failed: ReadonlyMap<string, string>;
}

interface Turn {
  readonly measurement: Work;
  readonly server: Server;
}

/**
 * Warms everything up, then measures it in turns: A, B, C, A, B, C … Whatever the machine does meanwhile hits all of them,
 * so that ratios within one round can be relied on where the numbers cannot. What answers wrongly once is out.
 */
export async function measureInTurns(
  turns: ReadonlyMap<string, Turn>,
  loader: Loader,
  { rounds, connections, warmRequests, warmMs, roundMs }: Rounds,
  onProgress: (text: string) => void,
): Promise<Measured> {
  const samples = new Map([...turns.keys()].map((name) => [name, [] as Sample[]]));
  const failed = new Map<string, string>();
  for (let round = 0; round <= rounds; round++) {
    const limit = round === 0 ? { milliseconds: warmMs, requests: warmRequests } : { milliseconds: roundMs };
    for (const [name, turn] of turns) {
      if (failed.has(name)) continue;
      onProgress(round === 0 ? `warming up: ${name}` : `round ${round} of ${rounds}: ${name}`);
      try {
        // What is one request in twenty of a mixture would not be warm when the rest is.
        if (round === 0) await warmOther(name, turn, loader, connections, limit);
        const sample = await measureOnce(name, turn, loader, connections, limit);
        if (round > 0) samples.get(name)?.push(sample);
      } catch (error) {
        onProgress(`FAILED: ${(error as Error).message}`);
        failed.set(name, (error as Error).message);
        samples.delete(name);
      }
    }
  }
  return { samples, failed };
}

async function warmOther(
  name: string,
  { measurement: { other, order }, server }: Turn,
  loader: Loader,
  connections: number,
  limit: LoadLimit,
): Promise<void> {
  if (other === undefined) return;
  const { port } = server;
  await loader.run({ name: `${name}, the other`, port, template: other.template, order, connections }, limit);
}

async function measureOnce(
  name: string,
  { measurement: { template, other, order }, server }: Turn,
  loader: Loader,
  connections: number,
  limit: LoadLimit,
): Promise<Sample> {
  const load = { name, port: server.port, template, order, connections, ...(other && { other }) };
  const before = server.cpu();
  const { requests, milliseconds, p50, p99, loaderCpu } = await loader.run(load, limit);
  const after = server.cpu();
  const own = after.own - before.own;
  const database = after.database === undefined ? undefined : after.database - (before.database ?? 0);
  const perRequest = (spent: number) => (spent * 1_000) / requests;
  return {
    rate: (requests * 1_000) / milliseconds,
    cpu: perRequest(own),
    databaseCpu: database === undefined ? undefined : perRequest(database),
    p50,
    p99,
    serverBusy: own / milliseconds,
    loaderBusy: loaderCpu / milliseconds,
  };
}
