import { createHash } from "node:crypto";
import type { Action } from "../auth/policy.js";
import type { Principal } from "../auth/principal.js";
import { EffectiveConfig } from "../domain/effective-config.js";
import { StrataError } from "../domain/errors.js";
import { type FieldChange, fieldChanges } from "../domain/field-change.js";
import { checkId } from "../domain/id.js";
import { canonical, checkJson, isEmpty, isObject, type JsonObject } from "../domain/json.js";
import type { Layer } from "../domain/layer.js";
import type { ConfigSchema, Perspective } from "../schema/config-schema.js";
import type { SchemaRegistry } from "../schema/schema-registry.js";
import {
  type Commit,
  type Committed,
  type DocumentKey,
  type Expectations,
  keyText,
  type Store,
} from "../store/store.js";
import { authorize, authorizeAtAll, type ConfigView, knows, noSuchAccount } from "./authorize.js";
import { breathe } from "./breathe.js";
import { type Attempt, type CommitDependencies, commitUntilDone } from "./commit.js";
import { ConfigSnapshot } from "./config-snapshot.js";
import type { LayerReader } from "./layer-reader.js";
import { freshAncestry, freshLayers, type Layers } from "./layers.js";
import type { Merges, SeenConfig } from "./merges.js";
import { type ConfigProblem, isBlocking } from "./problems.js";
import { Turns } from "./turns.js";
import { unhurried } from "./unhurried.js";
import { decideWrite, type WriteDecision, type WriteIntent } from "./write-decision.js";

/** Whose config: an account's, or (no account) the system layer's. */
export type ConfigTarget = DocumentKey;

export interface WriteRequest {
  readonly target: ConfigTarget;
  readonly intent: WriteIntent;
  /** The etag that the caller decided on; absent: whatever is there now. */
  readonly ifMatch?: string | undefined;
  /** Answers what would happen, and writes nothing. */
  readonly dryRun?: boolean | undefined;
}

export type WriteResult =
  | {
      readonly result: "written";
      /** As it is after the write, from the commit itself. */
      readonly snapshot: ConfigSnapshot;
      /** Worked out when it is asked for. */
      readonly changes: readonly FieldChange[];
      /** The layer's overrides now, as seen; undefined: none. */
      readonly document: JsonObject | undefined;
      /** Undefined: nothing was written. */
      readonly revision: number | undefined;
      readonly dryRun: boolean;
    }
  | { readonly result: "invalid"; readonly problems: readonly ConfigProblem[] }
  /** `ifMatch` named another state than the current one. */
  | { readonly result: "conflict"; readonly current: ConfigSnapshot };

export interface ConfigServiceDependencies extends CommitDependencies {
  readonly registry: SchemaRegistry;
  readonly merges: Merges;
}

/** How long a write waits for those of the same config before it: during an outage each of them takes its time. */
const TURN_WITHIN_MS = 1_500;

/** The use-cases around configs: what is in force, and changing it. */
export class ConfigService {
  readonly #store: Store;
  readonly #registry: SchemaRegistry;
  readonly #dependencies: ConfigServiceDependencies;
  readonly #turns = new Turns();

  constructor(dependencies: ConfigServiceDependencies) {
    this.#dependencies = dependencies;
    this.#store = dependencies.store;
    this.#registry = dependencies.registry;
  }

  /**
   * Every config schema that the caller may know of, by id: without the system level those that have an account schema.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN
   */
  schemas(principal: Principal): ConfigSchema[] {
    authorizeAtAll(principal, "read");
    const all = [...this.#registry.configs.values()];
    return principal.isSuperadmin ? all : all.filter(({ forAccount }) => forAccount !== undefined);
  }

  /** Whether the schema of an account's config names a member of the root. Never told to callers: it judges no access. */
  isSetting(configId: string, name: string): boolean {
    return this.#registry.configs.get(configId)?.forAccount?.names(name) === true;
  }

  /** The ids of the configs that an account has, in order. */
  accountConfigIds(): string[] {
    return [...this.#registry.configs.values()].flatMap(({ id, forAccount }) => (forAccount ? id : []));
  }

  /** @throws StrataError CONFIG_NOT_FOUND when the caller knows of no schema of it; UNAUTHENTICATED, FORBIDDEN */
  schema(principal: Principal, configId: string): ConfigSchema {
    authorizeAtAll(principal, "read");
    const schema = this.#registry.configs.get(checkId(configId, "config"));
    if (schema === undefined || (schema.forAccount === undefined && !principal.isSuperadmin))
      throw noSuchConfig(configId);
    return schema;
  }

  /**
   * What is in force, and who says so.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN; ACCOUNT_NOT_FOUND; CONFIG_NOT_FOUND; STORE_UNAVAILABLE
   */
  async effective(principal: Principal, given: ConfigTarget, reader: LayerReader): Promise<ConfigSnapshot> {
    const target = this.#checked(principal, "read", given);
    return unhurried(principal, () => this.#effective(principal, target, reader));
  }

  async #effective(principal: Principal, target: ConfigTarget, reader: LayerReader): Promise<ConfigSnapshot> {
    const layers = await reader.layers(target);
    if (layers === undefined) throw noSuchAccount();
    const view = authorize(principal, "read", layers.ancestry?.lineage);
    const { schema, perspective } = this.#perspective(principal, target);
    const merged = await this.#dependencies.merges.of(
      schema,
      perspective,
      layers.versions,
      () => reader.remembered(layers),
      () => reader.documents(layers),
    );
    if (merged === undefined) return this.#effectiveLater(principal, target, reader);
    return snapshotOf(schema, perspective, layers, merged, view);
  }

  /** The documents have moved on since their versions were seen: those that are there now, all as of one moment. */
  async #effectiveLater(
    principal: Principal,
    target: ConfigTarget,
    reader: LayerReader,
  ): Promise<ConfigSnapshot> {
    const { snapshot } = this.#decidable(principal, "read", target, await reader.loaded(target));
    return snapshot;
  }

