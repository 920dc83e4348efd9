import { randomUUID } from "node:crypto";
import type { OpenedApply } from "../command/apply-command.js";
import { gatewayWriter } from "../command/gateway-writer.js";
import type { OpenedPlan } from "../command/plan-command.js";
import { readSchemaFolder } from "../env.js";
import { loadSchemaRegistry } from "../schema/schema-registry.js";
import { ConfigService } from "../service/config-service.js";
import { serviceWriter } from "../service/plan/apply-plan.js";
import { MergedConfigs } from "../service/read/merged-configs.js";
import type { Store, StoreReads } from "../store/store.js";
import { StoreTrial } from "../store/store-trial.js";
import { openStoreReads, openStoreThatIs } from "./open-archive.js";

type Env = Readonly<NodeJS.ProcessEnv>;

/** Nobody waits for one of them, and to look at a million accounts takes a while. */
const WRITE_WITHIN_MS = 600_000;

/**
 * The store that the server would use, to plan on under the schemas that it would serve. A server may be writing meanwhile.
 * @throws SettingsError, StrataError or Error with a message for the operator
 */
export async function openPlan(env: Env, url: string | undefined): Promise<OpenedPlan> {
  const open = servicesUnder(env);
  const reads = await openStoreReads(env, url);
  return { ground: groundOn(reads, open), close: () => reads.close() };
}

/**
 * The same, to write to as well: an embedded store is opened for this process alone.
 * @param gateway the origin of a gateway that writes instead, while the store is only read; its token is in STRATA_TOKEN
 * @throws as `openPlan`
 */
export async function openApply(
  env: Env,
  url: string | undefined,
  gateway: string | undefined,
): Promise<OpenedApply> {
  if (gateway !== undefined) {
    const write = gatewayWriter({ origin: gateway, token: env.STRATA_TOKEN || undefined });
    return { ...(await openPlan(env, url)), write };
  }
  const open = servicesUnder(env);
  const store = await openStoreThatIs(env, url);
  return { ground: groundOn(store, open), write: serviceWriter(open(store)), close: () => store.close() };
}

type OpenServices = (store: Store) => ConfigService;

function servicesUnder(env: Env): OpenServices {
  const registry = loadSchemaRegistry(readSchemaFolder(env));
  return (store) =>
    new ConfigService({
      store,
      now: () => new Date(),
      newId: randomUUID,
      registry,
      merges: new MergedConfigs({ bytes: 2 ** 20 }),
      deadlineMs: WRITE_WITHIN_MS,
    });
}

function groundOn(reads: StoreReads, open: OpenServices): OpenedPlan["ground"] {
  return (onListed) => {
    const store = new StoreTrial(reads, onListed);
    return { store, configs: open(store) };
  };
}
