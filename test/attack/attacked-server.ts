import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TimeOuts } from "../../src/http/connection-limits.js";
import type { Settings } from "../../src/settings.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import { builtProcess } from "../built-processes.js";
import type { Held, Order, Start } from "./attacked-process.js";
import { CANARIES } from "./canaries.js";
import { type Answer, exchange, type Message, message, type Part } from "./exchange.js";
import { SCHEMAS } from "./schemas.js";

export interface ServerOptions {
  readonly settings?: Partial<Settings>;
  readonly timeOuts?: TimeOuts;
  readonly isFaulty?: boolean;
  /** Files of the schema folder by name; text is written as it is. */
  readonly schemas?: Readonly<Record<string, unknown>>;
}

export const TOKEN_ACCESS = {
  kind: "token",
  secret: CANARIES.jwtSecret,
  keySet: undefined,
  issuer: undefined,
  audience: undefined,
  maxAge: 86_400,
} as const;
export const TRUSTED_ORIGINS = ["https://good.example", "https://studio.apollographql.com"];

/** The whole service, listening, in a process of its own; told and asked over a channel that no attack reaches. */
export class AttackedServer {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
    /** What the process wrote beside its log. */
    readonly output: string[],
  ) {}

  static async start(options: ServerOptions = {}): Promise<AttackedServer> {
    const { settings, timeOuts, isFaulty = false, schemas = SCHEMAS } = options;
    const folder = mkdtempSync(join(tmpdir(), "strata-attack-"));
    const start: Start = {
      settings: {
        access: TOKEN_ACCESS,
        trustedDocuments: undefined,
        introspection: false,
        federation: false,
        rateLimit: undefined,
        subscriptionsPerCaller: 1_000,
        subscriptionsPerConnection: 100,
        trustProxy: undefined,
        mergeCache: parseRedisUrl(`redis://:${CANARIES.redisPassword}@127.0.0.1:1/0`),
        maxStalenessMs: 0,
        cacheMebibytes: 8,
        watchSchemas: false,
        examples: true,
        corsOrigins: TRUSTED_ORIGINS,
        store: { kind: "lmdb", folder: join(folder, "data") },
        schemas: writeSchemas(join(folder, "schemas"), schemas),
        ...settings,
      },
      timeOuts,
      isFaulty,
    };
    const child = fork(
      builtProcess(new URL("./attacked-process.ts", import.meta.url)),
      [JSON.stringify(start)],
      {
        execArgv: ["--expose-gc"],
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      },
    );
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk) => output.push(String(chunk)));
    const { port } = await answerOf<{ port: number }>(child, output);
    return new AttackedServer(port, child, folder, output);
  }

  /** Sends one sound request. */
  ask(request: Message): Promise<Answer> {
    return exchange(this.port, [message(request)], request.method === "HEAD");
  }

  /** Sends bytes as they are. */
  send(parts: readonly Part[], untilClosed = false): Promise<Answer> {
    return exchange(this.port, parts, untilClosed);
  }

  /** The lines logged since this was last asked. */
  lines(): Promise<string[]> {
    return this.#order("lines");
  }

  /** Bytes in use once everything that nobody needs is gone. */
  memory(): Promise<number> {
    return this.#order("memory");
  }

  watch(): Promise<void> {
    return this.#order("watch");
  }

  /** Since `watch`. */
  held(): Promise<Held> {
    return this.#order("held");
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.disconnect();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #order<T>(ask: Order["ask"]): Promise<T> {
    this.child.send({ ask } satisfies Order);
    return (await answerOf<{ answer: T }>(this.child, this.output)).answer;
  }
}

function answerOf<T>(child: ChildProcess, output: readonly string[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`the server has ended: ${output.join("")}`));
    child.once("exit", ended);
    child.once("message", (answer) => {
      child.off("exit", ended);
      resolve(answer as T);
    });
  });
}

function writeSchemas(folder: string, schemas: Readonly<Record<string, unknown>>): string {
  mkdirSync(folder);
  for (const [name, schema] of Object.entries(schemas)) {
    const text = typeof schema === "string" ? schema : JSON.stringify(schema);
    writeFileSync(join(folder, `${name}.json`), text);
  }
  return folder;
}
