import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EventReader } from "../graphql/server/stream/event-reader.js";
import { LiveApp } from "../graphql/server/stream/live-app.js";
import { TestApp } from "../graphql/test-app.js";
import { TOKEN_ACCESS } from "../http/token-access.js";
import { askFlags, tokenFor } from "./ask-flags.js";
import { faultsOf, type Shape } from "./protocol-shapes.js";

let opened: TestApp;
let authorization: string;
beforeAll(async () => {
  opened = await TestApp.open(undefined, { access: TOKEN_ACCESS });
  authorization = `Bearer ${await tokenFor({ account_id: "acme" })}`;
});
afterAll(() => opened.close());

const ask = (path: string, body: unknown = {}, headers: Record<string, string> = { authorization }) =>
  askFlags(opened.app, path, body, headers);

describe("an answer has the protocol's shape", () => {
  test("for all flags, and for each of them alone", async () => {
    const bulk = await ask("");
    expect([bulk.status, faultsOf("bulkEvaluationSuccess", bulk.body)]).toEqual([200, []]);
    expect(bulk.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(bulk.headers.etag).toMatch(/^"[\w-]+"$/);
    const kinds = new Set(bulk.body.flags.map(({ value }: { value: unknown }) => kindOf(value)));
    expect([...kinds].sort()).toEqual(["array", "boolean", "none", "number", "object", "string"]);
    for (const kind of kinds) {
      const { key } = bulk.body.flags.find(({ value }: { value: unknown }) => kindOf(value) === kind);
      const alone = await ask(`/${encodeURIComponent(key)}`);
      expect([alone.status, faultsOf("evaluationSuccess", alone.body)]).toEqual([200, []]);
    }
    const whole = await ask("/conferences");
    expect(faultsOf("evaluationSuccess", whole.body)).toEqual([]);
  });

  test("as it is kept, and compressed as well", async () => {
    const request = {
      method: "POST",
      url: "/ofrep/v1/evaluate/flags",
      headers: { host: "strata.example", "accept-encoding": "gzip", authorization },
    } as const;
    const first = await ask("");
    for (let i = 0; i < 3; i++) {
      const { headers, rawPayload } = await opened.app.inject(request);
      expect(headers["content-encoding"]).toBe("gzip");
      expect(JSON.parse(gunzipSync(rawPayload).toString())).toEqual(first.body);
    }
  });

  test("where nothing has changed: no body at all, and the tag", async () => {
    const { headers } = await ask("");
    const again = await ask("", {}, { authorization, "if-none-match": String(headers.etag) });
    expect([again.status, again.text, again.headers.etag]).toEqual([304, "", headers.etag]);
    expect(again.headers).not.toHaveProperty("content-type");
  });

  test.each<[string, number, string, unknown, Shape]>([
    ["no such setting", 404, "/conferences:nope", {}, "flagNotFound"],
    ["no such config", 404, "/nope", {}, "flagNotFound"],
    ["no JSON", 400, "/conferences:pin_timeout", "{", "evaluationFailure"],
    ["another context", 400, "/conferences:pin_timeout", { context: 5 }, "evaluationFailure"],
    ["another account", 400, "/conferences", { context: { targetingKey: "globex" } }, "evaluationFailure"],
    ["no JSON", 400, "", "{", "bulkEvaluationFailure"],
    ["another account", 400, "", { context: { targetingKey: "globex" } }, "bulkEvaluationFailure"],
    ["no such config", 400, "?configs=nope", {}, "bulkEvaluationFailure"],
  ])("for a refusal: %s, %i", async (_what, expected, path, body, shape) => {
    const answer = await ask(path, body);
    expect([answer.status, faultsOf(shape, answer.body)]).toEqual([expected, []]);
  });

  test.each<[string, number, Record<string, unknown> | undefined]>([
    ["without a token", 401, undefined],
    ["with a token that may not read", 403, { account_id: "acme", scope: "" }],
    ["with a token of no account", 400, { superadmin: true }],
  ])("%s: %i", async (_what, expected, claims) => {
    const headers = claims && { authorization: `Bearer ${await tokenFor(claims)}` };
    for (const [path, shape] of [
      ["", "bulkEvaluationFailure"] as const,
      ["/fax", "evaluationFailure"] as const,
    ]) {
      const answer = await ask(path, {}, headers ?? {});
      expect([answer.status, faultsOf(shape, answer.body)]).toEqual([expected, []]);
    }
  });

  test("for a caller over the limit: 429, and when to come back", async () => {
    const { app } = await TestApp.forTest(undefined, { rateLimit: 1 });
    const body = { context: { targetingKey: "acme" } };
    const local = { host: "127.0.0.1" };
    const answers = await Promise.all([1, 2, 3].map(() => askFlags(app, "", body, local)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(faultsOf("bulkEvaluationFailure", answer.body)).toEqual([]);
      expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    }
  });

  test("for an event", async () => {
    const live = await LiveApp.forTest();
    const reader = await EventReader.open(`${live.origin}/ofrep/v1/event-stream?account=acme&since=nothing`);
    const { event, data = "" } = (await reader.event()) ?? {};
    expect([event, faultsOf("sseEventData", JSON.parse(data))]).toEqual(["message", []]);
  });
});

test("the shapes find what is wrong", () => {
  const good = { key: "a:b", value: 1, reason: "STATIC", metadata: { etag: "x" } };
  expect(faultsOf("evaluationSuccess", good)).toEqual([]);
  for (const bad of [
    { ...good, value: null },
    { ...good, reason: "BECAUSE" },
    { ...good, metadata: { layer: null } },
    { ...good, errorCode: "GENERAL" },
    { value: 1 },
  ])
    expect(faultsOf("evaluationSuccess", bad)).not.toEqual([]);
  expect(faultsOf("bulkEvaluationSuccess", { flags: [good], eventStreams: [{ type: "sse" }] })).not.toEqual(
    [],
  );
});

function kindOf(value: unknown): string {
  if (value === undefined) return "none";
  return Array.isArray(value) ? "array" : typeof value;
}
