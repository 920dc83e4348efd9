import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { StrataError } from "../../../src/domain/errors.js";
import type { JsonObject } from "../../../src/domain/json/json.js";
import { openLmdbStore } from "../../../src/store/lmdb/lmdb-store.js";
import type { Commit, DocumentKey, Store } from "../../../src/store/store.js";
import { say } from "../say.js";
import { storedDocuments } from "../stored-documents.js";

/**
 * A process with a store, for tests that kill it or break its disk.
 *
 *     write <folder> <name>   writes until it is killed; a line of JSON per acknowledged commit
 *     serve <folder>          does what each line of its input says, a line of JSON per answer; ends with its input
 */
const KEYS = 12;
const WRITERS = 24;

function commitOf(key: DocumentKey, override: JsonObject | undefined, id: string = randomUUID()): Commit {
  const kind = override === undefined ? "RESET" : "SET";
  return {
    expect: { documents: [], accounts: [] },
    // Nobody looks into a blame: it says of which commit it is.
    write: { on: "document", key, override, kind, ...(override && { blame: id }) },
    at: new Date().toISOString(),
    by: "child",
    schema: undefined,
    operation: { id, digest: "digest" },
  };
}

async function writeForEver(store: Store, name: string): Promise<never> {
  let count = 0;
  const writer = async () => {
    for (;;) {
      const mark = `${name}-${count++}`;
      const key = { accountId: undefined, configId: `c${count % KEYS}` };
      const isRemoval = count % 17 === 0;
      const length = count % 29 === 0 ? 5_000 : 1 + (count % 300);
      const override = isRemoval ? undefined : { mark, filling: mark.repeat(length), length };
      const outcome = await store.commit(commitOf(key, override, mark));
      if (outcome.outcome !== "done") throw new Error(`not done: ${JSON.stringify(outcome)}`);
      say({ configId: key.configId, mark, isRemoval, version: outcome.version });
    }
  };
  return Promise.race(Array.from({ length: WRITERS }, writer));
}

interface Request {
  readonly put?: { readonly configId: string; readonly value: string; readonly id?: string };
  readonly get?: readonly string[];
  /** Whether it says that it is still where it is. */
  readonly still?: true;
  /** Why it takes no writes. */
  readonly probe?: true;
}

async function serve(store: Store): Promise<void> {
  // All that came in one piece is under way at once; the answers keep its order.
  let said = Promise.resolve();
  for await (const line of createInterface(process.stdin)) {
    const answer = answerTo(store, JSON.parse(line));
    said = said.then(async () => say(await answer));
  }
  await said;
}

async function answerTo(store: Store, { put, get = [], still, probe }: Request): Promise<unknown> {
  if (probe) return { obstacle: (await store.probeWrites()) ?? null };
  if (still) return store.isStillAt((await store.versions({ accounts: [], documents: [] })).sequence);
  if (put !== undefined) {
    const override = { value: put.value };
    const outcome = await store.commit(
      commitOf({ accountId: undefined, configId: put.configId }, override, put.id),
    );
    return { ...outcome, cause: "cause" in outcome ? outcome.cause.message : undefined };
  }
  try {
    const documents = await storedDocuments(
      store,
      get.map((configId) => ({ accountId: undefined, configId })),
    );
    return documents.map((document) => document?.override?.value ?? null);
  } catch (error) {
    return { outcome: error instanceof StrataError ? error.code : String(error) };
  }
}

process.on("unhandledRejection", (reason) => {
  console.error("unhandled rejection in the child:", reason);
  process.exit(3);
});
const [mode, folder = "", name = ""] = process.argv.slice(2);
const store = await openLmdbStore({ folder });
say("ready");
if (mode === "write") await writeForEver(store, name);
else await serve(store);
