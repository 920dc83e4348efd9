import { StrataError } from "../../domain/errors.js";
import { inheritedDocument } from "../inherited-records.js";
import { isAtOrBefore } from "../past-records.js";
import {
  assembleLineage,
  documentRevision,
  parseAccount,
  parseAccountRevision,
  parseChange,
  parseCounts,
  parseVersion,
  SYSTEM_OWNER,
  storedDocument,
  versionOfRecord,
} from "../records.js";
import { isLongAgo } from "../settled-moment.js";
import {
  type AccountRevision,
  type Change,
  type Changes,
  type Descendants,
  type DescendantsOf,
  type DocumentHistory,
  type DocumentKey,
  type DocumentOwners,
  type DocumentOwnersOf,
  documentKeys,
  type EarlierOperation,
  type HistoryOf,
  type InheritingAccount,
  type InheritingOf,
  type LayerBodies,
  type LayersAfter,
  type LayersAt,
  type Lineages,
  type StoredConfigs,
  type StoredDocument,
  sequenceOfChange,
  TREE_DEPTH,
  type Versions,
  type VersionsOf,
} from "../store.js";
import { callFunction } from "./redis-call.js";
import {
  callDeadline,
  type RedisCommand,
  type RedisConnection,
  RedisRefusal,
  RedisSilence,
} from "./redis-connection.js";
import { refused, silent } from "./redis-errors.js";
import { FUNCTIONS, REDIS_FORMAT } from "./redis-functions.js";
import type { RedisKeys } from "./redis-keys.js";
import {
  type LayersAnswer,
  type LayersAtAnswer,
  layersAtCommand,
  parseConfigs,
  parseLayersAt,
  settledLayersAtCommand,
} from "./redis-past.js";
import { UNFINISHED_IMPORT } from "./redis-write-guard.js";

/** A read goes again while this lasts: its connection may just have been lost. */
const AGAIN_WITHIN_MS = 900;
const PAUSE_MS = 50;
/** Errors of a server that is starting or failing over. */
const PASSES = /^(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|BUSY)\b/;

type FeedEntry = [id: string, fields: [name: string, record: string]];
type OwnersAnswer = [tree: string | null, format: string | null, accountIds: string[], last: string | null];
/** A life of the store, and the tree token that was last seen in it: a new life begins with a new token. */
interface Life {
  readonly tree: string;
  readonly incarnation: string;
}

/** The reads of a store in Redis. Each call is one command, so that its whole result is of one moment. */
export class RedisReads {
  #life: Life = { tree: "", incarnation: "" };

