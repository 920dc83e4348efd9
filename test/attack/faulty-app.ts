import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { createAuthenticator } from "../../src/auth/authenticator.js";
import type { Principal } from "../../src/auth/principal.js";
import { principalIn } from "../../src/auth/token-header.js";
import { sharedSecret } from "../../src/auth/token-keys.js";
import type { Identify } from "../../src/graphql/server/identify.js";
import { readJson } from "../../src/http/json-body.js";
import { createMetrics } from "../../src/http/metrics/metrics.js";
import { addRestFace } from "../../src/rest/rest-face.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import { AccountService } from "../../src/service/account-service.js";
import { ConfigService } from "../../src/service/config-service.js";
import { LiveConfigs } from "../../src/service/live/live-configs.js";
import { MergedConfigs } from "../../src/service/read/merged-configs.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import type { Store } from "../../src/store/store.js";
import { openEndpoint } from "../graphql/server/open-endpoint.js";
import { testStreams } from "../rest/test-streams.js";
import { alteredStore } from "../store/altered-store.js";
import type { Start } from "./attacked-process.js";
import { CANARIES } from "./canaries.js";

function fault(): Error {
  const error = new Error(`no connection for admin:${CANARIES.fault}\n    at ${CANARIES.fault} (/x:1:1)`);
  return Object.assign(error, {
    code: "ECONN",
    command: { args: [CANARIES.fault] },
    cause: new Error(CANARIES.fault),
  });
}

function failing(accountIds: readonly (string | undefined)[]): Promise<never> | undefined {
  // Not the refusal that the port allows: a bug.
  if (accountIds.includes("thrown")) throw fault();
  return accountIds.includes("rejected") ? Promise.reject(fault()) : undefined;
}

/** Sound, but for some accounts and configs that nobody has: what is asked of them ends in an error with a secret. */
function faulty(store: Store): Store {
  return alteredStore(store, {
    lineages: (ids) => failing(ids) ?? store.lineages(ids),
    layers: (targets, bodies) =>
      failing(targets.map(({ accountId }) => accountId)) ?? store.layers(targets, bodies),
    documents: (keys) => failing(keys.map(({ accountId }) => accountId)) ?? store.documents(keys),
    commit: (commit) => (commit.by === "thrower" ? Promise.reject(fault()) : store.commit(commit)),
  });
}

/** The service as `createApp` puts it together, on a store that fails. */
export async function createFaultyApp(
  { settings }: Start,
  logger: FastifyBaseLogger,
): Promise<FastifyInstance> {
  if (settings.store.kind !== "lmdb" || settings.access.kind !== "token")
    throw new Error("not what is tried here");
  const sound = await openLmdbStore({ folder: settings.store.folder });
  const store = faulty(sound);
  const registry = loadSchemaRegistry(settings.schemas);
  const now = () => new Date();
  const newId = () => crypto.randomUUID();
  const merges = new MergedConfigs({ bytes: 2 ** 20 });
  const configs = new ConfigService({ store, now, newId, registry, merges });
  const accounts = new AccountService({ store, now, newId, registry });
  const keys = sharedSecret(settings.access.secret ?? "");
  const authenticate = createAuthenticator({ ...settings.access, keys, now });
  const metrics = createMetrics();
  const identify: Identify = ({ headers }) => principalIn(headers, authenticate);
  const reader = (principal: Principal) => createRequestReader(store, principal);
  const live = new LiveConfigs({ store, openConfigs: () => configs, createReader: reader, now });
  const app = await openEndpoint({
    store,
    logger,
    metrics,
    loopbackOnly: false,
    configs: () => registry.configs.size,
    checkReady: () => Promise.reject(fault()),
    openContext: (principal) => ({ configs, accounts, reader: reader(principal) }),
    identify,
    introspection: false,
    onRequest: metrics.request,
    newId,
  });
  app.addHook("onClose", () => sound.close());
  await addRestFace(app, {
    createContext: (principal) => ({ principal, configs, reader: reader(principal), live }),
    identify,
    streams: testStreams(),
    originOf: ({ headers }) => `http://${headers.host}`,
    readJson,
    corsOrigins: [],
    now,
  });
  return app;
}
