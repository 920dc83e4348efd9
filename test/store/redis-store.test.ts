import { randomUUID } from "node:crypto";
import { openRedisStore } from "../../src/store/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis-url.js";
import { describeStoreContract } from "./store-contract.js";

describeStoreContract("The Redis store", async () => {
  const options = { target: parseRedisUrl(process.env.REDIS_URL ?? ""), cell: randomUUID() };
  const store = await openRedisStore(options);
  let current = store;
  return {
    store,
    reopen: async () => {
      await current.close();
      current = await openRedisStore(options);
      return current;
    },
    close: () => current.close(),
  };
});
