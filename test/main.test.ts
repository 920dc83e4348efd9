import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.js";

const MAIN = new URL("../dist/main.js", import.meta.url).pathname;
const SCHEMAS = new URL("../schemas", import.meta.url).pathname;

if (!existsSync(MAIN)) throw new Error("dist/main.js is not there: npm test builds it");

/** The service as its users start it. */
class Strata {
  #output = "";
  #errors = "";
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;

  constructor(settings: Record<string, string>) {
    const environment = {
      PATH: process.env.PATH ?? "",
      STRATA_PORT: "0",
      STRATA_SCHEMAS: SCHEMAS,
      ...settings,
    };
    this.#child = spawn(process.execPath, [MAIN], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.on("data", (text: Buffer) => {
      this.#output += text.toString();
    });
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#errors += text.toString();
    });
    this.#exit = once(this.#child, "close").then(([code]) => code as number | null);
    onTestFinished(() => {
      this.#child.kill("SIGKILL");
    });
  }

  /** Its origin, once it is there. */
  async listening(): Promise<string> {
    for (let waited = 0; waited < 30_000; waited += 20) {
      const origin = /listening at (http:\S+?)"/.exec(this.#output)?.[1];
      if (origin !== undefined) return origin;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`it never listened: ${this.#output}${this.#errors}`);
  }

  terminate(signal: NodeJS.Signals = "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** How it ended, with all it said. */
  async end(): Promise<{ code: number | null; output: string; errors: string }> {
    return { code: await this.#exit, output: this.#output, errors: this.#errors };
  }
}

function start(settings: Record<string, string> = {}): Strata {
  return new Strata({ STRATA_STORE: `lmdb:${join(temporaryFolder(), "data")}`, ...settings });
}

async function ask(origin: string, query: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, body: await response.json() };
}

const PIN_TIMEOUT = `{ config(accountId: "acme", configId: "conferences") { value(at: "/pin_timeout") } }`;

describe("a start", () => {
  test("listens, answers, and ends on SIGTERM with 0; the store is there at the next", async () => {
    const folder = join(temporaryFolder(), "not", "yet", "there");
    const first = start({ STRATA_STORE: `lmdb:${folder}` });
    const origin = await first.listening();
    expect(await ask(origin, PIN_TIMEOUT)).toEqual({
      status: 200,
      body: { data: { config: { value: 3_000 } } },
    });
    await ask(
      origin,
      `mutation { patchConfig(input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: 1 } }) { __typename } }`,
    );
    first.terminate();
    const { code, output, errors } = await first.end();
    expect([code, errors]).toEqual([0, ""]);
    const lines = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ msg }) => msg)).toEqual([
      "schemas loaded",
      "the store was empty: examples loaded",
      "no tokens are asked for: everybody who reaches this address may do everything",
      expect.stringMatching(/^listening at http:\/\/127\.0\.0\.1:\d+$/),
      "request",
      "request",
      "closing: no new connections, finishing what was sent",
      "closed",
    ]);

    const second = start({ STRATA_STORE: `lmdb:${folder}` });
    expect(await ask(await second.listening(), PIN_TIMEOUT)).toMatchObject({
      body: { data: { config: { value: 1 } } },
    });
    second.terminate("SIGINT");
    expect((await second.end()).code).toBe(0);
  });

  test("an example that was deleted does not come back", async () => {
    const folder = temporaryFolder();
    const accounts = "{ accounts { totalCount nodes { id } } }";
    const nodes = async (origin: string) => JSON.stringify(await ask(origin, accounts));
    const first = start({ STRATA_STORE: `lmdb:${folder}` });
    const origin = await first.listening();
    const before = await nodes(origin);
    // The one that is made last.
    await ask(origin, `mutation { deleteAccount(input: { id: "oceanic" }) { deletedAccountId } }`);
    const after = await nodes(origin);
    expect(after).not.toBe(before);
    first.terminate();
    await first.end();
    const second = start({ STRATA_STORE: `lmdb:${folder}` });
    expect(await nodes(await second.listening())).toBe(after);
    second.terminate();
    await second.end();
  });

  test("a name that is no setting is warned of", async () => {
    const strata = start({ STRATA_PROT: "1" });
    await strata.listening();
    strata.terminate();
    expect((await strata.end()).output).toContain(
      '"name":"STRATA_PROT","msg":"not a setting: is it misspelt?"',
    );
  });
});

