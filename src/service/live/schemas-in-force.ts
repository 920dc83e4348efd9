import { OPEN_PRINCIPAL } from "../../auth/principal.js";
import type { ConfigCatalog, ConfigPerspective } from "../config-catalog.js";
import { schemaMark } from "../store-cursor.js";

/** The schemas that subscribers are told under: those of one folder, until the engine takes the next. */
export interface SchemasInForce {
  readonly digest: string;
  /** What cursors say of the digest. */
  readonly mark: string;
  /** The configs that accounts have, by id, in order, as accounts see them. */
  readonly configs: ReadonlyMap<string, ConfigPerspective>;
}

export function schemasInForce(catalog: ConfigCatalog): SchemasInForce {
  const digest = catalog.schemaDigest;
  const configs = catalog.accountConfigIds().map((configId): [string, ConfigPerspective] => {
    // Any account would do: all of them see a config alike.
    return [configId, catalog.perspective(OPEN_PRINCIPAL, { accountId: "", configId })];
  });
  return { digest, mark: schemaMark(digest), configs: new Map(configs) };
}
