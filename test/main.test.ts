import { writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { startServer } from "../src/start-server.js";
import { originOf, spawnStrata } from "./archive/strata-process.js";
import { startFairClock } from "./fair-time.js";
import { until } from "./redis/until.js";
import { ChangingFolder } from "./reload/reloaded-app.js";
import { temporaryFolder } from "./temporary-folder.js";

const SCHEMAS = new URL("../schemas", import.meta.url).pathname;

/** The settings of a server on any free port, with a store of its own unless another one is named. */
function environment(settings: Record<string, string>): Record<string, string> {
  return { STRATA_PORT: "0", STRATA_SCHEMAS: SCHEMAS, STRATA_STORE: newStore(), ...settings };
}

const newStore = () => `lmdb:${join(temporaryFolder(), "data")}`;

/** The service as its users start it. */
function start(settings: Record<string, string> = {}) {
  const { child, ended } = spawnStrata([], environment(settings));
  const origin = originOf(child);
  origin.catch(() => "said by whoever waits for it");
  return { origin, ended, terminate: (signal: NodeJS.Signals = "SIGTERM") => child.kill(signal) };
}

/** The same server without a process of its own, for what needs none. */
async function startHere(settings: Record<string, string>): Promise<FastifyInstance> {
  return startServer(environment({ STRATA_LOG_LEVEL: "silent", ...settings }));
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
  test("listens, answers, and ends on SIGTERM with 0; the next one has the store, and warns of a name that is no setting", async () => {
    const folder = join(temporaryFolder(), "not", "yet", "there");
    const first = start({ STRATA_STORE: `lmdb:${folder}` });
    const origin = await first.origin;
    expect(await ask(origin, PIN_TIMEOUT)).toEqual({
      status: 200,
      body: { data: { config: { value: 3_000 } } },
    });
    await ask(
      origin,
      `mutation { patchConfig(input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: 1 } }) { __typename } }`,
    );
    first.terminate();
    const { code, output, errors } = await first.ended;
    expect([code, errors]).toEqual([0, ""]);
    const lines = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ msg }) => msg)).toEqual([
      "schemas loaded",
      "store opened",
      "the store was empty: examples loaded",
      "no tokens are asked for: everybody who reaches this address may do everything",
      expect.stringMatching(/^listening at http:\/\/127\.0\.0\.1:\d+$/),
      "request",
      "request",
      "closing: no new connections, finishing what was sent",
      "closed",
    ]);

    const second = start({ STRATA_STORE: `lmdb:${folder}`, STRATA_PROT: "1" });
    expect(await ask(await second.origin, PIN_TIMEOUT)).toMatchObject({
      body: { data: { config: { value: 1 } } },
    });
    second.terminate("SIGINT");
    const { code: interrupted, output: warned } = await second.ended;
    expect(interrupted).toBe(0);
    expect(warned).toContain('"name":"STRATA_PROT","msg":"not a setting: is it misspelt?"');
  });

  test("an example that was deleted does not come back", async () => {
    const STRATA_STORE = newStore();
    const accounts = "{ accounts { totalCount nodes { id } } }";
    const first = await startHere({ STRATA_STORE });
    const nodes = async ({ listeningOrigin }: FastifyInstance) =>
      JSON.stringify(await ask(listeningOrigin, accounts));
    const before = await nodes(first);
    // The one that is made last.
    const gone = `mutation { deleteAccount(input: { id: "oceanic" }) { deletedAccountId } }`;
    await ask(first.listeningOrigin, gone);
    const after = await nodes(first);
    expect(after).not.toBe(before);
    await first.close();
    const second = await startHere({ STRATA_STORE });
    expect(await nodes(second)).toBe(after);
    await second.close();
  });
});

