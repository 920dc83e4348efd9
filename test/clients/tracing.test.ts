import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = new URL("../../", import.meta.url).pathname;
const TRACING = new URL("docs/tracing.mjs", import.meta.url);

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}
interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly unknown[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

/** What the collector was sent. */
const received: string[] = [];
const exported = () => received.flatMap((body) => (JSON.parse(body) as Exported).resourceSpans);
const spansOf = (traceId: string): Span[] =>
  exported()
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .filter((span) => span.traceId === traceId);

const collector = createServer(async (request, response) => {
  const body = await text(request);
  if (request.url === "/v1/traces") received.push(body);
  response.setHeader("content-type", "application/json").end("{}");
});

let strata: ChildProcess;
let origin = "";
const folder = mkdtempSync(join(tmpdir(), "strata-traced-"));
beforeAll(async () => {
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  strata = spawn(process.execPath, [join(ROOT, "dist/cli.js"), "start"], {
    env: {
      PATH: process.env.PATH,
      NODE_OPTIONS: `--import ${TRACING}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      STRATA_PORT: "0",
      STRATA_STORE: `lmdb:${folder}`,
      STRATA_SCHEMAS: join(ROOT, "schemas"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  origin = await new Promise<string>((resolve, reject) => {
    let said = "";
    const hear = (part: Buffer): void => {
      said += part;
      const [, found] = /listening at (http:[^"]+)"/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    };
    strata.stdout?.on("data", hear);
    strata.stderr?.on("data", hear);
    strata.once("close", () => reject(new Error(`it ended before it listened: ${said}`)));
  });
});
afterAll(async () => {
  strata.kill("SIGKILL");
  collector.close();
  rmSync(folder, { recursive: true, force: true });
});

const PARENT = "00f067aa0ba902b7";

async function ask(traceId: string, query: string, variables = {}): Promise<void> {
  const response = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", traceparent: `00-${traceId}-${PARENT}-01` },
    body: JSON.stringify({ query, variables }),
  });
  expect(await response.json()).not.toHaveProperty("errors");
}

const READ = `{ config(accountId: "acme", configId: "conferences") { etag values } }`;
const WRITE = "mutation ($input: PatchConfigInput!) { patchConfig(input: $input) { __typename } }";

/** `name < name of its parent`. */
function shapeOf(spans: readonly Span[]): string[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans.map(({ name, parentSpanId = "" }) => `${name} < ${names.get(parentSpanId) ?? parentSpanId}`);
}

test("an SDK that is loaded before the server sends its spans to a collector, in the trace of the caller, without values", async () => {
  const [read, write] = ["4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4737"];
  await ask(read, READ);
  const input = {
    accountId: "acme",
    configId: "conferences",
    patch: { pin_timeout: 43_210 },
    note: "canary-7c1",
  };
  await ask(write, WRITE, { input });
  await expect.poll(() => spansOf(write).length, { timeout: 20_000 }).toBeGreaterThan(3);
  const shape = shapeOf(spansOf(read));
  expect(shape).toContain(`POST /graphql < ${PARENT}`);
  expect(shape).toContain("graphql.prepare < POST /graphql");
  expect(shape).toContain("graphql.execute < POST /graphql");
  expect(shape.some((one) => /^store \w+ < graphql\.execute$/.test(one))).toBe(true);
  expect(shapeOf(spansOf(write)).some((one) => one.startsWith("commit < "))).toBe(true);
  for (const { resource } of exported())
    expect(resource.attributes).toContainEqual({ key: "service.name", value: { stringValue: "strata" } });
  expect(received.join()).not.toMatch(/canary-7c1|43210/);
});

test("what it has when the server is told to end arrives, and the server ends as without it", async () => {
  const last = "4bf92f3577b34da6a3ce929d0e0e4738";
  await ask(last, READ);
  strata.kill("SIGTERM");
  expect(await once(strata, "close")).toEqual([0, null]);
  expect(shapeOf(spansOf(last))).toContain(`POST /graphql < ${PARENT}`);
});
