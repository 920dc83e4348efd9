import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { StrataError } from "../../../src/domain/errors.js";
import type { JsonObject } from "../../../src/domain/json/json.js";
import type { Commit, CommitOutcome, DocumentKey, Store } from "../../../src/store/store.js";
import { fairNow } from "../../fair-time.js";
import { storedDocuments } from "../../store/stored-documents.js";
import type { Ledger } from "./ledger.js";

const WRITERS = 24;
const READERS = 3;
const KEYS = Array.from({ length: 12 }, (_, n): DocumentKey => ({ accountId: undefined, configId: `c${n}` }));
/** So that a server that is restarted a hundred times has not more to load than it can in a moment. */
const PAUSE_MS = 10;

/** How long a store that is promised to answer within two seconds may take on a machine that has other work. */
export const ANSWERED_WITHIN_MS = 2_250;

/**
 * Writes and reads until it is stopped, whatever the answers. A commit whose outcome is not known is sent again until it
 * is; half of the writes expect the version that was acknowledged last.
 */
export class WriteLoad {
  readonly #running: Promise<unknown>[];
  #isStopping = false;
  #isAbandoned = false;
  #commits = 0;
  readonly outcomes = new Map<string, number>();
  /** What no store may do, in sentences. */
  readonly faults: string[] = [];
  /** The slowest answer of each call of the store, in milliseconds. */
  readonly #slowest = new Map<string, number>();

  constructor(
    private readonly store: Store,
    private readonly ledger: Ledger,
  ) {
    this.#running = [
      ...Array.from({ length: WRITERS }, () => this.#write()),
      ...Array.from({ length: READERS }, (_, n) => this.#read(n)),
    ];
  }

  get slowestMs(): number {
    return Math.max(...this.#slowest.values());
  }

  /** For people to read. */
  toString(): string {
    const list = (counts: ReadonlyMap<string, number>) =>
      [...counts].map(([name, count]) => `${name} ${Math.round(count)}`).join(", ");
    return `${list(this.outcomes)}; slowest answers in ms: ${list(this.#slowest)}`;
  }

  /** Resolves when every outcome is known: only a store that can be written to makes that happen. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#running);
  }

  /** Ends it without waiting for outcomes that may never be known. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    await this.stop();
  }

  async #write(): Promise<void> {
    while (!this.#isStopping) {
      const commit = this.#next();
      this.ledger.begin(commit);
      await this.#settle(commit);
      await delay(Math.random() * PAUSE_MS);
    }
  }

  async #settle(commit: Commit): Promise<void> {
    for (let isUncertain = false; !this.#isAbandoned; await delay(PAUSE_MS)) {
      const outcome = await this.#timed("commit", () => this.store.commit(commit));
      this.#count(outcome);
      switch (outcome.outcome) {
        case "done":
          return this.ledger.acknowledge(commit, outcome.version);
        case "conflict":
          return this.ledger.refuse(commit);
        case "notApplied":
          // That it was not applied this time says nothing of the time before.
          if (!isUncertain) return this.ledger.refuse(commit);
          break;
        case "unknown":
          isUncertain = true;
          break;
        default:
          this.faults.push(`${commit.by} was answered with ${outcome.outcome}`);
          return this.ledger.refuse(commit);
      }
    }
  }

  #next(): Commit {
    const count = this.#commits++;
    const mark = randomUUID();
    const key = KEYS[count % KEYS.length] ?? { accountId: undefined, configId: "none" };
    const override: JsonObject | undefined =
      count % 17 === 0 ? undefined : { mark, filling: "x".repeat(count % 29 === 0 ? 5_000 : count % 300) };
    return {
      expect: {
        documents: count % 2 === 0 ? [{ key, version: this.ledger.newest(key) }] : [],
        accounts: [],
      },
      write: { on: "document", key, override, kind: override === undefined ? "RESET" : "SET" },
      at: new Date().toISOString(),
      by: mark,
      schema: undefined,
      operation: { id: mark, digest: "digest" },
    };
  }

  #count({ outcome }: CommitOutcome): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  async #read(reader: number): Promise<void> {
    const reads = {
      layers: () => this.#readDocuments(),
      lineages: () => this.store.lineages(["nobody"]),
      changes: () => this.store.changes(Math.max(0, this.ledger.sequence - 10), 10),
      rootId: () => this.store.rootId(),
    };
    const named = Object.entries<() => Promise<unknown>>(reads);
    for (let count = reader; !this.#isStopping; count++) {
      const [name, read] = named[count % named.length] ?? ["layers", reads.layers];
      try {
        await this.#timed(name, read);
      } catch (error) {
        if (!(error instanceof StrataError && error.code === "STORE_UNAVAILABLE"))
          this.faults.push(String(error));
      }
      await delay(PAUSE_MS);
    }
  }

  /** What was acknowledged before a read began, the read sees. */
  async #readDocuments(): Promise<void> {
    const acknowledged = KEYS.map((key) => this.ledger.newest(key)?.revision ?? 0);
    const documents = await storedDocuments(this.store, KEYS);
    for (const [index, revision] of acknowledged.entries()) {
      const found = documents[index]?.version.revision ?? 0;
      if (found < revision)
        this.faults.push(`${KEYS[index]?.configId} was at ${revision}, and ${found} was read`);
    }
  }

  async #timed<T>(name: string, call: () => Promise<T>): Promise<T> {
    const start = fairNow();
    try {
      return await call();
    } finally {
      this.#slowest.set(name, Math.max(this.#slowest.get(name) ?? 0, fairNow() - start));
    }
  }
}
