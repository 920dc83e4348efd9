import type { TrustedProxies } from "./http/trusted-proxies.js";
import type { RedisTarget } from "./store/redis/redis-url.js";

/** The service's own settings, as read from the environment. */
export interface Settings {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly access: OpenAccess | TokenAccess;
  /** Whether anybody may ask the GraphQL API for its schema. */
  readonly introspection: boolean;
  /** Whether the API is a subgraph that others can be composed with. */
  readonly federation: boolean;
  /** The file of the only GraphQL documents that may run; undefined: any may. */
  readonly trustedDocuments: string | undefined;
  /** Requests a second that each caller may make of this process; undefined: as many as it likes. */
  readonly rateLimit: number | undefined;
  /** Subscriptions that each caller may have open on this process at once, and operations on one WebSocket. */
  readonly subscriptionsPerCaller: number;
  readonly subscriptionsPerConnection: number;
  /** Proxies in front whose `X-Forwarded-*` headers count: how many in a row, or their addresses; undefined: none. */
  readonly trustProxy: TrustedProxies | undefined;
  readonly store: LmdbSettings | RedisSettings;
  /** A second Redis, for merges that other gateways have made; undefined: none. */
  readonly mergeCache: RedisTarget | undefined;
  /** How old a read's knowledge of the newest versions may be, in milliseconds; 0: asked for at every read. */
  readonly maxStalenessMs: number;
  /** Memory that this process may use for what it remembers. */
  readonly cacheMebibytes: number;
  readonly schemas: string;
  /** Whether the folder is loaded again whenever it has changed. */
  readonly watchSchemas: boolean;
  readonly examples: boolean;
  readonly corsOrigins: readonly string[];
  readonly logLevel: LogLevel;
  /** Seconds from the signal to end until connections are closed: for as long requests are taken, and nobody is ready. */
  readonly drainDelay: number;
}

/** Everybody may do everything; on this machine only. */
export interface OpenAccess {
  readonly kind: "open";
}

export interface TokenAccess {
  readonly kind: "token";
  /** A secret, or where the keys are: exactly one of them. */
  readonly secret: string | undefined;
  readonly keySet: string | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** How long a token may live, in seconds. */
  readonly maxAge: number;
}

/** What is kept of the past: revisions of each document and bytes of their records, at most, and commits in the audit log. */
interface HistorySettings {
  readonly historyRevisions?: number;
  readonly historyBytes?: number;
  /** How many of the newest commits the audit log keeps: the feed of changes is the log. */
  readonly feedEntries?: number;
}

export interface LmdbSettings extends HistorySettings {
  readonly kind: "lmdb";
  readonly folder: string;
}

export interface RedisSettings extends HistorySettings {
  readonly kind: "redis";
  readonly target: RedisTarget;
  readonly cell: string;
  readonly allowUnsafe: boolean;
  readonly waitReplicas: number;
  /** The folder for the facts that this gateway keeps across restarts. */
  readonly stateFolder: string;
}

export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