test("SIGHUP loads the schema folder again, and ends nothing", async () => {
  const withDefault = (value: number) => ({ type: "object", properties: { a: { default: value } } });
  const folder = new ChangingFolder({ "account_config.x": withDefault(1) });
  const strata = start({ STRATA_SCHEMAS: folder.path, STRATA_EXAMPLES: "off" });
  const origin = await strata.origin;
  const defaults = async () => JSON.stringify(await ask(origin, "{ configSchemas { defaults } }"));
  expect(await defaults()).toContain('{"a":1}');
  folder.write({ "account_config.x": withDefault(2) });
  strata.terminate("SIGHUP");
  await until("the new default is told", async () => (await defaults()).includes('{"a":2}'), 30_000);
  folder.write({ "account_config.x": "{" });
  strata.terminate("SIGHUP");
  const metrics = async () => (await fetch(`${origin}/metrics`)).text();
  const isRefused = async () => (await metrics()).includes("strata_schema_last_reload_successful 0");
  await until("the broken file is refused", isRefused, 30_000);
  expect(await defaults()).toContain('{"a":2}');
  strata.terminate();
  const { code, output } = await strata.ended;
  expect(code).toBe(0);
  expect(output).toContain('"changed":["x"]');
  expect(output).toMatch(/"reason":"[^"]*account_config\.x\.json: /);
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
    const origin = await strata.origin;
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
    const elapsed = startFairClock();
    strata.terminate();
    const { status, body } = await running;
    expect(status).toBe(200);
    expect(body).toHaveProperty(`data.w${WRITES - 1}.revision`);
    expect(body).not.toHaveProperty("errors");
    uploading.finish();
    expect(await uploading.status).toBe(200);
    expect((await strata.ended).code).toBe(0);
    expect(elapsed()).toBeLessThan(8_000);
    await expect(fetch(`${origin}/health/live`)).rejects.toThrow();
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

describe("a start that cannot be", () => {
  /** The message of a start that failed, after which nothing is left open. */
  async function refusal(settings: Record<string, string>): Promise<string> {
    const started = startHere(settings);
    started.then((app) => app.close()).catch(() => "expected");
    const error = await started.then(
      () => undefined,
      (refused: Error) => refused,
    );
    expect(error).toBeInstanceOf(Error);
    return error?.message ?? "";
  }

  test("is told on standard error, without a stack, with exit code 1: each setting that is wrong is named", async () => {
    const wrong = { STRATA_HOST: "0.0.0.0", STRATA_PORT: "x", STRATA_STORE: "x", STRATA_LOG_LEVEL: "x" };
    const { code, output, errors } = await start(wrong).ended;
    expect([code, output]).toEqual([1, ""]);
    for (const name of Object.keys(wrong)) expect(errors).toContain(`\n  ${name}: `);
  });

  test("because another process has the port or the store names it, and that one goes on", async () => {
    const STRATA_STORE = newStore();
    const origin = await start({ STRATA_STORE }).origin;
    const { port } = new URL(origin);
    const free = newStore();
    expect(await refusal({ STRATA_PORT: port, STRATA_STORE: free })).toBe(
      `Port ${port} of 127.0.0.1 is in use. Set STRATA_PORT to another one, or to 0 for any that is free.`,
    );
    // The refused start has closed its store.
    await (await startHere({ STRATA_STORE: free })).close();
    const { code, output, errors } = await start({ STRATA_STORE }).ended;
    expect([code, errors.trim().split("\n")]).toEqual([
      1,
      [expect.stringContaining(STRATA_STORE.slice("lmdb:".length))],
    ]);
    expect(output).not.toContain("listening");
    expect((await ask(origin, PIN_TIMEOUT)).status).toBe(200);
  });

  test("because the schema folder is not there, or empty, says so", async () => {
    expect(await refusal({ STRATA_SCHEMAS: "/nowhere" })).toMatch(
      /^The schema folder \/nowhere cannot be read/,
    );
    const folder = temporaryFolder();
    expect(await refusal({ STRATA_SCHEMAS: folder })).toMatch(
      new RegExp(`^The schema folder ${folder} holds no`),
    );
  });

  test("because the store's folder is a file, or below one, says so", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    for (const folder of [file, join(file, "below")]) {
      expect(await refusal({ STRATA_STORE: `lmdb:${folder}` })).toContain(
        `The store folder ${folder} cannot be used`,
      );
    }
  });
});
