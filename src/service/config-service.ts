import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Principal } from "../auth/principal.js";
import { EffectiveConfig } from "../domain/effective-config.js";
import { StrataError } from "../domain/errors.js";
import { type FieldChange, fieldChanges } from "../domain/field-change.js";
import { checkId } from "../domain/id.js";
import { canonical, checkJson, isEmpty, isObject, type JsonObject } from "../domain/json.js";
import type { Layer } from "../domain/layer.js";
import { resellerLineage } from "../domain/reseller.js";
import { visiblePart } from "../domain/visibility.js";
import type { ConfigSchema, Perspective } from "../schema/config-schema.js";
import type { SchemaRegistry } from "../schema/schema-registry.js";
import type {
  Commit,
  DocumentKey,
  Expectations,
  Lineage,
  Store,
  StoredDocument,
  Version,
} from "../store/store.js";
import { type CommitDependencies, commitUntilDone } from "./commit.js";
import { ConfigSnapshot } from "./config-snapshot.js";
import { type Ancestry, createFreshReader, type LayerReader, requireAncestry } from "./layer-reader.js";
import type { ConfigProblem } from "./problems.js";
import { Turns } from "./turns.js";
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
  /** Hears of every merge that a read needed, and whether it was known already. */
  readonly onMerge?: (known: boolean) => void;
}

/** Bytes of memory that the merges kept may take together, as far as it can be told. */
const KEPT_BYTES = 128 * 1024 * 1024;
/** What a merge takes for each character of its documents' JSON, at worst: many small values, many long pointers. */
const BYTES_PER_CHARACTER = 48;
const BYTES_PER_MERGE = 2 * 1024;

/** The use-cases around configs: what is in force, and changing it. */
export class ConfigService {
  readonly #store: Store;
  readonly #registry: SchemaRegistry;
  readonly #dependencies: ConfigServiceDependencies;
  /** Merges by everything they are made of: such an entry can be missing, never stale. */
  readonly #merges = new LRUCache<string, ConfigSnapshot>({ maxSize: KEPT_BYTES });
  readonly #turns = new Turns();

  constructor(dependencies: ConfigServiceDependencies) {
    this.#dependencies = dependencies;
    this.#store = dependencies.store;
    this.#registry = dependencies.registry;
  }

  /** Every config schema, by id; for accounts only those that have an account schema. */
  schemas(): ConfigSchema[] {
    return [...this.#registry.configs.values()];
  }

  /** The ids of the configs that an account has, in order. */
  accountConfigIds(): string[] {
    return this.schemas().flatMap((schema) => (schema.forAccount === undefined ? [] : [schema.id]));
  }

  /** @throws StrataError CONFIG_NOT_FOUND when neither side of the config has a schema */
  schema(configId: string): ConfigSchema {
    const schema = this.#registry.configs.get(checkId(configId, "config"));
    if (schema === undefined) throw noSuchConfig(configId);
    return schema;
  }

  /**
   * What is in force, and who says so.
   * @throws StrataError ACCOUNT_NOT_FOUND; CONFIG_NOT_FOUND; STORE_UNAVAILABLE
   */
  async effective(target: ConfigTarget, reader: LayerReader): Promise<ConfigSnapshot> {
    const { snapshot } = await this.#read(target, reader);
    return snapshot;
  }

  /**
   * Sets, patches or resets a document. Decides on fresh layers, commits only if all of them still hold, and decides
   * again when they do not: concurrent patches of different fields both survive.
   * @throws StrataError as `effective`; BAD_USER_INPUT; STORE_UNAVAILABLE (nothing was written);
   * WRITE_OUTCOME_UNKNOWN
   */
  async write(principal: Principal, request: WriteRequest): Promise<WriteResult> {
    const intent = checkIntent(request.intent);
    const { accountId, configId } = request.target;
    return this.#turns.take(`${accountId ?? ""}/${configId}`, () => this.#write(principal, request, intent));
  }

  #write(principal: Principal, request: WriteRequest, intent: WriteIntent): Promise<WriteResult> {
    const reader = createFreshReader(this.#store);
    return commitUntilDone(this.#dependencies, async () => {
      const read = await this.#read(request.target, reader);
      const { snapshot: before, perspective } = read;
      if (request.ifMatch !== undefined && request.ifMatch !== before.etag) {
        return { answer: { result: "conflict", current: before } };
      }
      const stored = read.documents[0]?.override ?? {};
      const decision = decideWrite(intent, stored, before.config, before.schema, perspective);
      if (decision.problems.some(({ inherited }) => !inherited)) {
        return { answer: { result: "invalid", problems: decision.problems } };
      }
      const dryRun = request.dryRun === true;
      if (dryRun || !decision.changes) return { answer: this.#written(read, decision, undefined, dryRun) };
      const commit = this.#commit(principal, request.target, intent, read, decision);
      return {
        commit,
        done: (version: Version) => this.#written(read, decision, { version, commit }, false),
      };
    });
  }

  async #read(target: ConfigTarget, reader: LayerReader): Promise<ReadLayers> {
    const configId = checkId(target.configId, "config");
    const ancestry =
      target.accountId === undefined
        ? undefined
        : await requireAncestry(reader, checkId(target.accountId, "account"));
    const schema = this.#registry.configs.get(configId);
    const perspective = ancestry === undefined ? schema?.forSystem : schema?.forAccount;
    if (schema === undefined || perspective === undefined) throw noSuchConfig(configId, schema !== undefined);
    const keys = documentKeys(ancestry?.lineage, configId);
    const documents = await reader.documents(keys);
    const snapshot = this.#merge(ancestry?.lineage, schema, perspective, keys, documents);
    return { ancestry, perspective, keys, documents, snapshot };
  }

