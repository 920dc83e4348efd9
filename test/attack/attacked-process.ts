import "reflect-metadata";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pino } from "pino";
import { createApp } from "../../src/app.js";
import type { TimeOuts } from "../../src/http/connection-limits.js";
import type { Settings } from "../../src/settings.js";
import { createFaultyApp } from "./faulty-app.js";

// The server under attack, in a process of its own: what it logs, keeps and holds up is its own and nobody else's.

export interface Order {
  readonly ask: "lines" | "memory" | "watch" | "held";
}

export interface Start {
  readonly settings: Omit<Settings, "host" | "port" | "logLevel" | "drainDelay">;
  readonly timeOuts: TimeOuts | undefined;
  /** Whether the store fails where it is asked for what nobody has. */
  readonly isFaulty: boolean;
}

/** What one stretch of time took of the process, in milliseconds. */
export interface Held {
  /** The longest that nothing else had a turn, by the clock: on a machine that others use, their work is in it. */
  readonly wall: number;
  /** The longest turn by clock and processor, whichever says less. */
  readonly turn: number;
}

const lines: string[] = [];
const delays = monitorEventLoopDelay({ resolution: 1 });
let watching: NodeJS.Immediate | undefined;
let longest = 0;

/** Looks at both clocks once in every turn of the event loop. */
function watchTurns(): void {
  longest = 0;
  let wall = performance.now();
  let processor = process.cpuUsage();
  watching = setImmediate(function again() {
    const { user, system } = process.cpuUsage(processor);
    longest = Math.max(longest, Math.min(performance.now() - wall, (user + system) / 1_000));
    wall = performance.now();
    processor = process.cpuUsage();
    watching = setImmediate(again);
  });
}

const answers: Readonly<Record<Order["ask"], () => unknown>> = {
  lines: () => lines.splice(0),
  memory() {
    for (let turn = 0; turn < 3; turn++) globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  watch() {
    clearImmediate(watching);
    watchTurns();
    delays.reset();
    return null;
  },
  held(): Held {
    clearImmediate(watching);
    return { wall: Math.max(0, delays.max / 1e6 - 1), turn: longest };
  },
};

const start = JSON.parse(process.argv[2] ?? "") as Start;
const logger = pino({ level: "debug", base: null }, { write: (line: string) => lines.push(line) });
const app = start.isFaulty
  ? await createFaultyApp(start, logger)
  : await createApp(start.settings, logger, { connections: start.timeOuts });
const origin = await app.listen({ host: "127.0.0.1", port: 0, listenTextResolver: () => "listening" });
delays.enable();
process.on("message", ({ ask }: Order) => process.send?.({ answer: answers[ask]() }));
process.on("disconnect", () => {
  void app.close().then(() => process.exit(0));
});
process.send?.({ port: Number(new URL(origin).port) });
