import { describe, expect, test } from "vitest";
import { readSettings, SettingsError, unknownSettings } from "../src/env.js";

/** The lines of the message for settings that cannot be used, by setting. */
function refusals(environment: NodeJS.ProcessEnv): string[] {
  try {
    readSettings(environment);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const [title, ...lines] = error.message.split("\n");
    expect(title).toBe("Some settings cannot be used:");
    return lines.map((line) => /^ {2}(STRATA_[A-Z_]+): \S/.exec(line)?.[1] ?? line);
  }
  return [];
}

describe("the service's own settings", () => {
  test("need nothing given", () => {
    expect(readSettings({})).toEqual({
      host: "127.0.0.1",
      port: 4_000,
      access: { kind: "open" },
      introspection: true,
      federation: false,
      subscriptionsPerCaller: 10_000,
      subscriptionsPerConnection: 1_000,
      rateLimit: undefined,
      trustProxy: undefined,
      store: {
        kind: "lmdb",
        folder: "./data",
        historyRevisions: 1_000,
        historyBytes: 2 ** 20,
        feedEntries: 1_000_000,
      },
      mergeCache: undefined,
      cacheMebibytes: 192,
      maxStalenessMs: 0,
      schemas: "./schemas",
      watchSchemas: false,
      examples: true,
      corsOrigins: ["https://studio.apollographql.com"],
      logLevel: "info",
      drainDelay: 0,
    });
  });

  test("are taken from the environment", () => {
    const environment = {
      STRATA_HOST: "::1",
      STRATA_PORT: "0",
      STRATA_STORE: "lmdb:/var/lib/strata:1",
      STRATA_HISTORY_REVISIONS: "20",
      STRATA_AUDIT_ENTRIES: "5000",
      STRATA_INTROSPECTION: "off",
      STRATA_FEDERATION: "on",
      STRATA_RATE_LIMIT: "250",
      STRATA_TRUST_PROXY: " 10.0.0.0/8, loopback,2001:db8::1",
      STRATA_CACHE_MIB: "8",
      STRATA_MAX_STALENESS_MS: "250",
      STRATA_SCHEMAS: "/etc/strata schemas",
      STRATA_SCHEMAS_WATCH: "on",
      STRATA_EXAMPLES: "off",
      STRATA_CORS_ORIGINS: " https://a.example ,http://localhost:3000, ",
      STRATA_LOG_LEVEL: "silent",
      STRATA_DRAIN_DELAY: "20",
      STRATA_SUBSCRIPTIONS_PER_CALLER: "50",
      STRATA_SUBSCRIPTIONS_PER_CONNECTION: "20",
      PATH: "/bin",
    };
    expect(readSettings(environment)).toEqual({
      host: "::1",
      port: 0,
      access: { kind: "open" },
      introspection: false,
      federation: true,
      rateLimit: 250,
      subscriptionsPerCaller: 50,
      subscriptionsPerConnection: 20,
      trustProxy: ["10.0.0.0/8", "loopback", "2001:db8::1"],
      store: {
        kind: "lmdb",
        folder: "/var/lib/strata:1",
        historyRevisions: 20,
        historyBytes: 2 ** 20,
        feedEntries: 5_000,
      },
      mergeCache: undefined,
      cacheMebibytes: 8,
      maxStalenessMs: 250,
      schemas: "/etc/strata schemas",
      watchSchemas: true,
      examples: false,
      corsOrigins: ["https://a.example", "http://localhost:3000"],
      logLevel: "silent",
      drainDelay: 20,
    });
  });

  test("of a store in Redis are taken together, and examples stay out of it unless asked for", () => {
    const environment = {
      STRATA_STORE: "rediss://strata:s%3Aecret@redis.example:7000/3",
      STRATA_CELL: "eu-1",
      STRATA_REDIS_UNSAFE: "allow",
      STRATA_REDIS_WAIT_REPLICAS: "2",
      STRATA_STATE: "/var/lib/strata",
      STRATA_MERGE_CACHE: "redis://cache",
    };
    const settings = readSettings(environment);
    expect(settings.store).toEqual({
      kind: "redis",
      historyRevisions: 1_000,
      historyBytes: 2 ** 20,
      feedEntries: 1_000_000,
      target: {
        mode: "single",
        nodes: [{ host: "redis.example", port: 7000 }],
        isEncrypted: true,
        username: "strata",
        password: "s:ecret",
        database: 3,
        primaryName: undefined,
      },
      cell: "eu-1",
      allowUnsafe: true,
      waitReplicas: 2,
      stateFolder: "/var/lib/strata",
    });
    expect(settings.mergeCache).toMatchObject({ nodes: [{ host: "cache", port: 6379 }] });
    expect(settings.examples).toBe(false);
    expect(readSettings({ ...environment, STRATA_EXAMPLES: "on" }).examples).toBe(true);
  });

  test("that are empty count as not given", () => {
    const empty = {
      STRATA_HOST: "",
      STRATA_PORT: "",
      STRATA_STORE: "",
      STRATA_SCHEMAS: "",
      STRATA_EXAMPLES: "",
    };
    expect(readSettings({ ...empty, STRATA_CORS_ORIGINS: "", STRATA_LOG_LEVEL: "" })).toEqual(
      readSettings({}),
    );
  });

  test.each(["127.0.0.1", "127.8.9.1", "localhost", "::1"])("host %s is taken", (host) => {
    expect(refusals({ STRATA_HOST: host })).toEqual([]);
  });

  test.each([
    "0.0.0.0",
    "::",
    "*",
    "192.168.0.1",
    "example.org",
    "127.0.0.1.example.org",
    "127.0.0",
    "::ffff:127.0.0.1",
    "localhost.example.org",
    " 127.0.0.1",
  ])("host %j is taken only with tokens", (host) => {
    expect(refusals({ STRATA_HOST: host })).toEqual(["STRATA_HOST"]);
    expect(refusals({ STRATA_HOST: host, STRATA_JWT_JWKS: "./jwks.json" })).toEqual([]);
  });

  test("of tokens are a secret or a key set, and close the API's own description", () => {
    const secret = "s".repeat(32);
    const environment = {
      STRATA_JWT_SECRET: secret,
      STRATA_JWT_ISSUER: "https://id.example",
      STRATA_JWT_AUDIENCE: "strata",
      STRATA_JWT_MAX_AGE: "90m",
    };
    expect(readSettings(environment)).toMatchObject({
      access: {
        kind: "token",
        secret,
        keySet: undefined,
        issuer: "https://id.example",
        audience: "strata",
        maxAge: 5_400,
      },
      introspection: false,
    });
    const open = readSettings({ STRATA_JWT_JWKS: "https://id.example/jwks", STRATA_INTROSPECTION: "on" });
    expect(open).toMatchObject({
      access: { secret: undefined, keySet: "https://id.example/jwks", maxAge: 86_400 },
      introspection: true,
    });
    expect(refusals({ ...environment, STRATA_JWT_JWKS: "x" })).toEqual(["STRATA_JWT_JWKS"]);
  });

  test.each(["65536", "-1", "4000.5", "0x10", "http", " 1", "1e3", "000000"])(
    "port %j is refused",
    (port) => {
      expect(refusals({ STRATA_PORT: port })).toEqual(["STRATA_PORT"]);
    },
  );

  test.each([
    "lmdb:",
    "./data",
    "LMDB:./data",
    "redis:localhost",
    "redis://",
    "redis+sentinel://localhost",
    "redis+cluster://localhost/1",
    "redis+other://localhost",
    "http://localhost",
  ])("store %j is refused", (store) => {
    expect(refusals({ STRATA_STORE: store })).toEqual(["STRATA_STORE"]);
  });

  test.each([
    ["STRATA_CELL", "a{b}"],
    ["STRATA_CELL", "a:b"],
    ["STRATA_CELL", "*"],
    ["STRATA_CELL", "x".repeat(65)],
    ["STRATA_MERGE_CACHE", "lmdb:./data"],
    ["STRATA_MERGE_CACHE", "localhost"],
    ["STRATA_MAX_STALENESS_MS", "-1"],
    ["STRATA_MAX_STALENESS_MS", "1.5"],
    ["STRATA_MAX_STALENESS_MS", "60001"],
    ["STRATA_CACHE_MIB", "7"],
    ["STRATA_REDIS_UNSAFE", "yes"],
    ["STRATA_JWT_SECRET", "x".repeat(31)],
    ["STRATA_JWT_SECRET", ""],
    ["STRATA_JWT_JWKS", ""],
    ["STRATA_JWT_ISSUER", "https://id.example"],
    ["STRATA_JWT_AUDIENCE", "strata"],
    ["STRATA_JWT_MAX_AGE", "24"],
    ["STRATA_JWT_MAX_AGE", "0h"],
    ["STRATA_JWT_MAX_AGE", "1.5h"],
    ["STRATA_INTROSPECTION", "yes"],
    ["STRATA_FEDERATION", "true"],
    ["STRATA_RATE_LIMIT", "0"],
    ["STRATA_RATE_LIMIT", "1.5"],
    ["STRATA_REDIS_WAIT_REPLICAS", "one"],
    ["STRATA_DRAIN_DELAY", "-1"],
    ["STRATA_DRAIN_DELAY", "1.5"],
    ["STRATA_DRAIN_DELAY", "3601"],
    ["STRATA_DRAIN_DELAY", "5s"],
    ["STRATA_TRUST_PROXY", "on"],
    ["STRATA_TRUST_PROXY", "true"],
    ["STRATA_TRUST_PROXY", "0"],
    ["STRATA_TRUST_PROXY", "100"],
    ["STRATA_TRUST_PROXY", ","],
    ["STRATA_TRUST_PROXY", "*"],
    ["STRATA_TRUST_PROXY", "10.1"],
    ["STRATA_TRUST_PROXY", "0.0.0.0/0"],
    ["STRATA_TRUST_PROXY", "10.0.0.0/33"],
    ["STRATA_TRUST_PROXY", "10.0.0.1,proxy.example"],
  ])("%s %j is refused", (name, value) => {
    expect(refusals({ [name]: value })).toEqual([name]);
  });

  test.each([
    "*",
    "a.example",
    "https://a.example/",
    "https://a.example/x",
    "null",
    "https://a.example;",
    "file:///x",
  ])("origin %j is refused", (origin) => {
    expect(refusals({ STRATA_CORS_ORIGINS: `https://b.example,${origin}` })).toEqual(["STRATA_CORS_ORIGINS"]);
  });

  test("everything wrong is told at once, without the values", () => {
    const wrong = {
      STRATA_HOST: "hunter2",
      STRATA_PORT: "hunter2",
      STRATA_STORE: "redis://hunter2:hunter2@hunter2/hunter2",
      STRATA_MERGE_CACHE: "redis://:hunter2@",
      STRATA_EXAMPLES: "hunter2",
      STRATA_CORS_ORIGINS: "hunter2",
      STRATA_LOG_LEVEL: "hunter2",
    };
    expect(refusals(wrong)).toEqual(Object.keys(wrong));
    expect(() => readSettings(wrong)).not.toThrow("hunter2");
  });

  test("that are misspelt are found", () => {
    const environment = { STRATA_PORT: "1", STRATA_PROT: "1", strata_host: "x", HOME: "/" };
    expect(unknownSettings(environment)).toEqual(["STRATA_PROT"]);
  });
});