describe("an end", () => {
  const WRITES = 120;
  const revision = async (origin: string) => {
    const query = `{ config(accountId: "acme", configId: "conferences") { layers { revision } } }`;
    const { body } = (await ask(origin, query)) as {
      body: { data: { config: { layers: { revision: number }[] } } };
    };
    return body.data.config.layers[0]?.revision;
  };

  test("requests that run are finished, and no idle connection keeps it waiting", async () => {
    const strata = start();
    const origin = await strata.listening();
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    await new Promise<void>((resolve, reject) => {
      request(`${origin}/health/live`, { agent }, (response) => response.resume().on("end", resolve))
        .on("error", reject)
        .end();
    });
    const writes = Array.from(
      { length: WRITES },
      (_, i) =>
        `w${i}: patchConfig(input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: ${i} } }) { ... on ConfigWritten { revision } }`,
    );
    const uploading = upload(origin, JSON.stringify({ query: PIN_TIMEOUT }));
    await uploading.begun;
    const running = ask(origin, `mutation { ${writes.join(" ")} }`);
    // Some of the writes are done, and not all of them.
    while (((await revision(origin)) ?? 0) < 5);
    expect(await revision(origin)).toBeLessThan(WRITES);
    const told = performance.now();
    strata.terminate();
    const { status, body } = await running;
    expect(status).toBe(200);
    expect(body).toHaveProperty(`data.w${WRITES - 1}.revision`);
    expect(body).not.toHaveProperty("errors");
    uploading.finish();
    expect(await uploading.status).toBe(200);
    expect((await strata.end()).code).toBe(0);
    expect(performance.now() - told).toBeLessThan(8_000);
    await expect(fetch(`${origin}/health/live`)).rejects.toThrow();
  });

  test("whoever never sends the rest of a request does not keep it for more than 10 seconds", async () => {
    const strata = start();
    const uploading = upload(await strata.listening(), JSON.stringify({ query: PIN_TIMEOUT }));
    await uploading.begun;
    uploading.status.catch(() => undefined);
    const told = performance.now();
    strata.terminate();
    expect((await strata.end()).code).toBe(0);
    expect(performance.now() - told).toBeLessThan(10_000);
  });
});

/** A request of which all but the last byte is sent, until it is finished. */
function upload(
  origin: string,
  body: string,
): { begun: Promise<void>; finish(): void; status: Promise<number> } {
  const headers = { "content-type": "application/json", "content-length": body.length };
  const sent = request(`${origin}/graphql`, { method: "POST", headers });
  const status = new Promise<number>((resolve, reject) => {
    sent.on("response", (response) => response.resume().on("end", () => resolve(response.statusCode ?? 0)));
    sent.on("error", reject);
  });
  const begun = new Promise<void>((resolve) => {
    sent.write(body.slice(0, -1), () => setTimeout(resolve, 100));
  });
  return { begun, status, finish: () => sent.end(body.slice(-1)) };
}

describe("a start that cannot be is told in a line, with exit code 1", () => {
  /** What was said, by a process that ended by itself. */
  async function refusal(settings: Record<string, string>): Promise<string> {
    const { code, errors, output } = await start(settings).end();
    expect(code).toBe(1);
    expect(errors + output).not.toMatch(/^ +at /m);
    expect(errors + output).not.toContain("listening");
    return errors.trim();
  }

  test("the port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(await refusal({ STRATA_PORT: String(port) })).toBe(
      `Port ${port} of 127.0.0.1 is in use. Set STRATA_PORT to another one, or to 0 for any that is free.`,
    );
  });

  test("another process has the store", async () => {
    const folder = join(temporaryFolder(), "data");
    const first = start({ STRATA_STORE: `lmdb:${folder}` });
    const origin = await first.listening();
    const message = await refusal({ STRATA_STORE: `lmdb:${folder}` });
    expect(message).toContain(folder);
    expect(message.split("\n")).toHaveLength(1);
    expect((await ask(origin, PIN_TIMEOUT)).status).toBe(200);
  });

  test("the schema folder is not there", async () => {
    expect(await refusal({ STRATA_SCHEMAS: "/nowhere" })).toMatch(
      /^The schema folder \/nowhere cannot be read/,
    );
  });

  test("the schema folder is empty", async () => {
    const folder = temporaryFolder();
    expect(await refusal({ STRATA_SCHEMAS: folder })).toMatch(
      new RegExp(`^The schema folder ${folder} holds no`),
    );
  });

  test("the store's folder is a file, or below one", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    for (const folder of [file, join(file, "below")]) {
      expect(await refusal({ STRATA_STORE: `lmdb:${folder}` })).toContain(
        `The store folder ${folder} cannot be used`,
      );
    }
  });

  test("settings are wrong: each of them is named", async () => {
    const wrong = { STRATA_HOST: "0.0.0.0", STRATA_PORT: "x", STRATA_STORE: "x", STRATA_LOG_LEVEL: "x" };
    const message = await refusal(wrong);
    for (const name of Object.keys(wrong)) expect(message).toContain(`\n  ${name}: `);
  });
});
