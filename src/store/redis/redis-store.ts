import { StrataError } from "../../domain/errors.js";
import { parseVersion } from "../records.js";
import type {
  AccountRevision,
  Changes,
  Commit,
  CommitOutcome,
  Committed,
  Descendants,
  DescendantsOf,
  DocumentKey,
  DocumentOwners,
  DocumentOwnersOf,
  LayerBodies,
  Lineages,
  Store,
  StoredConfigs,
  Versions,
  VersionsOf,
} from "../store.js";
import type { StoreNotice } from "../store-notice.js";
import { within } from "../within.js";
import { HighWaterMark } from "./high-water-mark.js";
import { callFunction, makeNonce, sendFunctions } from "./redis-call.js";
import { commitCommand, conflictIn } from "./redis-commit.js";
import {
  callDeadline,
  type RedisCommand,
  RedisConnection,
  RedisRefusal,
  RedisSilence,
  START_WITHIN_MS,
} from "./redis-connection.js";
import { FUNCTIONS } from "./redis-functions.js";
import { RedisKeys } from "./redis-keys.js";
import { RedisReads, refused, silent } from "./redis-reads.js";
import { beginUpgrade, upgradeRedisStore } from "./redis-upgrade.js";
import { describeCell, type RedisTarget } from "./redis-url.js";
import { FOREIGN_ADVICE, RedisWriteGuard } from "./redis-write-guard.js";

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

const REPLICAS_WITHIN_MS = 700;
const PROBE_WITHIN_MS = 1_900;
const BATCH_COMMITS = 256;
/** What Redis says before it has done anything. */
const REFUSED_BEFORE =
  /^(OOM|READONLY|MISCONF|NOREPLICAS|LOADING|NOAUTH|NOPERM|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY)\b/;

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
  /** By when the answer is due, on the clock of `performance.now()`. */
  readonly deadline: number;
  readonly answer: (outcome: CommitOutcome) => void;
}

class RedisStore implements Store {
  readonly #settings: Settings;
  readonly #keys: RedisKeys;
  readonly #mark: HighWaterMark;
  readonly #readConnection: RedisConnection;
  readonly #reads: RedisReads;
  readonly #writes: RedisConnection;
  readonly #guard: RedisWriteGuard;
  readonly #running = new Set<Promise<unknown>>();
  #waiting: Ticket[] = [];
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #upgrading: Promise<void> | undefined;
  readonly #ending = new AbortController();