  #merge(
    lineage: Lineage | undefined,
    schema: ConfigSchema,
    perspective: Perspective,
    keys: readonly DocumentKey[],
    documents: readonly (StoredDocument | undefined)[],
  ): ConfigSnapshot {
    const vector = documents.map(versionText);
    const key = [schema.id, ...(lineage ?? []).map(accountText), "|", ...vector].join(" ");
    const known = this.#merges.get(key);
    this.#dependencies.onMerge?.(known !== undefined);
    if (known !== undefined) return known;
    const layers = layersOf(keys, documents, perspective);
    const config = new EffectiveConfig(lineage?.[0].id, schema.id, layers);
    const snapshot = new ConfigSnapshot(config, schema, lineage);
    this.#merges.set(key, snapshot, { size: sizeOf(documents) });
    return snapshot;
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
    done: { version: Version; commit: Commit } | undefined,
    dryRun: boolean,
  ): WriteResult {
    const config =
      done !== undefined
        ? committed(decision, done.version, done.commit)
        : decision.changes
          ? decision.after
          : before.config;
    return {
      result: "written",
      snapshot: new ConfigSnapshot(config, before.schema, before.lineage, dryRun),
      changes: fieldChanges(before.config, config),
      document: decision.seen,
      revision: done?.version.revision,
      dryRun,
    };
  }
}

/** Everything that one decision rests on. */
interface ReadLayers {
  readonly ancestry: Ancestry | undefined;
  readonly perspective: Perspective;
  /** Highest precedence first; the first is the target's own. */
  readonly keys: readonly DocumentKey[];
  readonly documents: readonly (StoredDocument | undefined)[];
  readonly snapshot: ConfigSnapshot;
}

function noSuchConfig(configId: string, isSystemWide = false): StrataError {
  const reason = isSystemWide
    ? `Accounts have no config "${configId}": it has no account schema, so it is system-wide only.`
    : `There is no config "${configId}": no schema has its id. The query configSchemas lists those there are.`;
  return new StrataError("CONFIG_NOT_FOUND", reason);
}

function checkIntent(intent: WriteIntent): WriteIntent {
  if (intent.kind === "RESET") return intent;
  const given = checkJson(intent.kind === "SET" ? intent.values : intent.patch);
  if (!isObject(given))
    throw new StrataError("BAD_USER_INPUT", "A config is a JSON object.", { pointer: "" });
  return intent;
}

/** Where the layers of a config are stored (R1): the account's, its reseller's, the system's. */
function documentKeys(lineage: Lineage | undefined, configId: string): DocumentKey[] {
  const system: DocumentKey = { accountId: undefined, configId };
  if (lineage === undefined) return [system];
  const reseller = resellerLineage(lineage);
  const own: DocumentKey = { accountId: lineage[0].id, configId };
  return reseller === undefined ? [own, system] : [own, { accountId: reseller[0].id, configId }, system];
}

function layersOf(
  keys: readonly DocumentKey[],
  documents: readonly (StoredDocument | undefined)[],
  { visibility, defaults }: Perspective,
): Layer[] {
  const stored = keys.map((key, index): Layer => {
    const document = documents[index];
    const seen = document?.override && visiblePart(document.override, visibility);
    const kind = key.accountId === undefined ? "SYSTEM" : index === 0 ? "ACCOUNT" : "RESELLER";
    return {
      kind,
      ...(key.accountId !== undefined && { accountId: key.accountId }),
      document: seen,
      ...(document && seen && stamp(document)),
    };
  });
  return [...stored, { kind: "SCHEMA", document: defaults }];
}

function stamp({ version, updatedAt, updatedBy }: Omit<StoredDocument, "override">): Partial<Layer> {
  return { revision: version.revision, updatedAt, updatedBy };
}

function committed({ after }: WriteDecision, version: Version, commit: Commit): EffectiveConfig {
  const [written] = after.layers as [Layer];
  const stamped = stamp({ version, updatedAt: commit.at, updatedBy: commit.by });
  return after.withHighest({ ...written, ...(written.document && stamped) });
}

/** Every layer read, and the ancestry that named them (R13). */
function expectations({ ancestry, keys, documents }: ReadLayers): Expectations {
  return {
    documents: keys.map((key, index) => ({ key, version: documents[index]?.version })),
    accounts:
      ancestry === undefined ? [] : [{ id: ancestry.lineage[0].id, version: ancestry.lineage[0].version }],
    ...(ancestry && { tree: ancestry.tree }),
  };
}

function versionText(document: StoredDocument | undefined): string {
  if (document === undefined) return "-";
  const { revision, sequence, nonce } = document.version;
  return `${revision}.${sequence}.${nonce}`;
}

/** A lineage is kept with the merge, so a renamed ancestor has to make another one. */
function accountText({ id, version }: Lineage[number]): string {
  return `${id}@${version.revision}.${version.sequence}.${version.nonce}`;
}

function sizeOf(documents: readonly (StoredDocument | undefined)[]): number {
  const characters = documents.reduce(
    (sum, document) =>
      sum + (document?.override === undefined ? 0 : JSON.stringify(document.override).length),
    0,
  );
  return BYTES_PER_MERGE + BYTES_PER_CHARACTER * characters;
}
