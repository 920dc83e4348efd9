import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { createApp } from "../../src/app.js";
import { SHIPPED_SCHEMAS } from "../service/services.js";
import { GraphqlClient } from "./graphql-client.js";

/** Fast where there is a disk in memory; what is asked here is answers, not durability. */
const DISK = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

type SchemaFiles = Readonly<Record<string, unknown>>;

/** The whole service on a real store of its own, asked through its front door. */
export class TestApp {
  readonly client: GraphqlClient;

  private constructor(
    readonly app: FastifyInstance,
    /** Every line logged so far. */
    readonly log: readonly string[],
    private readonly folder: string,
  ) {
    this.client = new GraphqlClient(app);
  }

  /** @param schemas files by name without `.json`; absent: the shipped ones, and the examples filled in */
  static async open(schemas?: SchemaFiles): Promise<TestApp> {
    const folder = mkdtempSync(join(DISK, "strata-app-"));
    const log: string[] = [];
    const logger = pino({ level: "debug", base: null }, { write: (line: string) => log.push(line) });
    const settings = {
      store: { kind: "lmdb", folder: join(folder, "data") },
      schemas: schemas === undefined ? SHIPPED_SCHEMAS : writeSchemas(join(folder, "schemas"), schemas),
      examples: true,
      corsOrigins: ["https://studio.apollographql.com", "https://app.example"],
    } as const;
    const app = await createApp(settings, logger);
    await app.ready();
    return new TestApp(app, log, folder);
  }

  /** One that closes with the test. */
  static async forTest(schemas?: SchemaFiles): Promise<TestApp> {
    const opened = await TestApp.open(schemas);
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
