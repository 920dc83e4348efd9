import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { RedisKeys } from "../../../src/store/redis/redis-keys.js";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import { type Commit, type DocumentKey, versionText } from "../../../src/store/store.js";
import { documentCommit, documentKey, versionOf } from "../../store/store-contract.js";
import { redisCommand } from "../redis-command.js";
import { sharedRedisUrl } from "../run-redis.js";
import { type Findings, keptIn, Ledger, NOTHING_WRONG } from "./ledger.js";

const KEY = documentKey("a", "x");
const command = (name: string, ...values: string[]) => redisCommand(sharedRedisUrl(), name, ...values);

interface Books {
  readonly cell: string;
  readonly keys: RedisKeys;
  readonly ledger: Ledger;
  /** The document's history. */
  readonly records: readonly string[];
}

/**
 * Three commits of one document, each expecting the one before it, and all of them acknowledged.
 * @param noted what the ledger is told instead of what is sent
 */
async function keepBooks(noted = (commit: Commit) => commit): Promise<Books> {
  const cell = randomUUID();
  const store = await openRedisStore({ target: parseRedisUrl(sharedRedisUrl()), cell });
  onTestFinished(() => store.close());
  const ledger = new Ledger();
  for (let n = 0; n < 3; n++) {
    const commit = writeOf(n, KEY, [{ key: KEY, version: ledger.newest(KEY) }]);
    ledger.begin(noted(commit));
    ledger.acknowledge(commit, versionOf(await store.commit(commit)));
  }
  const keys = new RedisKeys(cell);
  const records = await command("LRANGE", keys.history(KEY), "0", "-1");
  if (!Array.isArray(records) || records.length !== 3) throw new Error(`not three: ${String(records)}`);
  return { cell, keys, ledger, records };
}

function writeOf(n: number, key: DocumentKey, documents: Commit["expect"]["documents"] = []): Commit {
  return { ...documentCommit(key, { n }, { documents }), by: `commit ${n}` };
}

async function findings({ ledger, cell }: Books): Promise<Findings> {
  return ledger.findings(await keptIn({ command }, cell));
}

test("what was kept is found to be kept", async () => {
  expect(await findings(await keepBooks())).toEqual(NOTHING_WRONG);
});

/** Ways to falsify what a store has kept, the kind of finding, and how one of them reads. */
const FALSIFIED: readonly (readonly [string, (books: Books) => string[], keyof Findings, RegExp])[] = [
  [
    "an acknowledged write is gone",
    ({ keys }) => ["RPOP", keys.history(KEY)],
    "lost",
    /^commit 2 was ack.* nothing$/,
  ],
  [
    "an acknowledged write has given way to another one",
    ({ keys, records }) => ["LSET", keys.history(KEY), "1", (records[1] ?? "").replace("commit 1", "nobody")],
    "lost",
    /^commit 1 was acknowledged as 2\.2\..*, and there is nobody/,
  ],
  [
    "an acknowledged write has another version",
    ({ keys, records }) => ["LSET", keys.history(KEY), "1", (records[1] ?? "").replace("2.2.", "2.2.-")],
    "lost",
    /^commit 1 was acknowledged as 2\.2\./,
  ],
  [
    "somebody unknown has written",
    ({ keys, records }) => ["RPUSH", keys.history(KEY), (records[2] ?? "").replace("commit 2", "a ghost")],
    "ghosts",
    /^a ghost as .* was written by nobody$/,
  ],
  [
    "a write is there twice",
    ({ keys, records }) => ["RPUSH", keys.history(KEY), records[2] ?? ""],
    "ghosts",
    /^commit 2 as .* is there twice$/,
  ],
  [
    "a write is not what was sent",
    ({ keys, records }) => ["LSET", keys.history(KEY), "1", (records[1] ?? "").replace('{"n":1}', '{"n":7}')],
    "ghosts",
    /^commit 1 as .* is not what was sent$/,
  ],
  [
    "a revision is missing",
    ({ keys, records }) => ["LREM", keys.history(KEY), "1", records[1] ?? ""],
    "uneven",
    /^revision 2 of a:x is commit 2/,
  ],
  [
    "the document is older than its history",
    ({ keys, records }) => ["SET", keys.document(KEY), records[1] ?? ""],
    "uneven",
    /^a:x is commit 1 as .*, and the last of its history commit 2/,
  ],
  [
    "the version is another one",
    ({ keys }) => ["SET", keys.version(KEY), "9.9.x"],
    "uneven",
    /its version 9\.9\.x$/,
  ],
  [
    "the sequence is too high",
    ({ keys }) => ["INCR", keys.sequence],
    "uneven",
    /^the sequence is 4, and there are 3/,
  ],
  [
    "the feed lacks a change",
    ({ keys }) => ["XDEL", keys.feed, "2-0"],
    "uneven",
    /^the sequence is 3, and the feed/,
  ],
];

test.each(FALSIFIED)("it is found out when %s", async (_, falsify, kind, reads) => {
  const books = await keepBooks();
  const [name = "", ...values] = falsify(books);
  await command(name, ...values);
  expect((await findings(books))[kind]).toContainEqual(expect.stringMatching(reads));
});

test("it is found out when a write is there that was refused", async () => {
  const books = await keepBooks();
  const refused = writeOf(3, KEY);
  books.ledger.begin(refused);
  books.ledger.refuse(refused);
  const record = (books.records[2] ?? "").replace("commit 2", "commit 3");
  await command("RPUSH", books.keys.history(KEY), record);
  expect((await findings(books)).ghosts).toContainEqual(
    expect.stringMatching(/^commit 3 as .* was refused$/),
  );
});

test("it is found out when a write did not come after what it expected, or went elsewhere", async () => {
  const wrong = { revision: 9, sequence: 9, nonce: "x" };
  const misled = await keepBooks((commit) =>
    writeOf(Number(commit.by.at(-1)), KEY, [{ key: KEY, version: wrong }]),
  );
  expect((await findings(misled)).ghosts).toContainEqual(
    expect.stringMatching(`^commit 2 as .* expected ${versionText(wrong)} before it, and follows 2\\.2\\.`),
  );
  const elsewhere = await keepBooks((commit) => writeOf(Number(commit.by.at(-1)), documentKey("a", "y")));
  expect((await findings(elsewhere)).ghosts).toContainEqual(
    expect.stringMatching(/^commit 0 as .* of a:x belongs to another document$/),
  );
});