  /**
   * Sets, patches or resets a document. Decides on fresh layers, commits only if all of them still hold, and decides
   * again when they do not: concurrent patches of different fields both survive.
   * The right to write is judged on the same layers.
   * @throws StrataError as `effective`; BAD_USER_INPUT; STORE_UNAVAILABLE (nothing was written);
   * WRITE_OUTCOME_UNKNOWN
   */
  async write(principal: Principal, request: WriteRequest): Promise<WriteResult> {
    await breathe();
    const intent = checkIntent(request.intent);
    const target = this.#checked(principal, "write", request.target);
    const name = keyText(target);
    const startedAt = performance.now();
    return unhurried(principal, async () => {
      if (this.#turns.isTaken(name)) await this.#mayWait(principal, target.accountId);
      return this.#turns.take(name, TURN_WITHIN_MS, () => this.#write(principal, request, intent, startedAt));
    });
  }

  /** Strangers do not join the queue: they would hold it up, and see by the clock that there is one. */
  async #mayWait(principal: Principal, accountId: string | undefined): Promise<void> {
    if (principal.isSuperadmin || accountId === undefined) return;
    const ancestry = await freshAncestry(this.#store, accountId);
    if (ancestry === undefined) throw noSuchAccount();
    authorize(principal, "write", ancestry.lineage);
  }

  #write(
    principal: Principal,
    request: WriteRequest,
    intent: WriteIntent,
    startedAt: number,
  ): Promise<WriteResult> {
    const attempt = async (): Promise<Attempt<WriteResult>> => {
      const layers = await freshLayers(this.#store, request.target);
      await breathe();
      const read = this.#decidable(principal, "write", request.target, layers);
      await breathe();
      const { snapshot: before, perspective } = read;
      if (request.ifMatch !== undefined && request.ifMatch !== before.etag) {
        return { answer: { result: "conflict", current: before } };
      }
      const stored = read.documents[0]?.override ?? {};
      const decision = decideWrite(intent, stored, before.config, before.schema, perspective);
      await breathe();
      if (decision.problems.some(isBlocking)) {
        return { answer: { result: "invalid", problems: decision.problems } };
      }
      const dryRun = request.dryRun === true;
      if (dryRun || !decision.changes) return { answer: this.#written(read, decision, undefined, dryRun) };
      const commit = this.#commit(principal, request.target, intent, read, decision);
      return {
        commit,
        done: (made: Committed) => this.#written(read, decision, { ...made, by: commit.by }, false),
      };
    };
    return commitUntilDone(this.#dependencies, attempt, startedAt);
  }

  /** What needs no store to be refused. */
  #checked(principal: Principal, action: Action, { accountId, configId }: ConfigTarget): ConfigTarget {
    checkId(configId, "config");
    if (accountId !== undefined) checkId(accountId, "account");
    authorizeAtAll(principal, action);
    const target = { accountId, configId };
    if (accountId === undefined) {
      authorize(principal, action, undefined);
      this.#perspective(principal, target);
    }
    return target;
  }

  /** Everything that a decision rests on, if the caller may take it. */
  #decidable(
    principal: Principal,
    action: Action,
    target: ConfigTarget,
    layers: Layers | undefined,
  ): ReadLayers {
    if (layers === undefined) throw noSuchAccount();
    const view = authorize(principal, action, layers.ancestry?.lineage);
    const { schema, perspective } = this.#perspective(principal, target);
    const merged = this.#dependencies.merges.make(layers.documents, perspective);
    return { ...layers, perspective, snapshot: snapshotOf(schema, perspective, layers, merged, view) };
  }

  /** The config from where its target looks at it. @throws StrataError CONFIG_NOT_FOUND */
  #perspective(
    { isSuperadmin }: Principal,
    { accountId, configId }: ConfigTarget,
  ): { schema: ConfigSchema; perspective: Perspective } {
    const schema = this.#registry.configs.get(configId);
    const perspective = accountId === undefined ? schema?.forSystem : schema?.forAccount;
    if (schema === undefined || perspective === undefined)
      throw noSuchConfig(configId, isSuperadmin && schema !== undefined);
    return { schema, perspective };
  }

