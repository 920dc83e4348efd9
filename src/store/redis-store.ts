import { randomBytes } from "node:crypto";
import { StrataError } from "../domain/errors.js";
import { AcknowledgedMark } from "./acknowledged-mark.js";
import {
  accountBody,
  assembleLineage,
  changeBody,
  documentBody,
  parseAccount,
  parseChange,
  parseVersion,
  sequenceOfChange,
  storedDocument,
  versionOfRecord,
} from "./records.js";
import { type RedisCommand, RedisConnection, RedisRefusal, RedisSilence } from "./redis-connection.js";
import { FUNCTION_LIBRARY, FUNCTIONS } from "./redis-functions.js";
import { RedisKeys } from "./redis-keys.js";
import { RedisStanding, type StoreNotice } from "./redis-standing.js";
import { describeRedis, type RedisTarget } from "./redis-url.js";
import {
  type Changes,
  type Commit,
  type CommitOutcome,
  type DocumentKey,
  type Documents,
  type Lineages,
  type Revisions,
  type Store,
  type Version,
  type VersionsOf,
  versionText,
} from "./store.js";

export interface RedisStoreOptions {
  readonly target: RedisTarget;
  /** Names the part of the server that this store is: the hash tag of all its keys. */
  readonly cell: string;
  /** How many replicas have each write before it is acknowledged. */
  readonly waitReplicas?: number;
  /** Whether a server that can lose acknowledged writes is written to all the same. */
  readonly allowUnsafe?: boolean;
  /** Where the highest acknowledged sequence is remembered across restarts; absent: in this process only. */
  readonly markFile?: string;
  readonly onNotice?: (notice: StoreNotice) => void;
  /** How many of the newest changes the feed keeps, at least. */
  readonly feedEntries?: number;
  readonly operationLifeMs?: number;
}

const DEFAULTS = {
  waitReplicas: 0,
  allowUnsafe: false,
  onNotice: (_notice: StoreNotice): void => {},
  feedEntries: 1_000_000,
  operationLifeMs: 24 * 3_600_000,
};
type Settings = Omit<RedisStoreOptions, "markFile"> &
  typeof DEFAULTS & { readonly markFile: string | undefined };

const START_WITHIN_MS = 5_000;
/** A read goes again while this lasts: its connection may just have been lost. */
const READ_AGAIN_WITHIN_MS = 900;
const PAUSE_MS = 50;
const REPLICAS_WITHIN_MS = 700;
const BATCH_COMMITS = 256;
/** What Redis says before it has done anything. */
const REFUSED_BEFORE =
  /^(OOM|READONLY|MISCONF|NOREPLICAS|LOADING|NOAUTH|NOPERM|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY)\b/;
const PASSES = /^(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|BUSY)\b/;

