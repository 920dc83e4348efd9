import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { StoreNotice } from "../../src/store/store-notice.js";
import { say } from "./say.js";

/**
 * A process that opens a store and says what it is told, for tests that kill it while it upgrades.
 *
 *     lmdb <folder>
 *     redis <url> <cell>
 */
const [kind, place = "", cell = ""] = process.argv.slice(2);
const onNotice = ({ message }: StoreNotice) => say(message);
if (kind === "lmdb") await openLmdbStore({ folder: place, onNotice });
else await openRedisStore({ target: parseRedisUrl(place), cell, onNotice });
say("opened");
setInterval(() => {}, 1_000);
