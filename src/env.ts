import { existsSync } from "node:fs";
import { isIPv4 } from "node:net";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { parseDuration } from "./domain/duration.js";
import { listed, readTrustedProxies } from "./http/trusted-proxies.js";
import { type LmdbSettings, LOG_LEVELS, type RedisSettings, type Settings } from "./settings.js";
import { parseRedisUrl, type RedisTarget } from "./store/redis/redis-url.js";

const wholeNumber = (fallback: string, most: number, least = 0) =>
  z
    .string()
    .default(fallback)
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most,
      `must be a whole number from ${least} to ${most}`,
    );

type StorePlace = Pick<LmdbSettings, "kind" | "folder"> | Pick<RedisSettings, "kind" | "target">;

function readStore(text: string, refusal: (message: string) => never): StorePlace {
  if (/^lmdb:.+/.test(text)) return { kind: "lmdb", folder: text.slice("lmdb:".length) };
  if (/^rediss?(\+\w+)?:/.test(text)) return { kind: "redis", target: readRedis(text, refusal) };
  return refusal(
    "must be lmdb:<folder>, e.g. lmdb:./data, or the URL of a Redis, e.g. redis://localhost:6379",
  );
}

function readRedis(text: string, refusal: (message: string) => never): RedisTarget {
  try {
    return parseRedisUrl(text);
  } catch (error) {
    return refusal((error as Error).message);
  }
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue(message);
  return z.NEVER;
}

/** As long as what HS256 makes of it. */
const SECRET_BYTES = 32;

