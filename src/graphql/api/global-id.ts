import { parseTime } from "../../domain/clock.js";
import { isId } from "../../domain/id.js";

/** What a global id names. The `/` and `:` of the other three are in no id of an account, so no two of them are the same. */
export type Named =
  | { readonly kind: "account"; readonly accountId: string }
  | {
      readonly kind: "config";
      readonly accountId: string | undefined;
      readonly configId: string;
      /** The past moment that the config is of. Absent: now. */
      readonly asOf?: string;
    }
  | { readonly kind: "schema"; readonly configId: string };

const SYSTEM = "system:";
const SCHEMA = "schema:";
const AS_OF = "?asOf=";

/** Of an effective config; without an account, of the system level's. @param asOf as `parseTime` has it; absent: now */
export function configGlobalId(accountId: string | undefined, configId: string, asOf?: string): string {
  const id = accountId === undefined ? SYSTEM + configId : `${accountId}/${configId}`;
  return asOf === undefined ? id : id + AS_OF + asOf;
}

export function schemaGlobalId(configId: string): string {
  return SCHEMA + configId;
}

/** Undefined for what is no id of anything that can be read again; a dry run's config cannot. */
export function parseGlobalId(id: string): Named | undefined {
  if (isId(id)) return { kind: "account", accountId: id };
  if (id.startsWith(SCHEMA))
    return withConfig(id.slice(SCHEMA.length), (configId) => ({ kind: "schema", configId }));
  const [place = "", ...moments] = id.split(AS_OF);
  const [asOf] = moments;
  if (moments.length > 1 || (asOf !== undefined && parseTime(asOf) !== asOf)) return undefined;
  const moment = asOf === undefined ? {} : { asOf };
  if (place.startsWith(SYSTEM))
    return withConfig(place.slice(SYSTEM.length), (configId) => ({
      kind: "config",
      accountId: undefined,
      configId,
      ...moment,
    }));
  const [accountId = "", rest = ""] = place.split(/\/(.*)/s);
  return isId(accountId)
    ? withConfig(rest, (configId) => ({ kind: "config", accountId, configId, ...moment }))
    : undefined;
}

function withConfig(configId: string, named: (configId: string) => Named): Named | undefined {
  return isId(configId) ? named(configId) : undefined;
}
