import type { Principal } from "../../auth/principal.js";
import { blameAfter, blameText } from "../../domain/change/blame.js";
import type { JsonObject } from "../../domain/json/json.js";
import {
  type Commit,
  type Committed,
  type DocumentContent,
  type DocumentKey,
  type HistoryOf,
  keyText,
  type Position,
  type StoredDocument,
} from "../../store/store.js";
import { authorize, noSuchAccount } from "../authorize.js";
import type { ConfigCatalog, ConfigTarget } from "../config-catalog.js";
import { fromStore } from "../from-store.js";
import type { Change } from "../impact/impact-scope.js";
import { beforeCommit, EXPECT_WITHIN_MS, type ImpactWatch } from "../impact/impact-watch.js";
import { type ImpactAt, writeImpact } from "../impact/write-impact.js";
import { checkNote } from "../note.js";
import { isBlocking } from "../problems.js";
import { blamedDocument } from "../read/blamed-document.js";
import { snapshotOf } from "../read/config-snapshot.js";
import { mergeOf } from "../read/merged-configs.js";
import type { LayerVersions } from "../read/stored-layers.js";
import { guardTiming } from "../timing-guard.js";
import { pieceByPiece, yieldToEventLoop } from "../yield-to-event-loop.js";
import { isOlder } from "./account-commits.js";
import { AgreedImpact } from "./agreed-impact.js";
import { checkedIntent } from "./checked-intent.js";
import { type Attempt, type CommitDependencies, commitUntilDone } from "./commit-until-done.js";
import {
  conflict,
  journaled,
  meaningOf,
  type RequestedIntent,
  type WriteRequest,
  type WriteResult,
} from "./config-write.js";
import {
  changeOf,
  type Decided,
  expectations,
  type Outcome,
  type ReadLayers,
  type Written,
  writtenResult,
} from "./decided-write.js";
import { digestible } from "./document-content.js";
import { freshAncestry, freshLayers } from "./fresh-layers.js";
import type { KeyedMutex } from "./keyed-mutex.js";
import {
  checkOperationName,
  digestOf,
  earlierOperation,
  type GivenName,
  type NamedOperation,
  namedOperation,
} from "./named-operation.js";
import { type FieldConflict, fieldConflicts } from "./rebase.js";
import { earlierWrite, memoOf, replayedResult } from "./replayed-write.js";
import { restoredRevision } from "./restored-revision.js";
import { decideInPieces, type WriteDecision, type WriteIntent } from "./write-decision.js";

/** How long a write waits for the writes of the same config before it: during an outage each of those takes long. */
const WAIT_WITHIN_MS = 1_500;

/** Writes documents. Decides on fresh layers, never on a cache (R13). */
export class ConfigWriter {
  readonly #dependencies: CommitDependencies;
  readonly #catalogInForce: () => ConfigCatalog;
  /** Writers of one document would otherwise all decide on the same state, and all but one of them in vain. */
  readonly #mutex: KeyedMutex;

  /** @param catalogInForce of the moment: it is another one once the schemas are replaced */
  constructor(dependencies: CommitDependencies, catalogInForce: () => ConfigCatalog, mutex: KeyedMutex) {
    const { journal, store } = dependencies;
    this.#dependencies = journal ? { ...dependencies, store: journal.watch(store) } : dependencies;
    this.#catalogInForce = catalogInForce;
    this.#mutex = mutex;
  }

  /**
   * Sets, patches, resets, restores or constrains a document. Decides on fresh layers, commits only if all of them still hold, and decides
   * again when they do not: concurrent patches of different fields both survive. The same with schemas that are replaced meanwhile.
   * The right to write is judged on the same layers.
   * @throws StrataError as `effective`; BAD_USER_INPUT; REVISION_NOT_FOUND (of a restore, or for `base`); RATE_LIMITED;
   * STORE_UNAVAILABLE (nothing was written); WRITE_OUTCOME_UNKNOWN
   */
  async write(principal: Principal, request: WriteRequest): Promise<WriteResult> {
    await yieldToEventLoop();
    checkOperationName(request.operationId);
    const intent = await checkedIntent(request.intent);
    const note = checkNote(request.note);
    const target = this.#catalogInForce().checked(principal, "write", request.target);
    const key = keyText(target);
    const startedAt = performance.now();
    const run = () =>
      guardTiming(principal, async () => {
        const checked = { ...request, intent, note };
        const name = request.dryRun === true ? undefined : request.operationId;
        const given = name === undefined ? undefined : { name, digest: digestOf(meaningOf(checked)) };
        const replay = this.#mutex.isLocked(key) && (await this.#beforeWaiting(principal, target, given));
        if (replay) return replay;
        return this.#write(principal, checked, given, startedAt);
      });
    const { journal } = this.#dependencies;
    const entry = { account: target.accountId, config: target.configId, kind: intent.kind };
    return journal === undefined ? run() : journal.write(entry, run, journaled);
  }

