import type { Principal } from "../auth/principal.js";
import type { ConfigSchema } from "../schema/config-schema.js";
import type { SchemaRegistry } from "../schema/schema-registry.js";
import type { TriedArrangement, UpdatedAccount } from "./account-service.js";
import { authorize, noSuchAccount } from "./authorize.js";
import { ConfigCatalog, type ConfigTarget } from "./config-catalog.js";
import { type ImpactProgress, impactProgress } from "./impact/impact-progress.js";
import type { ImpactReport } from "./impact/impact-report.js";
import { type ImpactWatch, watchOfOne } from "./impact/impact-watch.js";
import { arrangementImpact } from "./impact/write-impact.js";
import type { AttributedChange } from "./read/attributed-changes.js";
import { type HistoryPage, type HistoryWanted, historyPage } from "./read/config-history.js";
import { type ConfigSnapshot, snapshotOf } from "./read/config-snapshot.js";
import type { MergedConfigs } from "./read/merged-configs.js";
import { PastConfigs } from "./read/past-configs.js";
import type { RequestReader } from "./read/request-reader.js";
import { guardTiming } from "./timing-guard.js";
import type { CommitDependencies } from "./write/commit-until-done.js";
import type { WriteRequest, WriteResult } from "./write/config-write.js";
import { ConfigWriter } from "./write/config-writer.js";
import { KeyedMutex } from "./write/keyed-mutex.js";

export interface ConfigServiceDependencies extends CommitDependencies {
  /** What everything but writes is done under. */
  readonly registry: SchemaRegistry;
  /** The one of the moment: no write is committed under another. Absent: `registry` stays in force. */
  readonly registryInForce?: (() => SchemaRegistry) | undefined;
  readonly merges: MergedConfigs;
  /** Of all services over the same store; absent: one of its own. */
  readonly mutex?: KeyedMutex;
}

/**
 * The use-cases around configs: what is in force, and changing it. All that one service reads it reads under one registry, so
 * each request has a service of its own. Each of its writes is under one registry as well: the one in force when it is committed.
 */
export class ConfigService extends ConfigCatalog {
  readonly #dependencies: ConfigServiceDependencies;
  readonly #mutex: KeyedMutex;
  readonly #past: PastConfigs;

  constructor(dependencies: ConfigServiceDependencies) {
    super(dependencies.registry);
    this.#dependencies = dependencies;
    this.#mutex = dependencies.mutex ?? new KeyedMutex();
    this.#past = new PastConfigs(this, dependencies.now);
  }

  /**
   * The effective config, with provenance; or, exactly, what it was at a past moment.
   * @param asOf RFC 3339, as `toISOString` writes it; absent or null: now
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN; ACCOUNT_NOT_FOUND, also where there was no such account then;
   * CONFIG_NOT_FOUND; REVISION_NOT_FOUND; BAD_USER_INPUT for the future; STORE_UNAVAILABLE
   */
  async effective(
    principal: Principal,
    given: ConfigTarget,
    reader: RequestReader,
    asOf?: string | null,
  ): Promise<ConfigSnapshot> {
    const target = this.checked(principal, "read", given);
    return guardTiming(principal, () =>
      asOf
        ? this.#past.at(principal, target, asOf, reader, "/asOf")
        : this.#effective(principal, target, reader),
    );
  }

  /**
   * What differs between a past moment and a snapshot that the caller has been given, and who did it.
   * @param moment RFC 3339, as `toISOString` writes it
   * @throws StrataError as `effective`; BAD_USER_INPUT also where the moment comes after the snapshot's own
   */
  changesSince(
    principal: Principal,
    snapshot: ConfigSnapshot,
    moment: string,
    reader: RequestReader,
  ): Promise<readonly AttributedChange[]> {
    return guardTiming(principal, () => this.#past.changesSince(principal, snapshot, moment, reader));
  }

  async #effective(
    principal: Principal,
    target: ConfigTarget,
    reader: RequestReader,
  ): Promise<ConfigSnapshot> {
    const versions = await reader.layerVersions(target);
    if (versions === undefined) throw noSuchAccount();
    authorize(principal, "read", versions.ancestry?.lineage);
    const config = this.perspective(principal, target);
    const found = await this.#dependencies.merges.of(config, versions, () => reader.wholeLayers(target));
    if (found === undefined) throw noSuchAccount();
    // The merge may be of layers that were read later than their versions.
    const view = authorize(principal, "read", found.layers.ancestry?.lineage);
    const { ancestry, ...layers } = found.layers;
    return snapshotOf(
      config,
      { layers: { lineage: ancestry?.lineage, ...layers }, config: found.config },
      view,
    );
  }

