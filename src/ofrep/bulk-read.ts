import type { Principal } from "../auth/principal.js";
import type { ConfigService } from "../service/config-service.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";
import type { RequestReader } from "../service/read/request-reader.js";

/** The services and the reader of one request. */
export interface OfrepContext {
  readonly principal: Principal;
  readonly configs: ConfigService;
  readonly reader: RequestReader;
}

/** What a bulk answer is about. */
export interface BulkTarget {
  readonly accountId: string;
  /** Undefined: all that accounts have. */
  readonly configIds: readonly string[] | undefined;
}

/**
 * The configs of a bulk answer, as they are now, or as old as the store's reads may be.
 * @throws StrataError as `ConfigService.effective`
 */
export async function readBulk(
  { principal, configs, reader }: OfrepContext,
  { accountId, configIds }: BulkTarget,
): Promise<ConfigSnapshot[]> {
  // Before anything is read: a list may be long.
  for (const configId of configIds ?? []) configs.accountSchema(principal, configId);
  const wanted = configIds ?? configs.accountConfigIds();
  return Promise.all(wanted.map((configId) => configs.effective(principal, { accountId, configId }, reader)));
}

/** The same, never older than the moment of asking: no bound is set on the age of documents. */
export async function readBulkNow(context: OfrepContext, target: BulkTarget): Promise<ConfigSnapshot[]> {
  const { accountId, configIds = context.configs.accountConfigIds() } = target;
  await Promise.all(configIds.map((configId) => context.reader.wholeLayers({ accountId, configId })));
  return readBulk(context, target);
}
