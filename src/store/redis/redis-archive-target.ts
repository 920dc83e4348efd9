import { StrataError } from "../../domain/errors.js";
import type {
  ArchivedBlame,
  ArchivedConfig,
  ArchivedCounts,
  ArchivedWrite,
  ArchiveItem,
  ArchiveTarget,
  StorePosition,
} from "../archive.js";
import {
  accountBody,
  accountRevisionText,
  blameRecordOf,
  changeRecord,
  countsText,
  documentBody,
  recordOf,
} from "../records.js";
import { type AccountRevision, type Change, originOf, sequenceOfChange, versionText } from "../store.js";
import type { RedisArchiveOptions } from "./redis-archive-source.js";
import { callFunction, makeNonce, sendFunctions } from "./redis-call.js";
import { type RedisCommand, RedisConnection } from "./redis-connection.js";
import { FUNCTIONS } from "./redis-functions.js";
import { RedisKeys } from "./redis-keys.js";
import { scanKeys } from "./redis-scan.js";
import { describeCell } from "./redis-url.js";

const LOCK_MS = 30_000;
const ITEMS_PER_CALL = 250;

/**
 * A store in Redis to be filled. Gateways that run on it take no more reads or writes once an import has begun.
 * @throws StrataError STORE_UNAVAILABLE when it cannot be reached, or somebody else is filling it
 */
export async function openRedisArchiveTarget({ target, cell }: RedisArchiveOptions): Promise<ArchiveTarget> {
  const keys = new RedisKeys(cell);
  const connection = new RedisConnection({ target, name: "strata-import", routeKey: keys.meta });
  const opened = new RedisArchiveTarget(connection, keys, describeCell({ target, cell }));
  try {
    await connection.firstReady();
    await opened.lock();
    return opened;
  } catch (error) {
    connection.close();
    throw error;
  }
}

