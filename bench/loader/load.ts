import { type AccountOrder, createAccountOrder } from "./account-order.js";
import { HttpConnection } from "./http-connection.js";
import { createRequestWriter, type RequestTemplate } from "./request-template.js";

/** What one server is asked, over and over. */
export interface Load {
  /** Loads of one name go on where the last one stopped. */
  readonly name: string;
  readonly port: number;
  readonly template: RequestTemplate;
  /** Of a hundred requests so many are made from this template instead. */
  readonly other?: { readonly percent: number; readonly template: RequestTemplate };
  readonly order: AccountOrder;
  readonly connections: number;
}

/** How long: whichever comes first. */
export interface LoadLimit {
  readonly milliseconds: number;
  readonly requests?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly milliseconds: number;
  /** How many answers were not as expected, and the first of them. */
  readonly failures: number;
  readonly firstFailure: string | undefined;
  readonly p50: number;
  readonly p99: number;
  /** Of the process that made the load, in milliseconds. */
  readonly loaderCpu: number;
}

const GIVE_UP_AFTER = 10;
/** A server that does not answer at all is not waited for any longer. */
const PATIENCE_MS = 20_000;
/** Without a factor in common with 100: spreads the few among the many. */
const STRIDE = 37;
const positions = new Map<string, number>();
const orders = new Map<string, (request: number) => number>();

/** Drives a server over fixed connections, one request at a time on each. Never rejects for a bad answer: it is counted. */
export async function runLoad(load: Load, limit: LoadLimit): Promise<LoadResult> {
  const host = `127.0.0.1:${load.port}`;
  const writer = createRequestWriter(load.template, host);
  const other = load.other && createRequestWriter(load.other.template, host);
  const accountOf = orderOf(load.order);
  const connections = await openAll(load);
  const latencies: number[] = [];
  const failures: string[] = [];
  let count = positions.get(load.name) ?? 0;
  let left = limit.requests ?? Number.POSITIVE_INFINITY;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + limit.milliseconds;
  const isOver = (connection: HttpConnection) =>
    performance.now() >= end || left <= 0 || failures.length >= GIVE_UP_AFTER || !connection.isOpen;
  const drive = (connection: HttpConnection): Promise<void> =>
    new Promise((resolve) => {
      const next = (): void => {
        if (isOver(connection)) {
          resolve();
          return;
        }
        left--;
        const isOther = load.other !== undefined && (count * STRIDE) % 100 < load.other.percent;
        const chosen = isOther && other !== undefined ? other : writer;
        const request = chosen.fill(accountOf(count), count);
        const sentAt = performance.now();
        connection.send(request, chosen.expected, (problem) => {
          if (problem === undefined) latencies.push(performance.now() - sentAt);
          else failures.push(problem);
          next();
        });
        count++;
      };
      next();
    });
  const impatience = setTimeout(() => {
    for (const connection of connections) connection.close(`no answer ${PATIENCE_MS} ms after the end`);
  }, limit.milliseconds + PATIENCE_MS);
  await Promise.all(connections.map(drive));
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  clearTimeout(impatience);
  for (const connection of connections) connection.close("done");
  positions.set(load.name, count);
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    requests: latencies.length,
    milliseconds,
    failures: failures.length,
    firstFailure: failures[0],
    p50: at(0.5),
    p99: at(0.99),
    loaderCpu: (user + system) / 1_000,
  };
}

/** A sequence takes longer to make than many a round lasts. */
function orderOf(order: AccountOrder): (request: number) => number {
  const name = JSON.stringify(order);
  const known = orders.get(name) ?? createAccountOrder(order);
  orders.set(name, known);
  return known;
}

function openAll({ port, connections }: Load): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: connections }, () => HttpConnection.open(port)));
}
