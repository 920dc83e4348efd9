import {
  type Change,
  keyText,
  type Position,
  type Store,
  type StoredDocument,
  sequenceOfChange,
} from "../../store/store.js";
import { fromStore } from "../from-store.js";
import { CommitSteps } from "./commit-steps.js";
import { CommitTail, type Passed, versionOfChange } from "./commit-tail.js";
import { Deliveries, type DeliveryOptions } from "./deliveries.js";
import { PastState, type PastStore } from "./past-state.js";
import type { SchemasInForce } from "./schemas-in-force.js";
import type { WatchedConfigs } from "./watched-configs.js";

const TRIES_AT_ONCE = 8;

export interface FollowingOptions extends DeliveryOptions {
  readonly store: PastStore & Pick<Store, "changes" | "layers">;
  readonly watched: WatchedConfigs;
  readonly schemas: SchemasInForce;
}

/** Takes everything that is watched along the change feed, from the position at which the first of it was read. */
export class Following {
  readonly #steps: CommitSteps;
  #isStopped = false;

  private constructor(
    readonly tail: CommitTail,
    readonly deliveries: Deliveries,
    private readonly options: FollowingOptions,
  ) {
    const { store, watched } = options;
    this.#steps = new CommitSteps({
      store,
      past: new PastState(store),
      watched,
      deliveries,
      passed: (change) => {
        tail.passed(change);
        deliveries.moveTo(change);
      },
    });
  }

  static async from(position: Position, options: FollowingOptions): Promise<Following> {
    const tail = await CommitTail.from(options.store, position);
    const deliveries = new Deliveries({ ...position, nonce: tail.last.nonce }, options.schemas, options);
    return new Following(tail, deliveries, options);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /**
   * @param to goes no further than this sequence, but where more can be told as one step only; absent: to the newest
   * @returns false: what came after the position is not to be known
   */
  async advance(to = Number.MAX_SAFE_INTEGER): Promise<boolean> {
    while (this.tail.last.sequence < to && !this.#isStopped) {
      const next = await this.tail.after(this.tail.last);
      if (next === undefined) return false;
      const rest = await this.#steps.apply(next.changes.filter((change) => sequenceOfChange(change) <= to));
      if (rest.length > 0 && !(await this.#atOnce(rest))) return false;
      if (next.isThrough) return true;
    }
    return true;
  }

  /** What some commits made is gone from the histories already: everything up to now as one step. */
  async #atOnce(changes: readonly Change[]): Promise<boolean> {
    const { store } = this.options;
    const from = this.tail.last.sequence;
    let all = [...changes];
    for (let tries = 0; tries < TRIES_AT_ONCE; tries++) {
      const keys = this.#steps.watchedIn(all);
      const { configs, sequence } = await fromStore(store.layers(keys, "own"));
      for (let last = lastOf(all, this.tail); last.sequence < sequence; last = lastOf(all, this.tail)) {
        const next = await this.tail.after(last);
        if (next === undefined || next.changes.length === 0) return false;
        all = [...all, ...next.changes];
      }
      const isExact =
        lastOf(all, this.tail).sequence === sequence && this.#steps.watchedIn(all).length === keys.length;
      if (!isExact) continue;
      const documents = new Map<string, StoredDocument | undefined>(
        keys.map((key, index) => [keyText(key), configs[index]?.documents[0]]),
      );
      await this.#steps.applyAtOnce(all, documents, from);
      return true;
    }
    return false;
  }
}

function lastOf(changes: readonly Change[], tail: CommitTail): Passed {
  const last = changes.at(-1);
  return last === undefined ? tail.last : versionOfChange(last);
}
