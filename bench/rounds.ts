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

/**
 * Warms everything up, then measures it in turns: A, B, C, A, B, C … Whatever the machine does meanwhile hits all of them,
 * so that ratios within one round can be relied on where the numbers cannot.
 */
export async function measureInTurns(
  measurements: ReadonlyMap<string, { readonly measurement: Work; readonly server: Server }>,
  loader: Loader,
  { rounds, connections, warmRequests, warmMs, roundMs }: Rounds,
  onProgress: (text: string) => void,
): Promise<Samples> {
  const samples = new Map([...measurements.keys()].map((name) => [name, [] as Sample[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { measurement, server }] of measurements) {
      onProgress(round === 0 ? `warming up: ${name}` : `round ${round} of ${rounds}: ${name}`);
      const { template, other, order } = measurement;
      const load = { name, port: server.port, template, order, connections, ...(other && { other }) };
      const limit =
        round === 0 ? { milliseconds: warmMs, requests: warmRequests } : { milliseconds: roundMs };
      const before = server.cpu();
      const result = await loader.run(load, limit);
      const after = server.cpu();
      if (round === 0) continue;
      const own = after.own - before.own;
      const perRequest = (milliseconds: number) => (milliseconds * 1_000) / result.requests;
      samples.get(name)?.push({
        rate: (result.requests * 1_000) / result.milliseconds,
        cpu: perRequest(own),
        databaseCpu:
          after.database === undefined ? undefined : perRequest(after.database - (before.database ?? 0)),
        p50: result.p50,
        p99: result.p99,
        serverBusy: own / result.milliseconds,
        loaderBusy: result.loaderCpu / result.milliseconds,
      });
    }
  }
  return samples;
}
