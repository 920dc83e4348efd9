import DataLoader from "dataloader";
import type { MergeCache } from "./merge-cache.js";
import { RedisConnection } from "./redis-connection.js";
import type { StoreNotice } from "./redis-standing.js";
import type { RedisTarget } from "./redis-url.js";
import { within } from "./within.js";

const PREFIX = "strata:merge:";
const LIFE_SECONDS = 3_600;
/** Who would wait longer reads the documents instead. */
const ANSWER_WITHIN_MS = 100;
const LARGEST_CHARACTERS = 1024 * 1024;
/** After a failure nobody asks for so long. */
const REST_MS = 1_000;

export interface RedisMergeCacheOptions {
  readonly target: RedisTarget;
  readonly onNotice: (notice: StoreNotice) => void;
}

/** The merge cache in a Redis of its own, which may evict and need not persist. */
export function createRedisMergeCache({ target, onNotice }: RedisMergeCacheOptions): MergeCache {
  let isTold = false;
  const tell = (message: string, isLost: boolean) => {
    if (isTold !== isLost) onNotice({ level: isLost ? "warn" : "info", message });
    isTold = isLost;
  };
  const connection = new RedisConnection({
    target,
    name: "strata-merges",
    routeKey: PREFIX,
    onReady: () => tell("The merge cache is back.", false),
  });
  let restsUntil = 0;
  const usable = () => connection.isReady() && performance.now() > restsUntil;
  const rest = (error: Error) => {
    restsUntil = performance.now() + REST_MS;
    tell(`The merge cache does not answer; reads go on without it: ${error.message}`, true);
  };

  async function getAll(keys: readonly string[]): Promise<(string | undefined)[]> {
    if (!usable()) return keys.map(() => undefined);
    try {
      // One by one in one go: in a Cluster the keys of one MGET would have to be on one node.
      const gets = keys.map((key) => connection.call(["GET", PREFIX + key]));
      const texts = await within(ANSWER_WITHIN_MS, Promise.all(gets));
      return texts.map((text) => (typeof text === "string" ? text : undefined));
    } catch (error) {
      rest(error as Error);
      return keys.map(() => undefined);
    }
  }

  const loader = new DataLoader<string, string | undefined>(getAll, { cache: false });
  return {
    get: (key) => loader.load(key),
    put(key, text) {
      if (!usable() || text.length > LARGEST_CHARACTERS) return;
      connection.call(["SET", PREFIX + key, text, "EX", LIFE_SECONDS]).catch(rest);
    },
    close: () => connection.close(),
  };
}
