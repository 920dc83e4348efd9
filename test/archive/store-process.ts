import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import type { Commit, CommitOutcome, Store } from "../../src/store/store.js";
import { say } from "../store/say.js";

/**
 * A process with a store, for tests that read its folder meanwhile.
 *
 *     serve <folder>            commits what each line of its input says, answers with a line per commit
 *     write <folder> <count>    makes so many accounts and documents, and goes on at full speed until it is killed; tells
 *                               each commit of its second phase once it is acknowledged
 */
const WRITERS = 24;

async function commit(store: Store, write: Commit["write"]): Promise<CommitOutcome> {
  return store.commit({
    expect: { documents: [], accounts: [] },
    write,
    at: new Date().toISOString(),
    by: "child",
    schema: undefined,
    operation: { id: randomUUID(), digest: "digest" },
  });
}

const AT = "2026-05-05T05:05:05.000Z";

/** The nth thing that is written: now and then an account, a removal or a large document. */
function nthWrite(n: number, documents: number): Commit["write"] {
  if (n % 11 === 0) {
    const account = { id: `a${n}`, name: `${n}`, parentId: "root", isReseller: false, createdAt: AT };
    return { on: "account", kind: "CREATE", account };
  }
  const key = { accountId: n % 5 === 0 ? undefined : "root", configId: `c${(n * 7) % documents}` };
  if (n % 17 === 0) return { on: "document", key, override: undefined, kind: "RESET" };
  return {
    on: "document",
    key,
    override: { mark: n, text: "x".repeat(n % 29 === 0 ? 9_000 : n % 300) },
    kind: "SET",
  };
}

async function writeForEver(store: Store, count: number): Promise<never> {
  let n = 0;
  const next = () => commit(store, nthWrite(++n, count));
  await commit(store, {
    on: "account",
    kind: "CREATE",
    account: { id: "root", name: "R", parentId: undefined, isReseller: false, createdAt: AT },
  });
  while (n < count) await Promise.all(Array.from({ length: 200 }, next));
  say("ready");
  const writer = async () => {
    for (;;) {
      const write = nthWrite(++n, 2 * count);
      const outcome = await commit(store, write);
      if (outcome.outcome !== "done") throw new Error(`not done: ${JSON.stringify(outcome)}`);
      say({ write, version: outcome.version });
    }
  };
  return Promise.race(Array.from({ length: WRITERS }, writer));
}

const [mode, folder = "", count = ""] = process.argv.slice(2);
const store = await openLmdbStore({ folder });
if (mode === "write") await writeForEver(store, Number(count));
say("ready");
for await (const line of createInterface(process.stdin)) say(await commit(store, JSON.parse(line)));
