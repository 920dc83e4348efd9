import { isIPv4 } from "node:net";
import { z } from "zod";

/** The service's own settings, as read from the environment. */
export interface Settings {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly store: { readonly kind: "lmdb"; readonly folder: string };
  readonly schemas: string;
  readonly examples: boolean;
  readonly corsOrigins: readonly string[];
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SETTINGS = z.object({
  STRATA_HOST: z
    .string()
    .default("127.0.0.1")
    .refine(
      isLoopback,
      "there is no access control yet, so it must be a loopback address such as 127.0.0.1 or ::1",
    ),
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
    .refine((text) => /^lmdb:.+/.test(text), "must be lmdb:<folder>, e.g. lmdb:./data"),
  STRATA_SCHEMAS: z.string().min(1, "must be a folder").default("./schemas"),
  STRATA_EXAMPLES: z.enum(["on", "off"], 'must be "on" or "off"').default("on"),
  STRATA_CORS_ORIGINS: z
    .string()
    .default("https://studio.apollographql.com")
    .refine(
      (text) => origins(text).every(isOrigin),
      "must be origins such as https://app.example, separated by commas",
    ),
  STRATA_LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(", ")}`).default("info"),
});

/** Settings that cannot be used; the message names each of them. */
export class SettingsError extends Error {}

/**
 * Reads the settings. An empty variable counts as absent.
 * @throws SettingsError naming everything wrong at once
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = SETTINGS.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `  ${String(path[0])}: ${message}`);
    throw new SettingsError(`Some settings cannot be used:\n${lines.join("\n")}`);
  }
  const settings = parsed.data;
  return {
    host: settings.STRATA_HOST,
    port: Number(settings.STRATA_PORT),
    store: { kind: "lmdb", folder: settings.STRATA_STORE.slice("lmdb:".length) },
    schemas: settings.STRATA_SCHEMAS,
    examples: settings.STRATA_EXAMPLES === "on",
    corsOrigins: origins(settings.STRATA_CORS_ORIGINS),
    logLevel: settings.STRATA_LOG_LEVEL,
  };
}

/** Names that start like a setting and are none: most likely misspelt. */
export function unknownSettings(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(environment).filter((name) => name.startsWith("STRATA_") && !(name in SETTINGS.shape));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

function origins(text: string): string[] {
  return text
    .split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "");
}

function isOrigin(text: string): boolean {
  return /^https?:\/\/[\w.:[\]-]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
