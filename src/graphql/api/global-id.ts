import { isId } from "../../domain/id.js";

/** What a global id names. The `/` and `:` of the other three are in no id of an account, so no two of them are the same. */
export type Named =
  | { readonly kind: "account"; readonly accountId: string }
  | { readonly kind: "config"; readonly accountId: string | undefined; readonly configId: string }
  | { readonly kind: "schema"; readonly configId: string };

const SYSTEM = "system:";
const SCHEMA = "schema:";

/** Of an effective config; without an account, of the system level's. */
export function configGlobalId(accountId: string | undefined, configId: string): string {
  return accountId === undefined ? SYSTEM + configId : `${accountId}/${configId}`;
}

export function schemaGlobalId(configId: string): string {
  return SCHEMA + configId;
}

/** Undefined for what is no id of anything that can be read again; a dry run's config cannot. */
export function parseGlobalId(id: string): Named | undefined {
  if (isId(id)) return { kind: "account", accountId: id };
  if (id.startsWith(SCHEMA))
    return withConfig(id.slice(SCHEMA.length), (configId) => ({ kind: "schema", configId }));
  if (id.startsWith(SYSTEM))
    return withConfig(id.slice(SYSTEM.length), (configId) => ({
      kind: "config",
      accountId: undefined,
      configId,
    }));
  const [accountId = "", rest = ""] = id.split(/\/(.*)/s);
  return isId(accountId)
    ? withConfig(rest, (configId) => ({ kind: "config", accountId, configId }))
    : undefined;
}

function withConfig(configId: string, named: (configId: string) => Named): Named | undefined {
  return isId(configId) ? named(configId) : undefined;
}
