import { open } from "lmdb";
import { openLmdbStore } from "../../../src/store/lmdb/lmdb-store.js";
import { say } from "../say.js";
import { accountDeletion, versionOf } from "../store-contract.js";

/**
 * A process that deletes an account of a store, and is gone as by kill -9 when at most so many of its revisions are left.
 *
 *     <folder> <account> <revisions>
 */
const [folder = "", accountId = "", left = ""] = process.argv.slice(2);
const store = await openLmdbStore({ folder, revisionsPerPiece: 10 });
versionOf(await store.commit(accountDeletion(accountId, "root")));
say("deleted");
const raw = open<string>({ path: folder, noSubdir: false, encoding: "string", readOnly: true });
const range = { start: ["h", accountId, ""], end: ["h", accountId, "\x7f"] };
for (;;) {
  if (raw.getKeysCount(range) <= Number(left)) process.kill(process.pid, "SIGKILL");
  await new Promise((resolve) => setImmediate(resolve));
  raw.resetReadTxn();
}