class RedisArchiveTarget implements ArchiveTarget {
  readonly #holder = makeNonce();
  #renewing: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly place: string,
  ) {}

  async lock(): Promise<void> {
    const answer = await this.connection.call(["SET", this.keys.lock, this.#holder, "NX", "PX", LOCK_MS]);
    if (answer !== "OK") throw this.#locked();
    // A failed renewal is not fatal yet: every function refuses an import that has lost the lock.
    this.#renewing = setInterval(() => {
      this.connection.call(["PEXPIRE", this.keys.lock, LOCK_MS]).catch(() => {});
    }, LOCK_MS / 6);
  }

  async isEmpty(): Promise<boolean> {
    const sequence = await this.connection.call(["GET", this.keys.sequence]);
    return (sequence ?? "0") === "0" && (await this.unfinished()) === undefined;
  }

  async unfinished(): Promise<string | undefined> {
    const name = await this.connection.call(["HGET", this.keys.meta, "importing"]);
    return typeof name === "string" ? name : undefined;
  }

  async begin(name: string, clear: boolean): Promise<void> {
    const { meta, sequence, tree, lock } = this.keys;
    const flag = clear ? "1" : "";
    const keys = [meta, sequence, tree, lock] as const;
    const answer = await this.#call([FUNCTIONS.beginImport, keys.length, ...keys, name, flag, this.#holder]);
    if (answer === "not empty")
      throw new StrataError("STORE_UNAVAILABLE", `The store in Redis at ${this.place} is not empty.`);
    if (answer === "clear") await this.#clear();
  }

  async restore(items: readonly ArchiveItem[]): Promise<void> {
    for (let from = 0; from < items.length; from += ITEMS_PER_CALL) {
      const commands = items.slice(from, from + ITEMS_PER_CALL).map((item) => this.#restoring(item));
      for (const answer of await sendFunctions(this.connection, commands)) this.#checked(answer);
    }
  }

  async finish(sequence: number, dropped: number): Promise<StorePosition> {
    const incarnation = makeNonce();
    const { meta, sequence: newest, tree, feed, lock } = this.keys;
    const keys = [meta, newest, tree, feed, lock, this.keys.dropped, this.keys.begun] as const;
    const args = [this.#holder, sequence, incarnation, makeNonce(), dropped] as const;
    await this.#call([FUNCTIONS.finishImport, keys.length, ...keys, ...args]);
    return { incarnation, sequence, dropped };
  }

  async close(): Promise<void> {
    clearInterval(this.#renewing);
    const holder = await this.connection.call(["GET", this.keys.lock]).catch(() => undefined);
    if (holder === this.#holder) await this.connection.call(["DEL", this.keys.lock]).catch(() => {});
    this.connection.close();
  }

  /** Everything but what says that an import is under way. Broken off, it is begun again with the import. */
  async #clear(): Promise<void> {
    const { meta, tree, sequence, lock, secret } = this.keys;
    // Gateways that are up go on with the secret that they know.
    const kept = new Set([meta, tree, sequence, lock, secret]);
    for await (const page of scanKeys(this.connection, `${this.keys.prefix}*`)) {
      const keys = page.filter((key) => !kept.has(key));
      if (keys.length > 0) await this.connection.call(["UNLINK", ...keys]);
    }
    await this.connection.call(["HDEL", this.keys.meta, "clearing"]);
  }

  #restoring(item: ArchiveItem): RedisCommand {
    switch (item.on) {
      case "account":
        return this.#restoreAccount(item);
      case "document":
        return this.#restoreWrite(item);
      case "blame":
        return this.#restoreBlame(item);
      case "change":
        return this.#restoreChange(item.change);
      case "config":
        return this.#restoreConfig(item);
      case "counts":
        return this.#restoreCounts(item);
    }
  }

  #restoreWrite(write: ArchivedWrite): RedisCommand {
    const { key, version, kind, at, text, restoredFrom } = write;
    const { meta, lock, time } = this.keys;
    const own = [
      ...[this.keys.version(key), this.keys.document(key), this.keys.history(key), this.keys.configs(key)],
      ...[time, this.keys.owners(key.configId), this.keys.lastCommits],
    ];
    const body = documentBody({ kind, ...originOf(write), restoredFrom }, text);
    const index = [key.accountId ?? "", text === undefined ? "" : "there"];
    const args = [version.revision, versionText(version), body, key.configId, inFull(at), ...index];
    return ["FCALL", FUNCTIONS.restoreWrite, 2 + own.length, meta, lock, ...own, this.#holder, ...args];
  }

  #restoreAccount(revision: AccountRevision): RedisCommand {
    const { account, kind = "", at = account.createdAt } = revision;
    const { meta, lock, prefix, time } = this.keys;
    const { id, parentId = "", version } = account;
    const keys = [meta, lock, this.keys.account(id), time, this.keys.accountHistory(id)];
    const record = recordOf(version, accountBody(account));
    const args = [record, accountRevisionText(revision), kind, id, parentId, prefix, inFull(at)];
    return ["FCALL", FUNCTIONS.restoreAccount, keys.length, ...keys, this.#holder, ...args];
  }

  #restoreBlame({ key, version, text }: ArchivedBlame): RedisCommand {
    const keys = [this.keys.meta, this.keys.lock, this.keys.blame(key)];
    const record = blameRecordOf(version, undefined, text);
    return ["FCALL", FUNCTIONS.restoreBlame, keys.length, ...keys, this.#holder, record];
  }

  #restoreChange(change: Change): RedisCommand {
    const keys = [this.keys.lock, this.keys.feed];
    const args = [sequenceOfChange(change), changeRecord(change)];
    return ["FCALL", FUNCTIONS.restoreChange, keys.length, ...keys, this.#holder, ...args];
  }

  #restoreConfig({ configId, sequence }: ArchivedConfig): RedisCommand {
    const { meta, lock, lastCommits } = this.keys;
    const keys = [meta, lock, lastCommits];
    return ["FCALL", FUNCTIONS.restoreConfig, keys.length, ...keys, this.#holder, configId, sequence];
  }

  #restoreCounts({ accountId, counts }: ArchivedCounts): RedisCommand {
    const { meta, lock } = this.keys;
    const keys = [meta, lock, this.keys.counts(accountId)];
    return ["FCALL", FUNCTIONS.restoreCounts, keys.length, ...keys, this.#holder, countsText(counts)];
  }

  async #call(call: readonly [string, ...(string | number)[]]): Promise<unknown> {
    return this.#checked(await callFunction(this.connection, ["FCALL", ...call]));
  }

  #checked(answer: unknown): unknown {
    if (answer === "locked") throw this.#locked();
    if (answer instanceof Error) throw answer;
    return answer;
  }

  #locked(): StrataError {
    const message = `Another import into the store in Redis at ${this.place} is under way, or was until a moment ago.`;
    return new StrataError("STORE_UNAVAILABLE", `${message} Try again in ${LOCK_MS / 1_000} seconds.`);
  }
}

/** Times are compared as text: all of them have to be written alike. */
function inFull(time: string): string {
  return new Date(time).toISOString();
}