  constructor(settings: Settings) {
    const { target, cell, onNotice } = settings;
    this.#settings = settings;
    this.#keys = new RedisKeys(cell);
    this.#mark = new HighWaterMark(settings.markFile, (error) =>
      onNotice({
        level: "warn",
        message: `The acknowledged sequence could not be written down: ${error.message}`,
      }),
    );
    const routeKey = this.#keys.meta;
    this.#readConnection = new RedisConnection({ target, name: "strata-reads", routeKey, gathers: true });
    this.#reads = new RedisReads(this.#readConnection, this.#keys, this.#place());
    this.#writes = new RedisConnection({
      target,
      name: "strata-writes",
      routeKey,
      onReady: () => void this.#guard.look(),
      onLost: (cause) => this.#tellLoss(cause),
    });
    this.#guard = new RedisWriteGuard(this.#writes, this.#keys, this.#mark, {
      ...settings,
      replicasMayBePromoted: target.mode !== "single",
      begin: () => this.#begin(),
      beginUpgrade: () => beginUpgrade(this.#writes, this.#keys),
      upgrade: () => this.#upgrade(),
    });
  }

  async start(): Promise<void> {
    const tell = (message: string) => this.#settings.onNotice({ level: "warn", message });
    await Promise.all([this.#readConnection.firstReady(), this.#writes.firstReady(START_WITHIN_MS, tell)]);
    await this.#guard.lookAgain();
    const { failure } = this.#guard;
    if (failure !== undefined)
      throw failure instanceof StrataError ? failure : refused(this.#place(), failure);
  }

  /** A store that nobody has written to before is begun; one that is gone is not begun anew. */
  async #begin(): Promise<void> {
    const { meta, sequence, tree } = this.#keys;
    const [incarnation, token] = [makeNonce(), makeNonce()];
    await callFunction(this.#writes, ["FCALL", FUNCTIONS.found, 3, meta, sequence, tree, incarnation, token]);
  }

  /** Beside everything else. Where it breaks off, the next look at the store has it done again. */
  #upgrade(): void {
    if (this.#closing !== undefined) return;
    const { signal } = this.#ending;
    const options = { place: this.#place(), tell: this.#settings.onNotice, signal };
    this.#upgrading ??= this.#track(upgradeRedisStore(this.#writes, this.#keys, options))
      .catch(({ message }: Error) =>
        options.tell({
          level: "warn",
          message: `The upgrade of the store broke off, and is tried again: ${message}`,
        }),
      )
      .finally(() => {
        this.#upgrading = undefined;
      });
  }

  lineages(accountIds: readonly string[]): Promise<Lineages> {
    return this.#reading(() => this.#reads.lineages(accountIds));
  }

  descendants(of: DescendantsOf): Promise<Descendants> {
    return this.#reading(() => this.#reads.descendants(of));
  }

  layers(targets: readonly DocumentKey[], bodies: LayerBodies): Promise<StoredConfigs> {
    return this.#reading(() => this.#reads.layers(targets, bodies));
  }

  versions(of: VersionsOf): Promise<Versions> {
    return this.#reading(() => this.#reads.versions(of));
  }

  /** Other gateways commit, too: nobody knows without asking. */
  isStillAt(): boolean {
    return false;
  }

  rootId(): Promise<string | undefined> {
    return this.#reading(() => this.#reads.rootId());
  }

  changes(after: number, limit: number): Promise<Changes> {
    return this.#reading(() => this.#reads.changes(after, limit));
  }

  accountHistory(accountId: string, after: number, limit: number): Promise<AccountRevision[]> {
    return this.#reading(() => this.#reads.accountHistory(accountId, after, limit));
  }

  documentOwners(of: DocumentOwnersOf): Promise<DocumentOwners> {
    return this.#reading(() => this.#reads.documentOwners(of));
  }

  commit(commit: Commit): Promise<CommitOutcome> {
    if (this.#closing !== undefined) return Promise.resolve(notApplied(this.#closed()));
    return this.#track(this.#commit(commit, commitText(commit)));
  }

  writeObstacle(): string | undefined {
    return this.#guard.obstacle ?? this.#guard.refusal;
  }

  async probeWrites(): Promise<string | undefined> {
    if (this.#closing !== undefined) return this.#closed().message;
    try {
      await within(PROBE_WITHIN_MS, this.#guard.lookLately());
    } catch (error) {
      return this.writeObstacle() ?? (error as Error).message;
    }
    return this.writeObstacle();
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #commit(commit: Commit, text: string | undefined): Promise<CommitOutcome> {
    const deadline = callDeadline();
    try {
      await this.#writes.ready(deadline);
      await within(deadline - performance.now(), this.#guard.settled());
    } catch (error) {
      return notApplied(error as Error);
    }
    const known = this.#mark.position;
    if (this.#guard.obstacle !== undefined || known === undefined) return notApplied(this.#refusing());
    const command = commitCommand(this.#keys, known, this.#settings, commit, text);
    return new Promise((answer) => {
      const ticket = { command, deadline, answer };
      if (this.#settings.waitReplicas === 0) void this.#apply([ticket]);
      else {
        this.#waiting.push(ticket);
        this.#draining ??= this.#drain();
      }
    });
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
    const deadline = Math.min(...batch.map((ticket) => ticket.deadline));
    let answers: unknown[];
    try {
      answers = await sendFunctions(this.#writes, [...commands, ...wait], deadline);
    } catch (error) {
      const outcome =
        error instanceof RedisSilence ? unknown(silent(this.#place(), error)) : notApplied(error as Error);
      for (const { answer } of batch) answer(outcome);
      return;
    }
    const confirmed = waitReplicas === 0 ? 0 : Number(answers[batch.length]);
    for (const [index, { answer, command }] of batch.entries())
      answer(this.#outcome(answers[index], command, confirmed));
  }

  #outcome(answer: unknown, command: RedisCommand, confirmed: number): CommitOutcome {
    if (answer instanceof RedisRefusal) {
      const cause = refused(this.#place(), answer);
      // Whatever it was, whoever asks whether writes are taken is to hear of it.
      void this.#guard.look();
      return REFUSED_BEFORE.test(answer.message) ? notApplied(cause) : unknown(cause);
    }
    if (answer instanceof Error) return unknown(silent(this.#place(), answer));
    const [outcome, ...rest] = answer as [string, ...unknown[]];
    switch (outcome) {
      case "done":
        return this.#done(
          { version: parseVersion(String(rest[0])), at: String(rest[2]) },
          rest[1] === "replayed",
          confirmed,
        );
      case "conflict":
        return { outcome, current: conflictIn(rest, command) };
      case "reused":
        return { outcome: "operationReused" };
      default:
        return notApplied(this.#refused(rest.map(String)));
    }
  }

  /** The function wrote nothing, and says why. */
  #refused([reason = "", detail = ""]: readonly string[]): StrataError {
    if (reason === "foreign") {
      const message = `${detail.replace(/^FOREIGN /, "")}. ${FOREIGN_ADVICE}`;
      this.#guard.tellOnce(`A write was refused, and nothing of it was written: ${message}`);
      return this.#refusing(message);
    }
    // It saw what the last look has not: look again, so that it is said.
    void this.#guard.look();
    return this.#refusing(reason);
  }

  #done(made: Committed, replayed: boolean, confirmed: number): CommitOutcome {
    const { waitReplicas } = this.#settings;
    // NaN, where WAIT itself was refused, confirms nothing.
    if (!(confirmed >= waitReplicas)) {
      const message = `Only ${confirmed} of ${waitReplicas} replicas have the write so far.`;
      void this.#guard.look();
      return unknown(new StrataError("STORE_UNAVAILABLE", message));
    }
    this.#mark.acknowledge(made.version.sequence);
    return { outcome: "done", ...made, replayed };
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw this.#closed();
    return read();
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    return work.finally(() => this.#running.delete(work));
  }

  async #finish(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled([...this.#running]);
    this.#guard.close();
    this.#mark.close();
    this.#readConnection.close();
    this.#writes.close();
  }

  #tellLoss(cause: Error | undefined): void {
    if (this.#closing !== undefined) return;
    const message = `The connection to Redis at ${this.#place()} was lost${cause ? `: ${cause.message}` : ""}.`;
    this.#settings.onNotice({ level: "warn", message });
  }

  #refusing(reason = this.#guard.obstacle ?? "it was not looked at yet"): StrataError {
    return new StrataError("STORE_UNAVAILABLE", `Redis at ${this.#place()} is not written to: ${reason}.`);
  }

  #closed(): StrataError {
    return new StrataError("STORE_UNAVAILABLE", `The store in Redis at ${this.#place()} is closed.`);
  }

  #place(): string {
    return describeCell(this.#settings);
  }
}

function commitText({ write }: Commit): string | undefined {
  return write.on === "document" && write.override !== undefined ? JSON.stringify(write.override) : undefined;
}

function notApplied(cause: Error): CommitOutcome {
  return { outcome: "notApplied", cause };
}

function unknown(cause: Error): CommitOutcome {
  return { outcome: "unknown", cause };
}