const SETTINGS = z.object({
  STRATA_HOST: z.string().default("127.0.0.1"),
  STRATA_PORT: z
    .string()
    .default("4000")
    .refine(
      (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535,
      "must be a port: 0 (any free one) to 65535",
    ),
  STRATA_STORE: z
    .string()
    .default("lmdb:./data")
    .transform((text, context) => readStore(text, (message) => refuse(context, message))),
  STRATA_CELL: z
    .string()
    .default("main")
    .refine(
      (text) => /^[A-Za-z0-9_.-]{1,64}$/.test(text),
      "must be 1 to 64 letters, digits, dots, dashes or underscores",
    ),
  STRATA_MERGE_CACHE: z
    .string()
    .optional()
    .transform((text, context) => text && readRedis(text, (message) => refuse(context, message))),
  STRATA_MAX_STALENESS_MS: wholeNumber("0", 60_000),
  STRATA_CACHE_MIB: wholeNumber("192", 65_536, 8),
  STRATA_REDIS_UNSAFE: z.enum(["refuse", "allow"], 'must be "refuse" or "allow"').default("refuse"),
  STRATA_REDIS_WAIT_REPLICAS: wholeNumber("0", 100),
  STRATA_STATE: z.string().min(1, "must be a folder").default("./state"),
  STRATA_HISTORY_REVISIONS: wholeNumber("1000", 100_000, 1),
  STRATA_HISTORY_BYTES: wholeNumber("1048576", 64 * 2 ** 20, 1),
  STRATA_AUDIT_ENTRIES: wholeNumber("1000000", 100_000_000, 1_000),
  STRATA_SCHEMAS: z.string().min(1, "must be a folder").optional(),
  STRATA_SCHEMAS_WATCH: z.enum(["on", "off"], 'must be "on" or "off"').default("off"),
  STRATA_EXAMPLES: z.enum(["on", "off"], 'must be "on" or "off"').optional(),
  STRATA_CORS_ORIGINS: z
    .string()
    .default("https://studio.apollographql.com")
    .refine(
      (text) => listed(text).every(isOrigin),
      "must be origins such as https://app.example, separated by commas",
    ),
  STRATA_JWT_SECRET: z
    .string()
    .refine((text) => Buffer.byteLength(text) >= SECRET_BYTES, `must be at least ${SECRET_BYTES} bytes`)
    .optional(),
  STRATA_JWT_JWKS: z.string().optional(),
  STRATA_JWT_ISSUER: z.string().optional(),
  STRATA_JWT_AUDIENCE: z.string().optional(),
  STRATA_JWT_MAX_AGE: z
    .string()
    .default("24h")
    .refine((text) => parseDuration(text) !== undefined, "must be a time such as 90s, 15m, 24h or 30d"),
  STRATA_RATE_LIMIT: z
    .string()
    .default("off")
    .refine(
      (text) => text === "off" || (/^\d{1,6}$/.test(text) && Number(text) > 0),
      'must be "off", or how many requests a second each caller may make',
    ),
  STRATA_SUBSCRIPTIONS_PER_CALLER: wholeNumber("10000", 1_000_000, 1),
  STRATA_SUBSCRIPTIONS_PER_CONNECTION: wholeNumber("1000", 100_000, 1),
  STRATA_TRUST_PROXY: z
    .string()
    .default("off")
    .transform((text, context) => readTrustedProxies(text, (message) => refuse(context, message))),
  STRATA_INTROSPECTION: z.enum(["on", "off"], 'must be "on" or "off"').optional(),
  STRATA_FEDERATION: z.enum(["on", "off"], 'must be "on" or "off"').default("off"),
  STRATA_TRUSTED_DOCUMENTS: z.string().optional(),
  STRATA_DRAIN_DELAY: wholeNumber("0", 3_600),
  STRATA_LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(", ")}`).default("info"),
});

/** Settings that cannot be used; the message names each of them. */
export class SettingsError extends Error {}

/**
 * Reads the settings. An empty variable counts as absent, but for those without which more is allowed.
 * @throws SettingsError naming everything wrong at once
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = SETTINGS.safeParse(given);
  const issues = parsed.error?.issues.map(({ path, message }) => [String(path[0]), message] as const) ?? [];
  const wrong = [...emptyKeys(environment), ...contradictions(given), ...issues];
  if (!parsed.success || wrong.length > 0) {
    const lines = wrong.map(([name, message]) => `  ${name}: ${message}`);
    throw new SettingsError(`Some settings cannot be used:\n${lines.join("\n")}`);
  }
  const settings = parsed.data;
  return {
    host: settings.STRATA_HOST,
    port: Number(settings.STRATA_PORT),
    access: accessOf(settings),
    introspection: (settings.STRATA_INTROSPECTION ?? (isOpen(given) ? "on" : "off")) === "on",
    federation: settings.STRATA_FEDERATION === "on",
    trustedDocuments: settings.STRATA_TRUSTED_DOCUMENTS,
    rateLimit: settings.STRATA_RATE_LIMIT === "off" ? undefined : Number(settings.STRATA_RATE_LIMIT),
    subscriptionsPerCaller: Number(settings.STRATA_SUBSCRIPTIONS_PER_CALLER),
    subscriptionsPerConnection: Number(settings.STRATA_SUBSCRIPTIONS_PER_CONNECTION),
    trustProxy: settings.STRATA_TRUST_PROXY,
    store: storeOf(settings),
    mergeCache: settings.STRATA_MERGE_CACHE || undefined,
    cacheMebibytes: Number(settings.STRATA_CACHE_MIB),
    maxStalenessMs: Number(settings.STRATA_MAX_STALENESS_MS),
    schemas: settings.STRATA_SCHEMAS ?? defaultSchemas(),
    watchSchemas: settings.STRATA_SCHEMAS_WATCH === "on",
    // A store on a server of its own is somebody's production, most likely.
    examples: (settings.STRATA_EXAMPLES ?? (settings.STRATA_STORE.kind === "lmdb" ? "on" : "off")) === "on",
    corsOrigins: listed(settings.STRATA_CORS_ORIGINS),
    logLevel: settings.STRATA_LOG_LEVEL,
    drainDelay: Number(settings.STRATA_DRAIN_DELAY),
  };
}

/** Beside the program, wherever it is installed. */
const SHIPPED_SCHEMAS = fileURLToPath(new URL("../schemas", import.meta.url));

function defaultSchemas(): string {
  return existsSync("./schemas") ? "./schemas" : SHIPPED_SCHEMAS;
}

type Given = Readonly<Record<string, string | undefined>>;

/** Without any of these nobody has to say who they are. */
const KEY_NAMES = ["STRATA_JWT_SECRET", "STRATA_JWT_JWKS"] as const;

function isOpen(given: Given): boolean {
  return KEY_NAMES.every((name) => given[name] === undefined);
}

/** Settings without which more is allowed, and what is. */
const OPENING: Readonly<Record<string, string>> = {
  ...Object.fromEntries(KEY_NAMES.map((name) => [name, "nobody has to say who they are"])),
  STRATA_TRUSTED_DOCUMENTS: "any query may run",
};

type Wrong = readonly [name: string, message: string];

/** A secret that did not arrive must not open the door. */
function emptyKeys(environment: NodeJS.ProcessEnv): Wrong[] {
  return Object.entries(OPENING).flatMap(([name, what]): Wrong[] =>
    environment[name] === "" ? [[name, `is empty: unset it if ${what}`]] : [],
  );
}

/** Faults of settings that contradict each other. */
function* contradictions(given: Given): Generator<Wrong> {
  for (const name of ["STRATA_JWT_ISSUER", "STRATA_JWT_AUDIENCE"])
    if (isOpen(given) && given[name] !== undefined)
      yield [name, "needs STRATA_JWT_SECRET or STRATA_JWT_JWKS: without either no token is looked at"];
  if (isOpen(given) && given.STRATA_HOST !== undefined && !isLoopback(given.STRATA_HOST)) {
    yield [
      "STRATA_HOST",
      "must be a loopback address such as 127.0.0.1 or ::1 as long as everybody may do everything: set STRATA_JWT_SECRET " +
        "or STRATA_JWT_JWKS to ask for tokens",
    ];
  }
  if (given.STRATA_JWT_SECRET !== undefined && given.STRATA_JWT_JWKS !== undefined)
    yield [
      "STRATA_JWT_JWKS",
      "cannot be set together with STRATA_JWT_SECRET: tokens are checked by one or the other",
    ];
}

function accessOf(settings: z.infer<typeof SETTINGS>): Settings["access"] {
  const { STRATA_JWT_SECRET: secret, STRATA_JWT_JWKS: jwks } = settings;
  if (secret === undefined && jwks === undefined) return { kind: "open" };
  return {
    kind: "token",
    secret,
    keySet: jwks,
    issuer: settings.STRATA_JWT_ISSUER,
    audience: settings.STRATA_JWT_AUDIENCE,
    maxAge: parseDuration(settings.STRATA_JWT_MAX_AGE) ?? 0,
  };
}

function storeOf(settings: z.infer<typeof SETTINGS>): Settings["store"] {
  const history = {
    historyRevisions: Number(settings.STRATA_HISTORY_REVISIONS),
    historyBytes: Number(settings.STRATA_HISTORY_BYTES),
    feedEntries: Number(settings.STRATA_AUDIT_ENTRIES),
  };
  const place = settings.STRATA_STORE;
  if (place.kind === "lmdb") return { ...place, ...history };
  return {
    ...place,
    ...history,
    cell: settings.STRATA_CELL,
    allowUnsafe: settings.STRATA_REDIS_UNSAFE === "allow",
    waitReplicas: Number(settings.STRATA_REDIS_WAIT_REPLICAS),
    stateFolder: settings.STRATA_STATE,
  };
}

/** The settings that say where the store is: a copy of the store does not need the others to be right. */
const STORE_NAMES = [
  "STRATA_STORE",
  "STRATA_CELL",
  "STRATA_STATE",
  "STRATA_HISTORY_REVISIONS",
  "STRATA_HISTORY_BYTES",
  "STRATA_AUDIT_ENTRIES",
  "STRATA_REDIS_UNSAFE",
  "STRATA_REDIS_WAIT_REPLICAS",
] as const;

/** @throws SettingsError naming everything wrong with them at once */
export function readStoreSettings(environment: NodeJS.ProcessEnv): Settings["store"] {
  return readSettings(Object.fromEntries(STORE_NAMES.map((name) => [name, environment[name]]))).store;
}

/** @throws SettingsError */
export function readSchemaFolder(environment: NodeJS.ProcessEnv): string {
  return readSettings({ STRATA_SCHEMAS: environment.STRATA_SCHEMAS }).schemas;
}

/** Names that start like a setting and are none: most likely misspelt. */
export function unknownSettings(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(environment).filter((name) => name.startsWith("STRATA_") && !(name in SETTINGS.shape));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

function isOrigin(text: string): boolean {
  return /^https?:\/\/[\w.:[\]-]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