  /** @param place how messages call the store */
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly place: string,
  ) {}

  lineages(accountIds: readonly string[]): Promise<Lineages> {
    const keys = [this.keys.tree, this.keys.lastDeletion, ...accountIds.map((id) => this.keys.account(id))];
    const call = [FUNCTIONS.lineages, keys.length, ...keys, this.keys.accountPrefix] as const;
    return this.read(["FCALL_RO", ...call], (answer) => {
      const [tree, lastDeletion, records] = answer as [string | null, string | null, string[]];
      const accounts = new Map(records.map(parseAccount).map((account) => [account.id, account]));
      return {
        tree: this.#treeOf(tree),
        lastDeletion: lastDeletion ?? undefined,
        lineages: accountIds.map((id) => assembleLineage(id, (accountId) => accounts.get(accountId))),
      };
    });
  }

  descendants(of: DescendantsOf): Promise<Descendants> {
    const { accountId, levels = TREE_DEPTH, after = [], backwards, limit } = of;
    // Nothing comes before the account that is asked about; a path without ids would stand for no place.
    const most = backwards?.before?.length === 0 ? 0 : limit;
    const place = backwards === undefined ? ["after", ...after] : ["before", ...(backwards.before ?? [])];
    const args = [this.keys.prefix, accountId, levels, most, ...place] as const;
    return this.read(["FCALL_RO", FUNCTIONS.descendants, 1, this.keys.tree, ...args], (answer) => {
      const [tree, paths, counts] = answer as [string | null, string[], string | null];
      this.#treeOf(tree);
      return { paths: paths.map((path) => path.split("/")), counts: parseCounts(counts) };
    });
  }

  layers(targets: readonly DocumentKey[], bodies: LayerBodies): Promise<StoredConfigs> {
    const wanted = targets.flatMap(({ accountId, configId }) => [accountId ?? SYSTEM_OWNER, configId]);
    const args = [this.keys.prefix, SYSTEM_OWNER, bodies, ...wanted] as const;
    return this.read(["FCALL_RO", FUNCTIONS.layers, 1, this.keys.tree, ...args], (answer) => {
      const [tree, incarnation, sequence, records, found] = answer as LayersAnswer;
      const accounts = new Map(records.map(parseAccount).map((account) => [account.id, account]));
      const configs = targets.map(({ accountId, configId }, index) => {
        const lineage =
          accountId === undefined ? undefined : assembleLineage(accountId, (id) => accounts.get(id));
        if (accountId !== undefined && lineage === undefined) return undefined;
        const keys = documentKeys(lineage, configId);
        const texts = found[index] ?? [];
        const [records, blames] = [texts.slice(0, keys.length), texts.slice(keys.length)];
        const documents = (bodies === "own" ? records.slice(0, 1) : records).map((record, layer) => {
          if (record === null) return undefined;
          const blame = blames[layer] ?? undefined;
          return layer > 0 && blame === undefined ? inheritedDocument(record) : storedDocument(record, blame);
        });
        const versions = records.map((text) =>
          text === null ? undefined : parseVersion(versionOfRecord(text)),
        );
        return { lineage, keys, versions, documents };
      });
      this.#life = { tree: this.#treeOf(tree), incarnation: incarnation ?? "" };
      return { sequence: Number(sequence), configs, ...this.#life };
    });
  }

  documents(keys: readonly DocumentKey[]): Promise<(StoredDocument | undefined)[]> {
    const names = keys.map((key) => this.keys.document(key));
    return this.look(names, (_, records) =>
      records.map((record) => (record === null ? undefined : storedDocument(record))),
    );
  }

  layersAt(targets: readonly DocumentKey[], moment: string, now: string): Promise<LayersAt> {
    return this.#layersAt(layersAtCommand(this.keys, targets, moment), targets, moment, now);
  }

  layersAfter(targets: readonly DocumentKey[], sequence: number): Promise<LayersAfter> {
    return this.read(layersAtCommand(this.keys, targets, sequence), (answer) => {
      const found = answer as LayersAtAnswer;
      this.#treeOf(found[0]);
      return parseConfigs(found, targets, undefined);
    });
  }

  /** The same, to stay so. Only where a commit may still get such a time something is written. */
  async settledLayersAt(targets: readonly DocumentKey[], moment: string, now: string): Promise<LayersAt> {
    const found = await this.layersAt(targets, moment, now);
    if (!found.isOver || !isAtOrBefore(found.newest ?? "", moment)) return found;
    try {
      return await this.#layersAt(settledLayersAtCommand(this.keys, targets, moment), targets, moment, now);
    } catch (error) {
      if (isLongAgo(moment, now)) return found;
      throw error;
    }
  }

  #layersAt(
    command: RedisCommand,
    targets: readonly DocumentKey[],
    moment: string,
    now: string,
  ): Promise<LayersAt> {
    return this.read(command, (answer) => {
      const found = answer as LayersAtAnswer;
      this.#treeOf(found[0]);
      return parseLayersAt(found, targets, moment, now);
    });
  }

  versions({ accounts, documents }: VersionsOf): Promise<Versions> {
    const keys = [
      this.keys.sequence,
      ...accounts.map((id) => this.keys.account(id)),
      ...documents.map((key) => this.keys.version(key)),
    ];
    return this.#lookAt(keys, (life, [sequence, ...found]) => {
      const versions = found.map((text) => (text === null ? undefined : parseVersion(versionOfRecord(text))));
      return {
        sequence: Number(sequence),
        accounts: versions.slice(0, accounts.length),
        documents: versions.slice(accounts.length),
        ...life,
      };
    });
  }

  rootId(): Promise<string | undefined> {
    return this.look([this.keys.root], (_, [id]) => id ?? undefined);
  }

  operation(id: string): Promise<EarlierOperation | undefined> {
    return this.look([this.keys.operation({ id, memo: "" })], (_, [record]) => {
      if (typeof record !== "string") return undefined;
      const [digest = "", version = "", at = "", memo = ""] = record.split("\n");
      return { digest, version: parseVersion(version), at, memo };
    });
  }

  async changes(after: number, limit: number): Promise<Changes> {
    // The sequence first: what comes in between is then among the changes.
    const newest = await this.look([this.keys.sequence], (_, [text]) => Number(text));
    const range: RedisCommand = ["XRANGE", this.keys.feed, `(${after}-0`, "+", "COUNT", limit];
    return this.read(range, (answer) => {
      const entries = answer as FeedEntry[];
      const changes = entries.map(([, [, record]]) => parseChange(record));
      const [first, last] = [changes[0], changes.at(-1)];
      const sequence = Math.max(newest, last === undefined ? 0 : sequenceOfChange(last));
      const isComplete = first === undefined ? after >= newest : sequenceOfChange(first) === after + 1;
      return { changes: isComplete ? changes : undefined, sequence };
    });
  }

  async pastChanges(before: number | undefined, limit: number): Promise<Change[]> {
    // Behind the newest commit may be half of another one.
    const newest = await this.look([this.keys.sequence], (_, [text]) => Number(text));
    const last = Math.min(newest, (before ?? Number.MAX_SAFE_INTEGER) - 1);
    if (last <= 0) return [];
    return this.read(["XREVRANGE", this.keys.feed, `${last}-0`, "-", "COUNT", limit], (answer) =>
      (answer as FeedEntry[]).map(([, [, record]]) => parseChange(record)),
    );
  }

  accountHistory(accountId: string, after: number, limit: number): Promise<AccountRevision[]> {
    const keys = [this.keys.tree, this.keys.accountHistory(accountId)];
    const call = [FUNCTIONS.accountHistory, keys.length, ...keys, after, limit] as const;
    return this.read(["FCALL_RO", ...call], (answer) => {
      const [tree, entries] = answer as [string | null, string[]];
      this.#treeOf(tree);
      return entries.map(parseAccountRevision);
    });
  }

  history({ key, before = Number.MAX_SAFE_INTEGER, limit, bytes }: HistoryOf): Promise<DocumentHistory> {
    const keys = [this.keys.tree, this.keys.history(key)];
    const call = [FUNCTIONS.history, keys.length, ...keys, before, limit, bytes] as const;
    return this.read(["FCALL_RO", ...call], (answer) => {
      const [tree, records, oldest] = answer as [string | null, string[], string?];
      this.#treeOf(tree);
      return {
        revisions: records.map(documentRevision),
        oldest: oldest === undefined ? undefined : Number(oldest),
      };
    });
  }

  /** The records of a document from a revision on, or from the first later one that is kept. */
  writes(key: DocumentKey, fromRevision: number, limit: number): Promise<string[]> {
    const keys = [this.keys.tree, this.keys.history(key)];
    const call = [FUNCTIONS.writes, keys.length, ...keys, fromRevision, limit] as const;
    return this.read(["FCALL_RO", ...call], (answer) => {
      const [tree, records] = answer as [string | null, string[]];
      this.#treeOf(tree);
      return records;
    });
  }

  documentOwners({ configId, after = "", limit }: DocumentOwnersOf): Promise<DocumentOwners> {
    const { tree, meta, lastCommits } = this.keys;
    const keys = [tree, meta, this.keys.owners(configId), lastCommits];
    const call = [FUNCTIONS.owners, keys.length, ...keys, configId, after, limit] as const;
    return this.read(["FCALL_RO", ...call], (answer) => {
      const [token, format, accountIds, last] = answer as OwnersAnswer;
      this.#treeOf(token);
      this.#checkIndex(format);
      return { accountIds, lastSequence: Number(last ?? 0) };
    });
  }

  inheriting(of: InheritingOf): Promise<InheritingAccount[]> {
    const { accountId, configId, throughResellers, after = [], limit } = of;
    const keys = [this.keys.tree, this.keys.meta, this.keys.owners(configId)];
    const args = [this.keys.prefix, accountId, limit, throughResellers ? "1" : "0", ...after] as const;
    return this.read(["FCALL_RO", FUNCTIONS.inheriting, keys.length, ...keys, ...args], (answer) => {
      const [token, format, found] = answer as [string | null, string | null, string[]];
      this.#treeOf(token);
      this.#checkIndex(format);
      return found.map((text) => {
        const [path = "", facts = ""] = text.split(" ");
        return { path: path.split("/"), isReseller: facts[0] === "1", hasDocument: facts[1] === "1" };
      });
    });
  }

  #checkIndex(format: string | null): void {
    if (Number(format) >= REDIS_FORMAT) return;
    throw new StrataError(
      "STORE_UNAVAILABLE",
      `Redis at ${this.place} has no whole index by config yet: the store is being upgraded. Try again later.`,
    );
  }

  /** The values of some keys, and the store's tree token. @throws StrataError STORE_UNAVAILABLE where there is no store */
  look<T>(keys: readonly string[], take: (tree: string, values: (string | null)[]) => T): Promise<T> {
    return this.read(["MGET", this.keys.tree, ...keys], (answer) => {
      const [tree, ...values] = answer as (string | null)[];
      return take(this.#treeOf(tree), values);
    });
  }

  /** The same, and the incarnation: as long as the tree token is known, so is that. */
  async #lookAt<T>(keys: readonly string[], take: (life: Life, values: (string | null)[]) => T): Promise<T> {
    const known = await this.look(keys, (tree, values) =>
      tree === this.#life.tree ? { taken: take(this.#life, values) } : undefined,
    );
    if (known !== undefined) return known.taken;
    const names = [this.keys.tree, this.keys.meta, ...keys];
    return this.read(["FCALL_RO", FUNCTIONS.texts, names.length, ...names], (answer) => {
      const [incarnation, [tree, ...values]] = answer as [string | null, (string | null)[]];
      this.#life = { tree: this.#treeOf(tree), incarnation: incarnation ?? "" };
      return take(this.#life, values);
    });
  }

  async read<T>(command: RedisCommand, parse: (answer: unknown) => T): Promise<T> {
    const started = performance.now();
    const deadline = callDeadline();
    for (;;) {
      try {
        return parse(await callFunction(this.connection, command, deadline));
      } catch (error) {
        const isOver = performance.now() - started > AGAIN_WITHIN_MS;
        if (error instanceof RedisRefusal && (isOver || !PASSES.test(error.message)))
          throw refused(this.place, error);
        if (error instanceof RedisSilence && isOver) throw silent(this.place, error);
        if (!(error instanceof RedisRefusal || error instanceof RedisSilence)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** A missing token means data loss: fail, do not answer "empty". */
  #treeOf(token: string | null | undefined): string {
    if (typeof token === "string" && !token.startsWith("!")) return token;
    const reason = token ? UNFINISHED_IMPORT : "it holds no store, or none any more";
    throw new StrataError("STORE_UNAVAILABLE", `Redis at ${this.place} cannot be used: ${reason}.`);
  }
}
