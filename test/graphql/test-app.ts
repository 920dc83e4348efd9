import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { type AppTimes, createApp } from "../../src/app.js";
import type { Settings } from "../../src/settings.js";
import { SHIPPED_SCHEMAS } from "../service/services.js";
import { FAST_DISK, testStoreSettings } from "../store/test-store.js";
import { GraphqlClient } from "./graphql-client.js";

/** What the tests leave as it is by default. */
export const OTHER_SETTINGS = {
  access: { kind: "open" } as Settings["access"],
  introspection: true,
  federation: false,
  trustedDocuments: undefined,
  rateLimit: undefined as number | undefined,
  subscriptionsPerCaller: 1_000,
  subscriptionsPerConnection: 100,
  trustProxy: undefined as Settings["trustProxy"],
  mergeCache: undefined,
  maxStalenessMs: 0,
  cacheMebibytes: 64,
  watchSchemas: false,
};

type SchemaFiles = Readonly<Record<string, unknown>>;

/** The whole service on a real store of its own, asked through its front door. */
export class TestApp {
  readonly client: GraphqlClient;

  private constructor(
    readonly app: FastifyInstance,
    /** Every line logged so far, unless a test throws them away. */
    readonly log: string[],
    private readonly folder: string,
  ) {
    this.client = new GraphqlClient(app);
  }

  /** @param schemas files by name without `.json`; absent: the shipped ones, and the examples filled in */
  static async open(
    schemas?: SchemaFiles,
    given: Partial<Settings> = {},
    times?: AppTimes,
  ): Promise<TestApp> {
    const folder = mkdtempSync(join(FAST_DISK ?? tmpdir(), "strata-app-"));
    const log: string[] = [];
    const logger = pino({ level: "debug", base: null }, { write: (line: string) => log.push(line) });
    const settings = {
      ...OTHER_SETTINGS,
      store: testStoreSettings(join(folder, `${basename(folder)}-data`)),
      schemas: schemas === undefined ? SHIPPED_SCHEMAS : writeSchemas(join(folder, "schemas"), schemas),
      examples: true,
      corsOrigins: ["https://studio.apollographql.com", "https://app.example"],
      ...given,
    };
    const app = await createApp(settings, logger, times);
    await app.ready();
    return new TestApp(app, log, folder);
  }

  /** One that closes with the test. */
  static async forTest(schemas?: SchemaFiles, given: Partial<Settings> = {}): Promise<TestApp> {
    const opened = await TestApp.open(schemas, given);
    onTestFinished(() => opened.close());
    return opened;
  }

  async close(): Promise<void> {
    await this.app.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function writeSchemas(folder: string, schemas: SchemaFiles): string {
  mkdirSync(folder);
  for (const [name, schema] of Object.entries(schemas)) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(schema));
  }
  return folder;
}