/**
 * The store in one Redis, for many gateways at once. One function inside Redis checks and applies each commit.
 * @throws StrataError STORE_UNAVAILABLE when it cannot be reached, naming host and reason
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<Store> {
  const store = new RedisStore({ ...DEFAULTS, markFile: undefined, ...options });
  try {
    await store.start();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Ticket {
  readonly command: RedisCommand;
  readonly answer: (outcome: CommitOutcome) => void;
}

class RedisStore implements Store {
  readonly #settings: Settings;
  readonly #keys: RedisKeys;
  readonly #mark: AcknowledgedMark;
  readonly #reads: RedisConnection;
  readonly #writes: RedisConnection;
  readonly #standing: RedisStanding;
  readonly #running = new Set<Promise<unknown>>();
  #waiting: Ticket[] = [];
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings) {
    const { target, cell, onNotice } = settings;
    this.#settings = settings;
    this.#keys = new RedisKeys(cell);
    this.#mark = new AcknowledgedMark(settings.markFile, (error) =>
      onNotice({
        level: "warn",
        message: `The acknowledged sequence could not be written down: ${error.message}`,
      }),
    );
    const routeKey = this.#keys.meta;
    this.#reads = new RedisConnection({ target, name: "strata-reads", routeKey });
    this.#writes = new RedisConnection({
      target,
      name: "strata-writes",
      routeKey,
      onReady: () => void this.#standing.look(),
      onLost: (cause) => this.#tellLoss(cause),
    });
    this.#standing = new RedisStanding(this.#writes, this.#keys, this.#mark, {
      ...settings,
      replicasMayBePromoted: target.mode !== "single",
    });
  }

  async start(): Promise<void> {
    await Promise.all([this.#reads.firstReady(START_WITHIN_MS), this.#writes.firstReady(START_WITHIN_MS)]);
    if (this.#mark.position === undefined) await this.#found();
    await this.#standing.lookAgain();
  }

  /** A store that nobody has written to before is begun; one that is gone is not begun anew. */
  async #found(): Promise<void> {
    const { meta, sequence, tree } = this.#keys;
    const [incarnation, token] = [makeNonce(), makeNonce()];
    await this.#inFunction(this.#writes, [
      "FCALL",
      FUNCTIONS.found,
      3,
      meta,
      sequence,
      tree,
      incarnation,
      token,
    ]);
  }

  lineages(accountIds: readonly string[]): Promise<Lineages> {
    const keys = [this.#keys.tree, ...accountIds.map((id) => this.#keys.account(id))];
    const command: RedisCommand = [
      "FCALL_RO",
      FUNCTIONS.lineages,
      keys.length,
      ...keys,
      this.#keys.accountPrefix,
    ];
    return this.#read(command, (answer) => {
      const [tree, records] = answer as [string | null, string[]];
      const accounts = new Map(records.map(parseAccount).map((account) => [account.id, account]));
      return {
        tree: this.#treeOf(tree),
        lineages: accountIds.map((id) => assembleLineage(id, (accountId) => accounts.get(accountId))),
      };
    });
  }

  getMany(keys: readonly DocumentKey[]): Promise<Documents> {
    return this.#look(
      keys.map((key) => this.#keys.document(key)),
      (tree, records) => ({
        tree,
        documents: records.map((record) => (record === null ? undefined : storedDocument(record))),
      }),
    );
  }

  revisions({ accounts, documents }: VersionsOf): Promise<Revisions> {
    const keys = [
      this.#keys.sequence,
      ...accounts.map((id) => this.#keys.account(id)),
      ...documents.map((key) => this.#keys.version(key)),
    ];
    return this.#look(keys, (tree, [sequence, ...found]) => {
      const versions = found.map((text) => (text === null ? undefined : parseVersion(versionOfRecord(text))));
      return {
        tree,
        sequence: Number(sequence),
        accounts: versions.slice(0, accounts.length),
        documents: versions.slice(accounts.length),
      };
    });
  }

  rootId(): Promise<string | undefined> {
    return this.#look([this.#keys.root], (_, [id]) => id ?? undefined);
  }

  async changes(after: number, limit: number): Promise<Changes> {
    // The sequence first: what comes in between is then among the changes.
    const newest = await this.#look([this.#keys.sequence], (_, [text]) => Number(text));
    const range: RedisCommand = ["XRANGE", this.#keys.feed, `(${after}-0`, "+", "COUNT", limit];
    return this.#read(range, (answer) => {
      const entries = answer as [id: string, fields: [name: string, record: string]][];
      const changes = entries.map(([, [, record]]) => parseChange(record));
      const [first, last] = [changes[0], changes.at(-1)];
      const sequence = Math.max(newest, last === undefined ? 0 : sequenceOfChange(last));
      const isComplete = first === undefined ? after >= newest : sequenceOfChange(first) === after + 1;
      return { changes: isComplete ? changes : undefined, sequence };
    });
  }

  commit(commit: Commit): Promise<CommitOutcome> {
    if (this.#closing !== undefined) return Promise.resolve(notApplied(this.#closed()));
    return this.#track(this.#commit(commit, commitText(commit)));
  }

  writeObstacle(): string | undefined {
    return this.#standing.obstacle;
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #commit(commit: Commit, text: string | undefined): Promise<CommitOutcome> {
    try {
      await this.#writes.ready();
      await this.#standing.settled();
    } catch (error) {
      return notApplied(error as Error);
    }
    const known = this.#mark.position;
    if (this.#standing.obstacle !== undefined || known === undefined) return notApplied(this.#refusing());
    const command = this.#commitCommand(commit, text, known);
    return new Promise((answer) => {
      const ticket = { command, answer };
      if (this.#settings.waitReplicas === 0) void this.#apply([ticket]);
      else {
        this.#waiting.push(ticket);
        this.#draining ??= this.#drain();
      }
    });
  }

  #commitCommand(
    { expect, write, operation, at, by, ...rest }: Commit,
    text: string | undefined,
    known: { readonly incarnation: string; readonly sequence: number },
  ): RedisCommand {
    const names = this.#keys;
    const { meta, sequence, tree, root, feed } = names;
    const keys = [
      ...[meta, sequence, tree, root, feed, names.operation(operation.id)],
      ...expect.documents.map(({ key }) => names.version(key)),
      ...expect.accounts.map(({ id }) => names.account(id)),
      ...(write.on === "document"
        ? [
            names.version(write.key),
            names.document(write.key),
            names.history(write.key),
            names.configs(write.key),
          ]
        : [
            names.account(write.account.id),
            ...(write.account.parentId === undefined
              ? []
              : [names.account(write.account.parentId), names.children(write.account.parentId)]),
          ]),
    ];
    const args = [
      ...[known.incarnation, known.sequence, operation.digest, this.#settings.operationLifeMs],
      ...[expect.tree ?? "", expect.noRoot ? "1" : "", this.#settings.feedEntries, makeNonce()],
      ...[expect.documents.length, expect.accounts.length],
      ...[...expect.documents, ...expect.accounts].map(({ version }) => versionText(version)),
      changeBody({ expect, write, operation, at, by, ...rest }),
      ...(write.on === "document"
        ? [documentBody({ kind: write.kind, at, by }, text), write.key.configId]
        : [accountBody({ ...write.account, createdAt: at }), write.account.id]),
    ];
    return ["FCALL", FUNCTIONS.commit, keys.length, ...keys, ...args];
  }

  /** With replicas to wait for, what arrives while one batch is waited for goes together into the next. */
  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#apply(this.#waiting.splice(0, BATCH_COMMITS));
    this.#draining = undefined;
  }

  /** Never rejects: every ticket gets its answer. */
  async #apply(batch: readonly Ticket[]): Promise<void> {
    const { waitReplicas } = this.#settings;
    const commands = batch.map(({ command }) => command);
    const wait: RedisCommand[] = waitReplicas === 0 ? [] : [["WAIT", waitReplicas, REPLICAS_WITHIN_MS]];
    let answers: unknown[];
    try {
      answers = await this.#writes.send([...commands, ...wait]);
      if (answers.some(isFunctionMissing)) {
        await this.#loadFunctions(this.#writes);
        // What was done in the first round is answered by its operation id in the second.
        answers = await this.#writes.send([...commands, ...wait]);
      }
    } catch (error) {
      const outcome =
        error instanceof RedisSilence ? unknown(this.#silent(error)) : notApplied(error as Error);
      for (const { answer } of batch) answer(outcome);
      return;
    }
    const confirmed = waitReplicas === 0 ? 0 : Number(answers[batch.length]);
    for (const [index, { answer, command }] of batch.entries())
      answer(this.#outcome(answers[index], command, confirmed));
  }

  #outcome(answer: unknown, command: RedisCommand, confirmed: number): CommitOutcome {
    if (answer instanceof RedisRefusal) {
      const cause = this.#unusable(answer);
      return REFUSED_BEFORE.test(answer.message) ? notApplied(cause) : unknown(cause);
    }
    if (answer instanceof Error) return unknown(this.#silent(answer));
    const [outcome, ...rest] = answer as [string, ...unknown[]];
    switch (outcome) {
      case "done":
        return this.#done(parseVersion(String(rest[0])), rest[1] === "replayed", confirmed);
      case "conflict":
        return { outcome, current: conflictOf(rest, command) };
      case "reused":
        return { outcome: "operationReused" };
      default:
        // The function saw what the last look has not: look again, so that it is said.
        void this.#standing.look();
        return notApplied(this.#refusing(String(rest[0])));
    }
  }

  #done(version: Version, replayed: boolean, confirmed: number): CommitOutcome {
    const { waitReplicas } = this.#settings;
    // NaN, where WAIT itself was refused, confirms nothing.
    if (!(confirmed >= waitReplicas)) {
      const message = `Only ${confirmed} of ${waitReplicas} replicas have the write so far.`;
      return unknown(new StrataError("STORE_UNAVAILABLE", message));
    }
    this.#mark.acknowledge(version.sequence);
    return { outcome: "done", version, replayed };
  }

  #look<T>(keys: readonly string[], take: (tree: string, values: (string | null)[]) => T): Promise<T> {
    return this.#read(["MGET", this.#keys.tree, ...keys], (answer) => {
      const [tree, ...values] = answer as (string | null)[];
      return take(this.#treeOf(tree), values);
    });
  }

  async #read<T>(command: RedisCommand, parse: (answer: unknown) => T): Promise<T> {
    const started = performance.now();
    for (;;) {
      if (this.#closing !== undefined) throw this.#closed();
      try {
        return parse(await this.#inFunction(this.#reads, command));
      } catch (error) {
        const isOver = performance.now() - started > READ_AGAIN_WITHIN_MS;
        if (error instanceof RedisRefusal && (isOver || !PASSES.test(error.message)))
          throw this.#unusable(error);
        if (error instanceof RedisSilence && isOver) throw this.#silent(error);
        if (!(error instanceof RedisRefusal || error instanceof RedisSilence)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** Runs a command, having loaded the functions where the server has none of this release. */
  async #inFunction(connection: RedisConnection, command: RedisCommand): Promise<unknown> {
    try {
      return await connection.call(command);
    } catch (error) {
      if (!isFunctionMissing(error)) throw error;
      await this.#loadFunctions(connection);
      return connection.call(command);
    }
  }

  async #loadFunctions(connection: RedisConnection): Promise<void> {
    const [answer] = await connection.sendToPrimary([["FUNCTION", "LOAD", FUNCTION_LIBRARY]]);
    const isThere = !(answer instanceof Error) || /already exists/.test(answer.message);
    if (!isThere) throw answer;
  }

  /** A store without its token is gone, not empty: whoever answered from it would say that nothing is stored. */
  #treeOf(token: string | null | undefined): string {
    if (typeof token === "string" && !token.startsWith("!")) return token;
    const reason = token ? "an import into it is not finished" : "it holds no store any more";
    throw new StrataError("STORE_UNAVAILABLE", `Redis at ${this.#place()} cannot be used: ${reason}.`);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    return work.finally(() => this.#running.delete(work));
  }

  async #finish(): Promise<void> {
    await Promise.allSettled([...this.#running]);
    this.#standing.close();
    this.#mark.close();
    this.#reads.close();
    this.#writes.close();
  }

  #tellLoss(cause: Error | undefined): void {
    if (this.#closing !== undefined) return;
    const message = `The connection to Redis at ${this.#place()} was lost${cause ? `: ${cause.message}` : ""}.`;
    this.#settings.onNotice({ level: "warn", message });
  }

  #refusing(reason = this.#standing.obstacle ?? "it was not looked at yet"): StrataError {
    return new StrataError("STORE_UNAVAILABLE", `Redis at ${this.#place()} is not written to: ${reason}.`);
  }

  #unusable(cause: Error): StrataError {
    return new StrataError("STORE_UNAVAILABLE", `Redis at ${this.#place()} refused: ${cause.message}`, {
      cause,
    });
  }

  #silent(cause: Error): StrataError {
    const message = `Redis at ${this.#place()} did not answer: ${cause.message}`;
    return new StrataError("STORE_UNAVAILABLE", message, { cause });
  }

  #closed(): StrataError {
    return new StrataError("STORE_UNAVAILABLE", `The store in Redis at ${this.#place()} is closed.`);
  }

  #place(): string {
    return `${describeRedis(this.#settings.target)}, cell ${this.#settings.cell},`;
  }
}

function conflictOf([tree, sequence, found]: readonly unknown[], command: RedisCommand): Revisions {
  const versions = (found as string[]).map((text) => (text === "-" ? undefined : parseVersion(text)));
  const keyCount = Number(command[2]);
  const documents = Number(command[3 + keyCount + 8]);
  return {
    tree: String(tree),
    sequence: Number(sequence),
    accounts: versions.slice(documents),
    documents: versions.slice(0, documents),
  };
}

function commitText({ write }: Commit): string | undefined {
  return write.on === "document" && write.override !== undefined ? JSON.stringify(write.override) : undefined;
}

function isFunctionMissing(error: unknown): boolean {
  return error instanceof RedisRefusal && error.message.startsWith("ERR Function not found");
}

function makeNonce(): string {
  return randomBytes(12).toString("base64url");
}

function notApplied(cause: Error): CommitOutcome {
  return { outcome: "notApplied", cause };
}

function unknown(cause: Error): CommitOutcome {
  return { outcome: "unknown", cause };
}