  #commit(
    principal: Principal,
    target: ConfigTarget,
    intent: WriteIntent,
    read: ReadLayers,
    decision: WriteDecision,
  ): Commit {
    const write: Commit["write"] = {
      on: "document",
      key: target,
      kind: intent.kind,
      override: isEmpty(decision.override) ? undefined : decision.override,
    };
    return {
      expect: expectations(read),
      write,
      at: this.#dependencies.now().toISOString(),
      by: principal.subject,
      operation: {
        id: this.#dependencies.newId(),
        digest: createHash("sha256")
          .update(canonical([intent.kind, decision.override]))
          .digest("base64url"),
      },
    };
  }

  #written(
    { snapshot: before }: ReadLayers,
    decision: WriteDecision,
    done: Written | undefined,
    dryRun: boolean,
  ): WriteResult {
    const config =
      done !== undefined ? committed(decision, done) : decision.changes ? decision.after : before.config;
    return {
      result: "written",
      snapshot: new ConfigSnapshot(config, before.schema, before.view, { dryRun, before: before.config }),
      get changes() {
        return fieldChanges(before.config, config);
      },
      document: decision.seen,
      revision: done?.version.revision,
      dryRun,
    };
  }
}

/** What a write has made, and who did. */
interface Written extends Committed {
  readonly by: string;
}

/** Everything that one decision rests on. */
interface ReadLayers extends Layers {
  readonly perspective: Perspective;
  readonly snapshot: ConfigSnapshot;
}

/** @param isSystemWide what only superadmins may be told */
function noSuchConfig(configId: string, isSystemWide = false): StrataError {
  const reason = isSystemWide
    ? `Accounts have no config "${configId}": no account schema of it is served, so it is system-wide only.`
    : `There is no config "${configId}": no schema of its id is served. The query configSchemas lists those that are.`;
  return new StrataError(
    "CONFIG_NOT_FOUND",
    `${reason} Files that are refused are named in the log of the start.`,
  );
}

function checkIntent(intent: WriteIntent): WriteIntent {
  if (intent.kind === "RESET") return intent;
  const given = checkJson(intent.kind === "SET" ? intent.values : intent.patch);
  if (!isObject(given))
    throw new StrataError("BAD_USER_INPUT", "A config is a JSON object.", { pointer: "" });
  return intent;
}

function snapshotOf(
  schema: ConfigSchema,
  { defaults }: Perspective,
  { ancestry, keys }: Layers,
  { layers, merged }: SeenConfig,
  view: ConfigView,
): ConfigSnapshot {
  const stored = keys.map(({ accountId }, index): Layer => {
    const kind = accountId === undefined ? "SYSTEM" : index === 0 ? "ACCOUNT" : "RESELLER";
    const layer = layers[index];
    const known = isInReach(view, accountId) ? layer : undefined;
    return {
      kind,
      accountId,
      document: layer?.document,
      revision: known?.revision,
      updatedAt: known?.updatedAt,
      updatedBy: known?.updatedBy,
    };
  });
  const all: Layer[] = [...stored, { kind: "SCHEMA", document: defaults }];
  const config = new EffectiveConfig(ancestry?.lineage[0].id, schema.id, all, merged);
  return new ConfigSnapshot(config, schema, view);
}

/** Of a layer above it the caller sees what is inherited, not who wrote it or when (R15). */
function isInReach(view: ConfigView, accountId: string | undefined): boolean {
  return accountId === undefined ? view.seesSystem : knows(view, accountId);
}

function committed({ after }: WriteDecision, { version, at, by }: Written): EffectiveConfig {
  const [written] = after.layers as [Layer];
  const stamped = { revision: version.revision, updatedAt: at, updatedBy: by };
  return after.withHighest({ ...written, ...(written.document && stamped) });
}

/** Every layer read, and the ancestry that named them (R13). */
function expectations({ ancestry, keys, versions }: ReadLayers): Expectations {
  return {
    documents: keys.map((key, index) => ({ key, version: versions[index] })),
    accounts:
      ancestry === undefined ? [] : [{ id: ancestry.lineage[0].id, version: ancestry.lineage[0].version }],
    ...(ancestry && { tree: ancestry.tree }),
  };
}
