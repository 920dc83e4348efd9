import { setImmediate } from "node:timers/promises";
import type { Key } from "lmdb";
import { keyOf, parseAccount, parseChange, parseDocument } from "../../records.js";
import type { AccountRecord, DocumentKey } from "../../store.js";
import type { StoreNotice } from "../../store-notice.js";
import type { Database } from "../lmdb-database.js";
import { indexDocument, OWNER_KEYS, passCommit } from "../lmdb-index.js";
import { documentKey, FORMAT, sequenceOf } from "../lmdb-records.js";
import { hasAccountEntry, putAccountEntry, putAccountRevision } from "../past/lmdb-account-history.js";
import { commitErrorOf } from "./lmdb-errors.js";

/** The format from which a store is brought to this release's: it has neither account histories nor the index by config. */
export const UPGRADED_FORMAT = 2;

const ITEMS_PER_STEP = 500;
const TELL_EVERY_MS = 1_000;
/** Comes after every id, and after the owner of the system layer. */
const LAST = "\x7f";
/** The kinds of entries examined, in the order of the keys. Feed entries hold more than accounts do: they come after. */
const RANGES: readonly { readonly part: string; readonly end: Key }[] = [
  { part: "a", end: ["a", LAST] },
  { part: "feed", end: ["feed", Number.MAX_SAFE_INTEGER] },
  { part: "v", end: ["v", LAST] },
];

/** How far an upgrade has come, as it is written down with each step. */
interface Progress {
  /** The newest commit of then: where it is another one now, an older release has written here meanwhile. */
  readonly sequence: number;
  readonly after: Key;
}

/**
 * Brings a store of the format before up to this release's: makes the index by config, and account histories of what the
 * accounts and the feed still tell. Each step is a transaction of its own that notes how far it has come, and the format is raised
 * with the last one. So an upgrade that was killed goes on where it was, and until its end an older release may use the store.
 */
export async function upgradeStore(
  database: Database,
  folder: string,
  tell: (notice: StoreNotice) => void,
): Promise<void> {
  const report = createReport(folder, database, tell);
  const noted = progressOf(database);
  const isGoingOn = noted?.sequence === sequenceOf(database);
  if (!isGoingOn) await clearIndex(database);
  let after: Key | undefined = isGoingOn ? noted?.after : undefined;
  report.begin(isGoingOn);
  for (const range of rangesFrom(after)) {
    for (let isFull = true; isFull; ) {
      const start = after ?? [range.part];
      const keys = [
        ...database.getKeys({ start, exclusiveStart: true, end: range.end, limit: ITEMS_PER_STEP }),
      ];
      const last = keys.at(-1);
      if (last === undefined) break;
      await step(database, () => {
        for (const key of keys) upgradeItem(database, key);
        const progress: Progress = { sequence: sequenceOf(database), after: last };
        database.put("upgrade", JSON.stringify(progress));
      });
      after = last;
      isFull = keys.length === ITEMS_PER_STEP;
      report.seen(keys.length);
      // Signals have their turn.
      await setImmediate();
    }
    after = undefined;
  }
  await step(database, () => {
    database.put("format", String(FORMAT));
    database.remove("upgrade");
  });
  report.end();
}

function progressOf(database: Database): Progress | undefined {
  const text = database.get("upgrade");
  return text === undefined ? undefined : JSON.parse(text);
}

function rangesFrom(after: Key | undefined): typeof RANGES {
  const part = Array.isArray(after) ? after[0] : undefined;
  return RANGES.slice(
    Math.max(
      0,
      RANGES.findIndex((range) => range.part === part),
    ),
  );
}

/** Removes what an interrupted upgrade has put into the index: an older release may have removed documents since. */
async function clearIndex(database: Database): Promise<void> {
  for (;;) {
    const keys = [...database.getKeys({ ...OWNER_KEYS, limit: ITEMS_PER_STEP })];
    if (keys.length === 0) return;
    await step(database, () => {
      for (const key of keys) database.remove(key);
      database.remove("upgrade");
    });
  }
}

/** Harmless a second time. */
function upgradeItem(database: Database, key: Key): void {
  const [part, owner, configId] = Array.isArray(key) ? key : [];
  const text = database.get(key) ?? "";
  if (part === "v") upgradeDocument(database, keyOf(String(owner), String(configId)));
  else if (part === "a") upgradeAccount(database, parseAccount(text));
  else keepChange(database, text);
}

function upgradeAccount(database: Database, account: AccountRecord): void {
  if (!hasAccountEntry(database, account.id, account.version.sequence))
    putAccountRevision(database, { account });
}

function keepChange(database: Database, text: string): void {
  const change = parseChange(text);
  if (change.on === "document") passCommit(database, change.key.configId, change.version.sequence);
  else putAccountEntry(database, change.account.id, change.account.version.sequence, text);
}

function upgradeDocument(database: Database, key: DocumentKey): void {
  const record = database.get(documentKey(key));
  if (record === undefined) return;
  const { version, text } = parseDocument(record);
  indexDocument(database, key, text !== undefined);
  passCommit(database, key.configId, version.sequence);
}

async function step(database: Database, put: () => void): Promise<void> {
  try {
    await database.childTransaction(put);
  } catch (error) {
    throw await commitErrorOf(error);
  }
}

interface UpgradeReport {
  begin(isGoingOn: boolean): void;
  seen(items: number): void;
  end(): void;
}

function createReport(
  folder: string,
  database: Database,
  tell: (notice: StoreNotice) => void,
): UpgradeReport {
  const say = (message: string) => tell({ level: "info", message });
  let [items, toldAt] = [0, performance.now()];
  return {
    begin: (isGoingOn) =>
      say(
        `The store folder ${folder} has format ${database.get("format")}: ${isGoingOn ? "its upgrade goes on" : "it is upgraded"} ` +
          `to format ${FORMAT}. Older releases cannot open it afterwards.`,
      ),
    seen(some) {
      items += some;
      if (performance.now() - toldAt < TELL_EVERY_MS) return;
      toldAt = performance.now();
      say(`Upgrading the store folder ${folder}: ${items.toLocaleString("en")} entries so far.`);
    },
    end: () => say(`The store folder ${folder} is upgraded: ${items.toLocaleString("en")} entries.`),
  };
}