  /**
   * What a move or a reseller flag does to the accounts that get another reseller by it, for each of some configs; undefined:
   * nobody does.
   * @param configIds absent: every config that accounts have
   * @throws StrataError CONFIG_NOT_FOUND; BAD_USER_INPUT; STORE_UNAVAILABLE
   */
  async arrangementImpact(
    principal: Principal,
    { arrangement, sequence }: UpdatedAccount,
    configIds: readonly string[] = this.accountConfigIds(),
    watch?: ImpactWatch,
  ): Promise<ImpactReport[] | undefined> {
    const { store } = this.#dependencies;
    const schemas = this.#accountSchemas(principal, configIds);
    if (arrangement === undefined) return undefined;
    const position = { incarnation: "", sequence };
    const reports: ImpactReport[] = [];
    for (const [index, schema] of schemas.entries()) {
      const report = await arrangementImpact(
        store,
        { principal, schema, position, watch: watchOfOne(watch, index, schemas.length) },
        arrangement,
      );
      if (report === undefined) return undefined;
      reports.push(report);
    }
    return reports;
  }

  /**
   * Looks at all accounts that a move or a reseller flag would hit, and tells how far it has come.
   * @param updated of a dry run
   * @param configIds as for `arrangementImpact`
   * @param signal ends it
   * @throws StrataError as `arrangementImpact`
   */
  tryArrangement(
    principal: Principal,
    updated: UpdatedAccount,
    configIds: readonly string[] = this.accountConfigIds(),
    signal?: AbortSignal,
  ): AsyncIterable<ImpactProgress<TriedArrangement>> {
    this.#accountSchemas(principal, configIds);
    return impactProgress(async (watch) => {
      const reports = await this.arrangementImpact(principal, updated, configIds, watch);
      const total = reports?.reduce((sum, report) => sum + report.total, 0) ?? 0;
      return { total, result: { updated, reports } };
    }, signal);
  }

  /** Of each of some configs. @throws StrataError CONFIG_NOT_FOUND; BAD_USER_INPUT */
  #accountSchemas(principal: Principal, configIds: readonly string[]): ConfigSchema[] {
    return configIds.map((configId, index) => this.accountSchema(principal, configId, `/configIds/${index}`));
  }

  /** Some revisions of the document that a snapshot's config is about. @throws as `historyPage` */
  history(snapshot: ConfigSnapshot, wanted: HistoryWanted, reader: RequestReader): Promise<HistoryPage> {
    return historyPage(snapshot, wanted, reader);
  }

  /** Sets, patches, resets, restores or constrains a document. @throws as `ConfigWriter.write` */
  write(principal: Principal, request: WriteRequest): Promise<WriteResult> {
    const catalogInForce = () => this.#catalogInForce();
    return new ConfigWriter(this.#dependencies, catalogInForce, this.#mutex).write(principal, request);
  }

  /**
   * Tries a write, and tells how far the look at the accounts that inherit has come. Once it resolves the write is known to be allowed.
   * @param signal ends it
   * @throws StrataError as `write`; BAD_USER_INPUT
   */
  async tryWrite(
    principal: Principal,
    request: WriteRequest,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<ImpactProgress<WriteResult>>> {
    const result = await this.write(principal, { ...request, dryRun: true });
    return impactProgress(async (watch) => {
      const report = result.result === "written" ? await result.impact(watch) : undefined;
      return { total: report?.total ?? 0, result };
    }, signal);
  }

  #catalogInForce(): ConfigCatalog {
    const { registry, registryInForce } = this.#dependencies;
    const inForce = registryInForce?.() ?? registry;
    return inForce === registry ? this : new ConfigCatalog(inForce);
  }
}
