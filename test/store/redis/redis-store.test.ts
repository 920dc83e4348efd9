import { randomUUID } from "node:crypto";
import { openRedisArchiveSource } from "../../../src/store/redis/redis-archive-source.js";
import { openRedisArchiveTarget } from "../../../src/store/redis/redis-archive-target.js";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import type { HistoryRetention } from "../../../src/store/store.js";
import { sharedRedisUrl } from "../../redis/run-redis.js";
import { describeAccountContract } from "../account-contract.js";
import { describeArchiveContract } from "../archive-contract.js";
import { describeFactsContract } from "../facts-contract.js";
import { describeHistoryContract } from "../history-contract.js";
import { describeInheritingContract } from "../inheriting-contract.js";
import { describeOperationContract } from "../operation-contract.js";
import { describeStoreContract, type OpenedStore } from "../store-contract.js";

/** A cell of the shared server that no other test has. */
const newCell = () => ({ target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID() });

async function openStore(kept: Partial<HistoryRetention> = {}): Promise<OpenedStore> {
  const options = { ...newCell(), ...kept };
  const store = await openRedisStore(options);
  let current = store;
  return {
    store,
    reopen: async (again = {}) => {
      await current.close();
      current = await openRedisStore({ ...options, ...again });
      return current;
    },
    close: () => current.close(),
  };
}

describeStoreContract("The Redis store", openStore);
describeHistoryContract("The Redis store", openStore);
describeAccountContract("The Redis store", openStore);
describeFactsContract("The Redis store", openStore);
describeInheritingContract("The Redis store", openStore);
describeOperationContract("The Redis store", (limits) => openRedisStore({ ...newCell(), ...limits }));

describeArchiveContract("The Redis archive", async () => {
  const options = newCell();
  return {
    openStore: () => openRedisStore(options),
    openSource: () => openRedisArchiveSource(options),
    openTarget: () => openRedisArchiveTarget(options),
  };
});
