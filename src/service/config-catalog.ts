import type { Action } from "../auth/policy.js";
import type { Principal } from "../auth/principal.js";
import { StrataError } from "../domain/errors.js";
import { checkId } from "../domain/id.js";
import type { ConfigSchema, Perspective } from "../schema/config-schema.js";
import type { SchemaRegistry } from "../schema/schema-registry.js";
import type { DocumentKey } from "../store/store.js";
import { authorize, authorizeAtAll } from "./authorize.js";

/** Whose config: an account's, or (no account) the system layer's. */
export type ConfigTarget = DocumentKey;

/** A config's schema, and what it says from where the config is looked at. */
export interface ConfigPerspective {
  readonly schema: ConfigSchema;
  readonly perspective: Perspective;
}

/** Which configs there are, and who may be told of them. */
export class ConfigCatalog {
  constructor(private readonly registry: SchemaRegistry) {}

  /** Of the schema folder: kept with each commit that is decided under it. */
  get schemaDigest(): string {
    return this.registry.digest;
  }

  /**
   * Every config schema that the caller may be told of, by id: without the system level those that have an account schema.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN
   */
  schemas(principal: Principal): ConfigSchema[] {
    authorizeAtAll(principal, "read");
    const all = [...this.registry.configs.values()];
    return principal.isSuperadmin ? all : all.filter(({ forAccount }) => forAccount !== undefined);
  }

  /** Whether the schema of an account's config names a member of the root. Never told to callers: it judges no access. */
  isSetting(configId: string, name: string): boolean {
    return this.registry.configs.get(configId)?.forAccount?.names(name) === true;
  }

  /** The ids of the configs that an account has, in order. */
  accountConfigIds(): string[] {
    return [...this.registry.configs.values()].flatMap(({ id, forAccount }) => (forAccount ? id : []));
  }

  /** The schema of a config that accounts have. @throws StrataError as `schema`; CONFIG_NOT_FOUND also where it is system-wide only */
  accountSchema(principal: Principal, configId: string, pointer?: string): ConfigSchema {
    const schema = this.schema(principal, configId, pointer);
    if (schema.forAccount === undefined) throw noSuchConfig(configId, principal.isSuperadmin);
    return schema;
  }

  /** @param pointer where the caller gave the id @throws StrataError BAD_USER_INPUT; CONFIG_NOT_FOUND when the caller may be told of no schema of it; UNAUTHENTICATED, FORBIDDEN */
  schema(principal: Principal, configId: string, pointer = "/configId"): ConfigSchema {
    authorizeAtAll(principal, "read");
    const schema = this.registry.configs.get(checkId(configId, "config", pointer));
    if (schema === undefined || (schema.forAccount === undefined && !principal.isSuperadmin))
      throw noSuchConfig(configId);
    return schema;
  }

  /**
   * A target that may be read or written as far as can be told without the store.
   * @throws StrataError BAD_USER_INPUT for a malformed id; UNAUTHENTICATED, FORBIDDEN; CONFIG_NOT_FOUND at the system level
   */
  checked(principal: Principal, action: Action, { accountId, configId }: ConfigTarget): ConfigTarget {
    checkId(configId, "config", "/configId");
    if (accountId !== undefined) checkId(accountId, "account", "/accountId");
    authorizeAtAll(principal, action);
    const target = { accountId, configId };
    if (accountId === undefined) {
      authorize(principal, action, undefined);
      this.perspective(principal, target);
    }
    return target;
  }

  /** The config from where its target looks at it. @throws StrataError CONFIG_NOT_FOUND */
  perspective({ isSuperadmin }: Principal, { accountId, configId }: ConfigTarget): ConfigPerspective {
    const schema = this.registry.configs.get(configId);
    const perspective = accountId === undefined ? schema?.forSystem : schema?.forAccount;
    if (schema === undefined || perspective === undefined)
      throw noSuchConfig(configId, isSuperadmin && schema !== undefined);
    return { schema, perspective };
  }
}

/** @param isSystemWide what only superadmins may be told */
export function noSuchConfig(configId: string, isSystemWide = false): StrataError {
  const reason = isSystemWide
    ? `Accounts have no config "${configId}": no account schema of it is served, so it is system-wide only.`
    : `There is no config "${configId}": no schema of its id is served. The query configSchemas lists those that are.`;
  return new StrataError("CONFIG_NOT_FOUND", `${reason} Files that are refused are named in the log.`);
}
