import { startPeer, startPostgraphile, startRedisPeer, startUnleash } from "./servers/peers.js";
import type { Server } from "./servers/server.js";
import type { Stage } from "./servers/stage.js";
import { startStrata } from "./servers/strata.js";
import type { Population } from "./workload/accounts.js";

/** Long enough for HS256; of no use outside a run. */
export const TOKEN_SECRET = "a secret for benchmarks, of no use elsewhere";
const SMALL: Population = { accounts: 1_000, ownEvery: 1, larger: false };
const MILLION: Population = { accounts: 1_000_000, ownEvery: 10, larger: false };

export interface Contender {
  /** What it does, in one line. */
  readonly what: string;
  start(stage: Stage, bodyBytes: number): Promise<Server>;
}

const strata = (
  name: string,
  store: "lmdb" | "redis",
  population?: Population,
  env = {},
  isSharing = false,
) => ({
  start: (stage: Stage) =>
    startStrata(stage, name, { store, population: population ?? stage.population, env, isSharing }),
});

/** Everything that is measured, by name. Each runs in a process of its own, as it comes. */
export const CONTENDERS = {
  "strata-lmdb": { what: "Strata, default settings, store in its own process", ...strata("lmdb", "lmdb") },
  "strata-redis": {
    what: "Strata, default settings, store in Redis, every read linearizable",
    ...strata("redis", "redis"),
  },
  "strata-token": {
    what: "Strata on LMDB, every request with a token (HS256)",
    ...strata("token", "lmdb", SMALL, { STRATA_JWT_SECRET: TOKEN_SECRET }),
  },
  "strata-quiet": {
    what: "Strata on LMDB without a log line for each request",
    ...strata("quiet", "lmdb", SMALL, { STRATA_LOG_LEVEL: "warn" }),
  },
  "strata-limited": {
    what: "Strata on LMDB, with a rate limit that nobody reaches, counted in a Redis that gateways share",
    ...strata("limited", "lmdb", SMALL, { STRATA_RATE_LIMIT: "999999" }, true),
  },
  "strata-1e3": { what: "Strata on LMDB, 1,000 accounts", ...strata("1e3", "lmdb", SMALL) },
  "strata-1e6": { what: "Strata on LMDB, 1,000,000 accounts", ...strata("1e6", "lmdb", MILLION) },
  apollo: {
    what: "Apollo Server standalone, the query { hello }: the limit of Apollo",
    start: (stage) => startPeer(stage, "apollo-hello"),
  },
  static: {
    what: "node:http, a body of the heavy answer's size: the limit of Node",
    start: (stage, bodyBytes) => startPeer(stage, "static-body", { env: { BODY_BYTES: String(bodyBytes) } }),
  },
  postgraphile: {
    what: "PostGraphile over PostgreSQL, merged with provenance by a function of the database",
    start: startPostgraphile,
  },
  lodash: {
    what: "fastify, ioredis (one MGET) and lodash.merge: REST, values alone",
    start: (stage) => startRedisPeer(stage, "lodash-rest"),
  },
  mercurius: {
    what: "mercurius with jit, ioredis (one MGET) and a resolver of its own: values and provenance",
    start: (stage) => startRedisPeer(stage, "mercurius-jit", { package: "mercurius" }),
  },
  unleash: {
    what: "Unleash, the features that a client polls, 30 flags; nothing is merged",
    start: startUnleash,
  },
} satisfies Readonly<Record<string, Contender>>;

export type ContenderName = keyof typeof CONTENDERS;
