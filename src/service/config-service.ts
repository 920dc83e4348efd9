import type { Principal } from "../auth/principal.js";
import type { ConfigSchema } from "../schema/config-schema.js";
import type { SchemaRegistry } from "../schema/schema-registry.js";
import { authorize, noSuchAccount } from "./authorize.js";
import { ConfigCatalog, type ConfigTarget } from "./config-catalog.js";
import { type ConfigSnapshot, snapshotOf } from "./read/config-snapshot.js";
import type { MergedConfigs } from "./read/merged-configs.js";
import type { RequestReader } from "./read/request-reader.js";
import { guardTiming } from "./timing-guard.js";
import type { CommitDependencies } from "./write/commit-until-done.js";
import { ConfigWriter, type WriteRequest, type WriteResult } from "./write/config-writer.js";

export interface ConfigServiceDependencies extends CommitDependencies {
  readonly registry: SchemaRegistry;
  readonly merges: MergedConfigs;
}

/** The use-cases around configs: what is in force, and changing it. */
export class ConfigService {
  readonly #catalog: ConfigCatalog;
  readonly #merges: MergedConfigs;
  readonly #writer: ConfigWriter;

  constructor({ registry, merges, ...dependencies }: ConfigServiceDependencies) {
    this.#catalog = new ConfigCatalog(registry);
    this.#merges = merges;
    this.#writer = new ConfigWriter(dependencies, this.#catalog);
  }

  /**
   * Every config schema that the caller may be told of, by id: without the system level those that have an account schema.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN
   */
  schemas(principal: Principal): ConfigSchema[] {
    return this.#catalog.schemas(principal);
  }

  /** Whether the schema of an account's config names a member of the root. Never told to callers: it judges no access. */
  isSetting(configId: string, name: string): boolean {
    return this.#catalog.isSetting(configId, name);
  }

  /** The ids of the configs that an account has, in order. */
  accountConfigIds(): string[] {
    return this.#catalog.accountConfigIds();
  }

  /** @throws StrataError CONFIG_NOT_FOUND when the caller may be told of no schema of it; UNAUTHENTICATED, FORBIDDEN */
  schema(principal: Principal, configId: string): ConfigSchema {
    return this.#catalog.schema(principal, configId);
  }

  /**
   * What is in force, and who says so.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN; ACCOUNT_NOT_FOUND; CONFIG_NOT_FOUND; STORE_UNAVAILABLE
   */
  async effective(principal: Principal, given: ConfigTarget, reader: RequestReader): Promise<ConfigSnapshot> {
    const target = this.#catalog.checked(principal, "read", given);
    return guardTiming(principal, () => this.#effective(principal, target, reader));
  }

  async #effective(
    principal: Principal,
    target: ConfigTarget,
    reader: RequestReader,
  ): Promise<ConfigSnapshot> {
    const seen = await reader.layerVersions(target);
    if (seen === undefined) throw noSuchAccount();
    authorize(principal, "read", seen.ancestry?.lineage);
    const config = this.#catalog.perspective(principal, target);
    const found = await this.#merges.of(config, seen, () => reader.wholeLayers(target));
    if (found === undefined) throw noSuchAccount();
    // The merge may be of layers that were read later than those seen first.
    const view = authorize(principal, "read", found.layers.ancestry?.lineage);
    return snapshotOf(config, found, view);
  }

  /** Sets, patches or resets a document. @throws as `ConfigWriter.write` */
  write(principal: Principal, request: WriteRequest): Promise<WriteResult> {
    return this.#writer.write(principal, request);
  }
}
