import DataLoader from "dataloader";
import type { MergeCache } from "../merge-cache.js";
import type { StoreNotice } from "../store-notice.js";
import { within } from "../within.js";
import { RedisConnection } from "./redis-connection.js";
import type { RedisTarget } from "./redis-url.js";

const PREFIX = "strata:merge:";
const LIFE_SECONDS = 3_600;
/** Who would wait longer reads the documents instead. */
const ANSWER_WITHIN_MS = 100;
const LARGEST_CHARACTERS = 1024 * 1024;
const PROBE_AFTER_MS = 1_000;
const FIRST_WITHIN_MS = 2_000;

export interface RedisMergeCacheOptions {
  readonly target: RedisTarget;
  readonly onNotice: (notice: StoreNotice) => void;
}

/** The merge cache, and what else gateways share for a short time. */
export interface RedisMergeCache extends MergeCache {
  isReady(): boolean;
  /**
   * Adds to a number that is gone after its seconds, in one atomic step.
   * @returns the number, and for how many milliseconds it still is there
   * @throws Error when no answer comes soon
   */
  add(key: string, amount: number, seconds: number): Promise<readonly [count: number, milliseconds: number]>;
}

const ADD = `redis.call("SET", KEYS[1], 0, "EX", ARGV[2], "NX")
return {redis.call("INCRBY", KEYS[1], ARGV[1]), redis.call("PTTL", KEYS[1])}`;

/** The merge cache in a Redis of its own, which may evict and need not persist. */
export function createRedisMergeCache({ target, onNotice }: RedisMergeCacheOptions): RedisMergeCache {
  let isUp = false;
  let isTold = false;
  let isClosed = false;
  let probing: NodeJS.Timeout | undefined;
  const tell = (message: string, isLost: boolean) => {
    if (isTold !== isLost && !isClosed) onNotice({ level: isLost ? "warn" : "info", message });
    isTold = isLost;
  };
  const connection = new RedisConnection({
    target,
    name: "strata-merges",
    routeKey: PREFIX,
    onReady: () => void probe(),
    onLost: (cause) => lose(cause ?? new Error("the connection was lost")),
  });
  connection.firstReady(FIRST_WITHIN_MS).catch((error) => lose(error));

  /** Nobody asks it any more, until it has answered somebody who has time. */
  function lose(error: Error): void {
    isUp = false;
    tell(`The merge cache does not answer; reads go on without it: ${error.message}`, true);
    if (!isClosed) probing ??= setTimeout(() => void probe(), PROBE_AFTER_MS).unref();
  }

  async function probe(): Promise<void> {
    clearTimeout(probing);
    probing = undefined;
    try {
      await within(ANSWER_WITHIN_MS, connection.call(["PING"]));
      isUp = true;
      tell("The merge cache is back.", false);
    } catch (error) {
      lose(error as Error);
    }
  }

  async function getAll(keys: readonly string[]): Promise<(string | undefined)[]> {
    try {
      if (isUp) return await textsOf(connection, keys);
    } catch (error) {
      lose(error as Error);
    }
    return keys.map(() => undefined);
  }

  const loader = new DataLoader<string, string | undefined>(getAll, { cache: false });
  return {
    isReady: () => isUp,
    async add(key, amount, seconds) {
      try {
        const counted = await within(
          ANSWER_WITHIN_MS,
          connection.call(["EVAL", ADD, 1, key, amount, seconds]),
        );
        const [count, milliseconds] = counted as readonly unknown[];
        return [Number(count), Number(milliseconds)];
      } catch (error) {
        lose(error as Error);
        throw error;
      }
    },
    get: (key) => loader.load(key),
    put(key, text) {
      if (!isUp || text.length > LARGEST_CHARACTERS) return;
      connection.call(["SET", PREFIX + key, text, "EX", LIFE_SECONDS]).catch(lose);
    },
    close() {
      isClosed = true;
      clearTimeout(probing);
      connection.close();
    },
  };
}

async function textsOf(
  connection: RedisConnection,
  keys: readonly string[],
): Promise<(string | undefined)[]> {
  // One by one in one go: in a Cluster the keys of one MGET would have to be on one node.
  const gets = keys.map((key) => connection.call(["GET", PREFIX + key]));
  const texts = await within(ANSWER_WITHIN_MS, Promise.all(gets));
  return texts.map((text) => (typeof text === "string" ? text : undefined));
}
