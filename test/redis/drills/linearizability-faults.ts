import type { TcpProxy } from "../tcp-proxy.js";
import type { RunningGateway } from "./running-gateway.js";

/** A gateway, and the way from it to Redis. */
export interface ExposedGateway {
  readonly gateway: RunningGateway;
  readonly proxy: TcpProxy;
}

type Fault = (exposed: ExposedGateway, milliseconds: number) => Promise<void>;

const FAULTS: Readonly<Record<string, Fault>> = {
  async "gateway paused"({ gateway }, milliseconds) {
    gateway.pause();
    await sleep(milliseconds);
    gateway.resume();
  },
  async "connections cut"({ proxy }) {
    proxy.cut();
  },
  async "replies dropped"({ proxy }, milliseconds) {
    proxy.dropReplies(true);
    await sleep(milliseconds);
    // Bytes missing in the middle of a stream no network would bring about.
    proxy.cut();
    proxy.dropReplies(false);
  },
  async "network stalled"({ proxy }, milliseconds) {
    proxy.stall(true);
    await sleep(milliseconds);
    proxy.stall(false);
  },
  async outage({ proxy }, milliseconds) {
    proxy.refuse();
    proxy.cut();
    await sleep(milliseconds);
    await proxy.accept();
  },
};
export const FAULT_KINDS = Object.keys(FAULTS);

const HEALTHY_MS = [20, 250] as const;
const SHORT_MS = [5, 60] as const;
/** A call is given up after 900 ms, a silent connection after 1,500, a write after 2,000. */
const LONG_MS = [800, 2_400] as const;
const ROUNDS_OF_SHORT_ONES = 3;

export const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function between([least, most]: readonly [number, number]): number {
  return least + (most - least) * Math.random();
}

/** Does gateways harm, to each one thing after the other: short ones of every kind, then a long one. */
export class Faults {
  readonly counts = new Map<string, number>();
  #isOver = false;
  #running: Promise<unknown> = Promise.resolve();

  startOn(gateways: readonly ExposedGateway[]): void {
    this.#running = Promise.all(gateways.map((exposed) => this.#harm(exposed)));
  }

  /** Resolves when all is well again. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #harm(exposed: ExposedGateway): Promise<void> {
    for (const long of endless(FAULT_KINDS)) {
      for (let round = 0; round < ROUNDS_OF_SHORT_ONES; round++)
        for (const kind of shuffled(FAULT_KINDS)) await this.#inflict(exposed, kind, between(SHORT_MS));
      await this.#inflict(exposed, long, between(LONG_MS));
      if (this.#isOver) return;
    }
  }

  async #inflict(exposed: ExposedGateway, kind: string, milliseconds: number): Promise<void> {
    if (this.#isOver) return;
    await sleep(between(HEALTHY_MS));
    await FAULTS[kind]?.(exposed, milliseconds);
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}

/** In one random order after the other. */
function* endless<T>(items: readonly T[]): Generator<T> {
  for (;;) yield* shuffled(items);
}

function shuffled<T>(items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