  /**
   * Who may not write here does not wait: they would hold up the others, and see by the clock that somebody writes. Nor does
   * the retry of a write that is done: where many write the same config it would be refused as often as it is sent.
   * @returns the answer to such a retry
   */
  async #beforeWaiting(
    principal: Principal,
    target: ConfigTarget,
    given: GivenName | undefined,
  ): Promise<WriteResult | undefined> {
    const { store } = this.#dependencies;
    if (given !== undefined) {
      const layers = await freshLayers(store, target);
      const read = this.#decidable(principal, target, layers, this.#catalogInForce());
      return this.#replay(principal, target, read, namedOperation(principal, layers, given));
    }
    if (principal.isSuperadmin || target.accountId === undefined) return undefined;
    const ancestry = await freshAncestry(store, target.accountId);
    if (ancestry === undefined) throw noSuchAccount();
    authorize(principal, "write", ancestry.lineage);
    return undefined;
  }

  async #write(
    principal: Principal,
    request: WriteRequest,
    given: GivenName | undefined,
    startedAt: number,
  ): Promise<WriteResult> {
    const { deadlineMs = request.expectImpact === undefined ? undefined : EXPECT_WITHIN_MS } =
      this.#dependencies;
    const attempt = this.#attempts(principal, request, given, beforeCommit(startedAt, deadlineMs));
    // To look at all accounts takes long, and others go on writing meanwhile: in turn, what was seen is only checked again. What
    // goes wrong here does so there, too.
    if (request.expectImpact !== undefined) await attempt().catch(() => {});
    const within = { ...this.#dependencies, ...(deadlineMs !== undefined && { deadlineMs }) };
    return this.#mutex.run(keyText(request.target), WAIT_WITHIN_MS, () =>
      commitUntilDone(within, attempt, startedAt),
    );
  }

  /** Each call reads and decides anew; what an impact was is remembered from one to the next. */
  #attempts(
    principal: Principal,
    request: WriteRequest,
    given: GivenName | undefined,
    inTime: ImpactWatch,
  ): () => Promise<Attempt<WriteResult>> {
    const agreed = new AgreedImpact();
    return async () => {
      const layers = await freshLayers(this.#dependencies.store, request.target);
      await yieldToEventLoop();
      const catalog = this.#catalogInForce();
      const read = this.#decidable(principal, request.target, layers, catalog);
      await yieldToEventLoop();
      const named = given && namedOperation(principal, layers, given);
      const replay = await this.#replay(principal, request.target, read, named);
      if (replay !== undefined) return { answer: replay };
      const { snapshot: before, perspective } = read;
      if (request.ifMatch !== undefined && ![request.ifMatch].flat().includes(before.etag)) {
        return { answer: conflict("ifMatch", before) };
      }
      const intent = await this.#lookedUp(request.intent, read);
      const stored = read.documents[0] ?? NOTHING;
      const decision = await pieceByPiece(
        decideInPieces(intent, stored, before.config, before.schema, perspective),
      );
      await yieldToEventLoop();
      const conflicts = await this.#overlaps(request, read, decision);
      if (conflicts.length > 0) return { answer: conflict("base", before, { conflicts }) };
      if (decision.problems.some(isBlocking)) {
        return { answer: { result: "invalid", problems: decision.problems } };
      }
      const dryRun = request.dryRun === true;
      const impact = this.#impact(principal, read, () => changeOf(read, decision));
      const { schemaDigest } = catalog;
      const look = () => impact(before.position, inTime);
      const expected =
        request.expectImpact === undefined ? undefined : await agreed.of(read, schemaDigest, look);
      if (request.expectImpact !== expected?.digest)
        return { answer: conflict("expectImpact", before, { impact: expected }) };
      const told = (position: Position): Outcome["impact"] =>
        expected === undefined ? (watch) => impact(position, watch) : async () => expected;
      const written = (done: Written | undefined, position: Position) =>
        writtenResult(read, decision, { done, dryRun, impact: told(position) });
      if (dryRun || !decision.changes) return { answer: written(undefined, before.position) };
      const decided = { decision, named, expected, schemaDigest };
      const commit = await this.#commit(principal, request, intent, read, decided);
      const done = (made: Committed) =>
        written({ by: commit.by, ...made }, { ...before.position, sequence: made.version.sequence });
      const isStillRight = () => this.#catalogInForce().schemaDigest === schemaDigest;
      return { commit, done, isStillRight };
    };
  }

  /** What the write does to the accounts that inherit from the layer. */
  #impact(
    principal: Principal,
    { snapshot, ancestry, documents }: ReadLayers,
    change: () => Change,
  ): ImpactAt {
    const { schema } = snapshot;
    const system = documents.at(-1);
    return writeImpact(this.#dependencies.store, {
      principal,
      schema,
      lineage: ancestry?.lineage,
      system,
      change,
    });
  }

  /** Everything that a decision rests on, if the caller may take it. */
  #decidable(
    principal: Principal,
    target: ConfigTarget,
    layers: LayerVersions | undefined,
    catalog: ConfigCatalog,
  ): ReadLayers {
    if (layers === undefined) throw noSuchAccount();
    const view = authorize(principal, "write", layers.ancestry?.lineage);
    const config = catalog.perspective(principal, target);
    const merged = mergeOf(config.perspective, layers.documents);
    const { ancestry, ...read } = layers;
    const from = { layers: { lineage: ancestry?.lineage, ...read }, config: merged };
    const snapshot = snapshotOf(config, from, view);
    return { perspective: config.perspective, snapshot, ...layers };
  }

  /** What the write would overwrite that others have changed since its base. */
  async #overlaps(
    { target, base }: WriteRequest,
    { snapshot: current, perspective }: ReadLayers,
    { after }: WriteDecision,
  ): Promise<readonly FieldConflict[]> {
    if (base === undefined) return [];
    const config = { schema: current.schema, perspective };
    return fieldConflicts(this.#dependencies.store, { target, base, config, current, after });
  }

  /** What a restore puts back. */
  async #lookedUp(intent: RequestedIntent, { keys, versions }: ReadLayers): Promise<WriteIntent> {
    if (intent.kind !== "RESTORE") return intent;
    const [key] = keys as [DocumentKey];
    const content = await restoredRevision(this.#dependencies.store, key, versions[0], intent.revision);
    return { ...intent, content };
  }

  async #commit(
    principal: Principal,
    { target, note }: WriteRequest,
    intent: WriteIntent,
    read: ReadLayers,
    { decision, named, expected, schemaDigest }: Decided,
  ): Promise<Commit> {
    const { newId } = this.#dependencies;
    const { override } = decision.content;
    const write: Commit["write"] = {
      on: "document",
      key: target,
      kind: intent.kind,
      ...decision.content,
      ...(override && { blame: await this.#blame(target, read.documents[0], override) }),
      ...(intent.kind === "RESTORE" && { restoredFrom: intent.revision }),
    };
    return {
      expect: {
        ...expectations(read),
        ...(expected && { quietSince: { sequence: expected.sequence, configId: target.configId } }),
      },
      write,
      at: this.#dependencies.now().toISOString(),
      by: principal.subject,
      schema: schemaDigest,
      ...(note !== undefined && { note }),
      operation:
        named === undefined
          ? { id: newId(), digest: digestOf([intent.kind, digestible(decision.content)]) }
          : { id: named.id, digest: named.digest, memo: memoOf(newId(), read.keys, read.versions) },
    };
  }

  /** The answer to a write that an earlier request has done; undefined: none has. */
  async #replay(
    principal: Principal,
    target: ConfigTarget,
    read: ReadLayers,
    named: NamedOperation | undefined,
  ): Promise<WriteResult | undefined> {
    const { store } = this.#dependencies;
    const operation = named && (await earlierOperation(store, named));
    if (operation === undefined) return undefined;
    // Another account may have got the id of the one that was written.
    if (read.ancestry && !isOlder(read.ancestry.lineage, operation.at)) throw noSuchAccount();
    const earlier = await earlierWrite(store, target, read.perspective, operation);
    const impact = this.#impact(principal, read, () => earlier.stored);
    return replayedResult(earlier, operation, read.snapshot, impact);
  }

  async #blame(key: DocumentKey, before: StoredDocument | undefined, after: JsonObject): Promise<string> {
    const readHistory = (of: HistoryOf) => fromStore(this.#dependencies.store.history(of));
    const blamed = before && (await blamedDocument(readHistory, key, before));
    await yieldToEventLoop();
    return blameText(blameAfter(blamed, after));
  }
}

/** Stands for a document where there is none. */
const NOTHING: DocumentContent = { override: undefined };
